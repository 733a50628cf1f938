/** What is served all the same, and what the operator should know (decision 12: never silently dropped). */
import type { Config, RouteRow } from './config.ts'
import { type Desk, warn } from './reading/read-context.ts'

/** Looks over a configuration that has no fault. */
export function warnOfTheWhole(desk: Desk, config: Config): void {
  warnOfRelays(desk, config)
  const rows = config.listeners.flatMap(({ routes }) => routes.rows)
  warnOfStore(desk, config)
  warnOfEnforcement(desk, config)
  warnOfGrace(desk, rows)
  warnOfLegacyOAuth(desk, rows)
  warnOfUpstreams(desk, config, rows)
  warnOfMetrics(desk, config)
}

/** No fault, because a file may be checked, and certificates explained, before there is a store. */
function warnOfStore(desk: Desk, { store, admin }: Config): void {
  if (store === undefined) {
    const message =
      'found no store, without which `tfe serve` does not start: add store, such as `store: { sqlite: data/tfe.sqlite }`, and create it with `tfe init`'
    warn(desk, [], message)
  }
  if (admin !== undefined && store?.kind === 'dangerous-none') {
    warn(desk, ['admin'], 'found admin without a store, where it has no effect: remove it')
  }
}

/** S0-05: the product recommends enforcing; so do we. */
function warnOfEnforcement(desk: Desk, { enforcement }: Config): void {
  if (enforcement === 'required') return
  const message =
    'found enforcement: recording: devices without a fit certificate are written down and admitted; write required when the records look right'
  warn(desk, ['enforcement'], message)
}

function warnOfGrace(desk: Desk, rows: readonly RouteRow[]): void {
  if (!desk.text.has(['grace']) || rows.some((row) => row.class === 'renewal')) return
  const message = 'found a grace, which has no effect: no row of class renewal is in force'
  warn(desk, ['grace'], message)
}

function warnOfLegacyOAuth(desk: Desk, rows: readonly RouteRow[]): void {
  if (!desk.text.has(['legacyOAuth']) || rows.some((row) => row.class === 'legacy-oauth')) return
  const message =
    'found limits for the legacy OAuth endpoint, which have no effect: no row of class legacy-oauth is in force'
  warn(desk, ['legacyOAuth'], message)
}

/** Of several sync ports the store could only close one. */
function warnOfRelays(desk: Desk, { listeners }: Config): void {
  const [first, ...others] = listeners.filter(({ purpose }) => purpose === 'sync')
  for (const { name } of others) {
    const message = `found a second sync port beside ${first?.name}: closing the sync port closes the first alone`
    warn(desk, ['listeners', name, 'purpose'], message)
  }
}

function warnOfUpstreams(
  desk: Desk,
  { upstreams, listeners }: Config,
  rows: readonly RouteRow[],
): void {
  const relayed = new Set(listeners.flatMap(({ relay }) => relay?.upstream ?? []))
  for (const { name, identity } of upstreams) {
    const served = rows.filter((row) => row.upstream === name)
    if (served.length === 0 && relayed.has(name)) {
      if (identity === undefined) continue
      const message = `found an identity for the upstream ${name}, which has no effect: only octets are relayed there; use relay.proxyProtocol of the listener`
      warn(desk, ['upstreams', name, 'identity'], message)
    } else if (served.length === 0) {
      warn(
        desk,
        ['upstreams', name],
        `found the upstream ${name}, which has no effect: no row goes there`,
      )
    } else if (identity === undefined && served.some((row) => row.class !== 'open')) {
      const message = `found no identity for the upstream ${name}: devices are judged, and it is not told who they are; add identity if it should be`
      warn(desk, ['upstreams', name], message)
    }
  }
}

function warnOfMetrics(desk: Desk, { metrics }: Config): void {
  if (metrics.address.startsWith('127.') || metrics.address === '::1') return
  const message = `found metrics on ${metrics.address}: they are served without TLS or password to whoever reaches that address; keep devices away from it`
  warn(desk, ['metrics', 'address'], message)
}
