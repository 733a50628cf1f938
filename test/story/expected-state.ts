/**
 * The simulation's own book-keeping: every number that the admin API can be asked for, worked out from what the
 * simulation did. Nothing in it was ever read from the product.
 */
import type { Agent, Certificate, Device } from './devices.ts'
import type { Place } from './client-kinds.ts'
import {
  initialPolicy,
  caWordOf,
  expectedOutcomeOf,
  settingOf,
  type ExpectedOutcome,
  type PolicyState,
} from './expected-verdicts.ts'

/** A count; the two differ when a program was killed before it could say how far it came. */
export interface Range {
  least: number
  most: number
}

/** What the product has to say of one device. */
export interface ExpectedDevice {
  readonly device: Device
  inventory: string | null
  class: string | null
  product: string | null
  version: string | null
  listener: string | null
  verdict: 'admit' | 'refuse' | null
  code: string | null
  authentication: 'failed' | 'no-info' | 'succeeded'
  approval: 'approved' | 'blocked' | 'unapproved'
  awaiting: boolean
  migration: 'none' | 'pending' | 'success'
  setting: string | null
  notAfter: number | null
  readonly sightings: Range
  /** When it last began a request that was answered. */
  metAt: number
  /** Public keys that it has shown. */
  readonly keys: Set<string>
  /** Certificates that it has shown. */
  readonly certificates: Set<Certificate>
  /** The one that previews judge it by: the last that counted, or the last one where none did. */
  retained: Certificate | undefined
}

/** A request that a device makes. */
export interface PlannedRequest {
  readonly device: Device
  readonly certificate: Certificate | undefined
  readonly place: Place
  readonly agent: Agent
  readonly listener: string
}

/** One that was answered, what it came to, and when. */
interface AnsweredRequest {
  readonly planned: PlannedRequest
  readonly expectedOutcome: ExpectedOutcome
  readonly at: number
}

export class ExpectedState {
  readonly policyState: PolicyState = initialPolicy()
  /** By the device's name: what the inventory or a certificate that was accepted says. */
  readonly entries = new Map<string, ExpectedDevice>()
  /** By key: devices of which only refused certificates were seen, which are no evidence of who they are. */
  readonly #strays = new Map<string, ExpectedDevice>()
  /** Requests that could not be assigned to a device, by listener. */
  readonly unidentified = new Map<string, Range>()
  /** Requests without a certificate to places that ask for one. */
  unknownRefused = 0
  /** What the upstream has to have seen. */
  readonly upstream = { named: zero(), anonymous: zero(), relayed: zero() }
  /** Rows of the audit trail, by action. */
  readonly trail = new Map<string, Range>()
  minimums: readonly { readonly class: string; readonly version: string }[] = []
  #recent: AnsweredRequest[] = []

  /** Every device that the list shows. */
  get all(): readonly ExpectedDevice[] {
    return [...this.entries.values(), ...this.#strays.values()]
  }

  /** What becomes of a request now. */
  expectedOutcome({ device, certificate, place }: PlannedRequest): ExpectedOutcome {
    const approval = this.entries.get(device.name)?.approval ?? 'unapproved'
    return expectedOutcomeOf({ certificate, approval }, place, this.policyState)
  }

  /** A request was answered as it had to be. */
  countAnswered(planned: PlannedRequest, expectedOutcome: ExpectedOutcome, began: number): void {
    // What left no trace cannot be lost, and made again it could: on a port, say, that was closed then and is open now.
    if (expectedOutcome.counts !== 'none')
      this.#recent.push({ planned, expectedOutcome, at: Date.now() })
    if (expectedOutcome.code === 'no-certificate') this.unknownRefused += 1
    const sightings = this.#sightingsOf(planned, expectedOutcome)
    sightings.least += 1
    sightings.most += 1
    if (expectedOutcome.upstream !== 'nothing') {
      this.upstream[expectedOutcome.upstream].least += 1
      this.upstream[expectedOutcome.upstream].most += 1
    }
    if (expectedOutcome.counts !== 'device') return
    this.#note(planned, expectedOutcome)
    this.#entryOf(planned, expectedOutcome).metAt = began
  }

  /** A request that died with the program: it may have been counted, or not. */
  countMaybe(planned: PlannedRequest, expectedOutcome: ExpectedOutcome): void {
    this.#sightingsOf(planned, expectedOutcome).most += 1
    if (expectedOutcome.upstream !== 'nothing') this.upstream[expectedOutcome.upstream].most += 1
  }

  /**
   * The program died: what it had counted since then may be lost with it. The requests are handed back in their order,
   * to be made once more.
   */
  forgetSince(since: number): readonly PlannedRequest[] {
    const doubtful = this.#recent.filter(({ at }) => at >= since)
    this.#recent = []
    for (const { planned, expectedOutcome } of doubtful)
      this.#sightingsOf(planned, expectedOutcome).least -= 1
    return doubtful.map(({ planned }) => planned)
  }

  /** An administrator's change was acknowledged. */
  countAudit(action: string, rows = 1): void {
    if (rows === 0) return
    const range = this.#rowsOf(action)
    range.least += rows
    range.most += rows
  }

  /** The program died under something that leaves a row. */
  countAuditMaybe(action: string): void {
    this.#rowsOf(action).most += 1
  }

  /** What may have been written was. */
  confirmAudit(action: string): void {
    this.#rowsOf(action).least += 1
  }

  /** The inventory says that a device should be there. */
  expects(device: Device, { pending = false } = {}): void {
    const entry = this.#entry(device)
    entry.inventory = device.urn
    entry.class ??= device.facts.kind
    entry.product ??= device.agent.product
    entry.version ??= device.agent.version
    if (pending && entry.migration === 'none') entry.migration = 'pending'
  }

  /** An administrator had it forgotten. */
  forget({ name }: Device): void {
    this.entries.delete(name)
  }

  entry(device: Device): ExpectedDevice {
    const entry = this.entries.get(device.name)
    if (entry === undefined) throw new Error(`the expected state has no ${device.name}`)
    return entry
  }

  #rowsOf(action: string): Range {
    const range = this.trail.get(action) ?? zero()
    this.trail.set(action, range)
    return range
  }

