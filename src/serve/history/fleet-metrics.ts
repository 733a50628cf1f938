/**
 * Every number that a chart shows, as a metric: as the store said it last. Replicas that share a store say the same, so that
 * they are never added up. Labels come from closed lists, from the configuration, or from administrators.
 */
import { MetricSet } from '../../record/metric-set.ts'
import type { FleetNumbers } from './fleet-numbers.ts'

/** Where a client was met: of the configuration, and a code of a closed list. */
const PLACE = ['listener', 'row', 'code']

export class FleetMetrics {
  readonly #metrics = new MetricSet()
  readonly #readAt = this.#metrics.gauge('tfe_fleet_numbers_timestamp_seconds', {
    help: 'When the store was asked last for the numbers of the charts (Unix time): once a minute while it answers, and up to every 15 minutes where that takes it long.',
  })
  readonly #devices = this.#metrics.gauge('tfe_devices', {
    help: 'Devices in the store.',
  })
  readonly #readiness = this.#metrics.gauge('tfe_devices_by_readiness', {
    help: 'Devices by what they would meet if certificates were required, as the readiness chart has it.',
    labelNames: ['state'],
  })
  readonly #successRatio = this.#metrics.gauge('tfe_authentication_success_ratio', {
    help: 'Of the devices that tried to authenticate or cannot try, how many succeeded, 0 to 1; not a number while none tried.',
  })
  readonly #approval = this.#metrics.gauge('tfe_devices_by_approval', {
    help: 'Devices by approval; `awaiting` are approved and have not connected since.',
    labelNames: ['state'],
  })
  readonly #migration = this.#metrics.gauge('tfe_devices_by_migration', {
    help: 'Devices by how far their migration to port 443 is.',
    labelNames: ['state'],
  })
  readonly #classes = this.#metrics.gauge('tfe_devices_by_class', {
    help: 'Devices by the kind of client; `unknown` where nothing tells it.',
    labelNames: ['class'],
  })
  readonly #expiry = this.#metrics.gauge('tfe_devices_by_expiry', {
    help: 'Devices under a CA that is trusted and not blocked, silent ones too, by the whole days until their last sound certificate expires.',
    labelNames: ['expires'],
  })
  readonly #uncertified = this.#metrics.gauge('tfe_devices_uncertified', {
    help: 'Devices of the inventory that never showed a certificate, known hosts apart.',
  })
  readonly #knownHosts = this.#metrics.gauge('tfe_known_hosts', {
    help: 'Devices that are marked to stay in "No authentication info".',
  })
  readonly #unknownRequests = this.#metrics.gauge('tfe_unknown_device_requests', {
    help: 'Requests of unknown devices in the last 30 days that would be refused if certificates were required.',
    labelNames: PLACE,
  })
  readonly #unknownNamed = this.#metrics.gauge('tfe_unknown_device_requests_named', {
    help: 'Of tfe_unknown_device_requests, those whose client gave itself an id.',
    labelNames: PLACE,
  })
  readonly #named = this.#metrics.gauge('tfe_devices_uncertified_named', {
    help: 'Of tfe_devices_uncertified, those that clients without a certificate said to be in the last 30 days, by where they did so last.',
    labelNames: PLACE,
  })
  readonly #departing = this.#metrics.gauge('tfe_previously_trusted_devices', {
    help: 'Devices that still depend on a previously trusted CA: their last sound certificate is of it, not expired for longer than the grace, and they are not blocked.',
    labelNames: ['setting'],
  })
  readonly #sunset = this.#metrics.gauge('tfe_previously_trusted_sunset_timestamp_seconds', {
    help: 'From when on a previously trusted CA admits no device (Unix time); absent where it has no end.',
    labelNames: ['setting'],
  })

  /** In the text format of Prometheus; without an answer of the store there is no number. */
  text(numbers: FleetNumbers | undefined): Promise<string> {
    if (numbers === undefined) return Promise.resolve('')
    const { at, charts, expiry, previouslyTrusted } = numbers
    const { callers } = charts
    this.#metrics.registry.resetMetrics()
    this.#readAt.set(at / 1000)
    this.#devices.set(charts.devices)
    for (const { state, devices } of charts.readiness) this.#readiness.set({ state }, devices)
    this.#successRatio.set(charts.success_rate ?? Number.NaN)
    for (const [state, devices] of Object.entries(charts.approval)) {
      this.#approval.set({ state }, devices)
    }
    for (const { status, devices } of charts.migration) {
      this.#migration.set({ state: status }, devices)
    }
    for (const one of charts.classes) {
      this.#classes.set({ class: one.class ?? 'unknown' }, one.devices)
    }
    for (const [expires, devices] of Object.entries(expiry)) this.#expiry.set({ expires }, devices)
    this.#uncertified.set(callers.uncertified)
    this.#knownHosts.set(callers.known_hosts)
    for (const [at, one] of callers.requests.entries()) {
      this.#unknownRequests.inc(placeOf(one, at), one.requests)
      this.#unknownNamed.inc(placeOf(one, at), one.named)
    }
    for (const [at, one] of callers.named.entries()) this.#named.inc(placeOf(one, at), one.devices)
    for (const { setting, devices, sunset } of previouslyTrusted) {
      this.#departing.set({ setting }, devices)
      if (sunset !== undefined) this.#sunset.set({ setting }, sunset / 1000)
    }
    return this.#metrics.text()
  }
}

interface Place {
  readonly listener: string | null
  readonly row: string | null
  readonly code: string | null
}

/** Labels are empty for a kind that is not told apart: by the store, or because there are more places than series. */
const placeOf = ({ listener, row, code }: Place, at: number) =>
  at < MAX_PLACES
    ? { listener: listener ?? '', row: row ?? '', code: code ?? '' }
    : { listener: '', row: '', code: '' }

/** The most first: rows that are renamed day by day would make series without end. */
const MAX_PLACES = 200