  #sightingsOf(planned: PlannedRequest, expectedOutcome: ExpectedOutcome): Range {
    const { listener } = planned
    switch (expectedOutcome.counts) {
      case 'none':
        return zero()
      case 'device':
        return this.#entryOf(planned, expectedOutcome).sightings
      case 'unidentified': {
        const range = this.unidentified.get(listener) ?? zero()
        this.unidentified.set(listener, range)
        return range
      }
    }
  }

  /**
   * The device that a request is written down for. A key that leads to one leads there again; a new one leads to the device
   * that its certificate names, if it was accepted. What such a key was before then is that device from now on.
   */
  #entryOf({ device, certificate }: PlannedRequest, { code }: ExpectedOutcome): ExpectedDevice {
    const known = this.entries.get(device.name)
    if (certificate === undefined || known?.keys.has(certificate.key)) return this.#entry(device)
    const { key } = certificate
    const stray = this.#strays.get(key)
    if (caWordOf(code) !== 'accepted') {
      const entry = stray ?? blankEntry(device)
      this.#strays.set(key, entry)
      return entry
    }
    if (stray === undefined) return this.#entry(device)
    this.#strays.delete(key)
    if (known === undefined) {
      this.entries.set(device.name, stray)
      return stray
    }
    known.sightings.least += stray.sightings.least
    known.sightings.most += stray.sightings.most
    known.keys.add(key)
    for (const one of stray.certificates) known.certificates.add(one)
    return known
  }

  #note(planned: PlannedRequest, expectedOutcome: ExpectedOutcome): void {
    const { device, certificate, agent, place, listener } = planned
    const entry = this.#entryOf(planned, expectedOutcome)
    const { status, code, isFit, isSound } = expectedOutcome
    entry.listener = listener
    entry.code = code
    // What it meets, or would meet if certificates were required.
    entry.verdict = isFit ? 'admit' : 'refuse'
    entry.authentication = isFit ? 'succeeded' : 'failed'
    entry.awaiting = false
    // Neither a connection that ends before it asks for anything nor the sync port says anything of the agent.
    if (status !== 0 && place.asks !== 'relay') {
      const { told, toldOnApps = told } = device.facts
      entry.class = (place.ofApps === true ? toldOnApps : told) ?? entry.class
      entry.product = agent.product
      entry.version = agent.version ?? entry.version
    }
    if (certificate === undefined) return
    if (place.asks === 'relay' && isSound) entry.migration = 'pending'
    else if (isFit && entry.migration === 'pending') entry.migration = 'success'
    entry.keys.add(certificate.key)
    entry.certificates.add(certificate)
    if (entry.setting === null) entry.retained = certificate
    if (!isSound || caWordOf(code) === 'refused') return
    entry.retained = certificate
    entry.setting = settingOf(certificate)
    entry.notAfter = certificate.notAfter
  }

  #entry(device: Device): ExpectedDevice {
    const known = this.entries.get(device.name)
    if (known !== undefined) return known
    const entry = blankEntry(device)
    this.entries.set(device.name, entry)
    return entry
  }
}

const blankEntry = (device: Device): ExpectedDevice => ({
  device,
  inventory: null,
  class: null,
  product: null,
  version: null,
  listener: null,
  verdict: null,
  code: null,
  authentication: 'no-info',
  approval: 'unapproved',
  awaiting: false,
  migration: 'none',
  setting: null,
  notAfter: null,
  sightings: zero(),
  metAt: 0,
  keys: new Set(),
  certificates: new Set(),
  retained: undefined,
})

const zero = (): Range => ({ least: 0, most: 0 })
