/** What is served all the same, and what the operator should know (decision 12: never silently dropped). */
import type { Config } from './config.ts'
import { type ReadContext, warn } from './reading/read-context.ts'
import type { RouteRow } from './routes/types.ts'

/** Looks over a configuration that has no fault. */
export function addWarnings(context: ReadContext, config: Config): void {
  warnOfRelays(context, config)
  const rows = config.listeners.flatMap(({ routes }) => routes.rows)
  warnOfStore(context, config)
  warnOfEnforcement(context, config)
  warnOfGrace(context, rows)
  warnOfLegacyOAuth(context, rows)
  warnOfUpstreams(context, config, rows)
  warnOfMetrics(context, config)
}

/** No fault, because a file may be checked, and certificates explained, before there is a store. */
function warnOfStore(context: ReadContext, { store, admin }: Config): void {
  if (store === undefined) {
    const message =
      'found no store, without which `tfe serve` does not start: add store, such as `store: { sqlite: data/tfe.sqlite }`, and create it with `tfe init`'
    warn(context, [], message)
  }
  if (admin !== undefined && store?.kind === 'dangerous-none') {
    warn(context, ['admin'], 'found admin without a store, where it has no effect: remove it')
  }
}

/** S0-05: the product recommends enforcing; so do we. */
function warnOfEnforcement(context: ReadContext, { enforcement }: Config): void {
  if (enforcement === 'required') return
  const message =
    'found enforcement: recording: devices without a fit certificate are written down and admitted; write required when the records look right'
  warn(context, ['enforcement'], message)
}

function warnOfGrace(context: ReadContext, rows: readonly RouteRow[]): void {
  if (!context.text.has(['grace']) || rows.some((row) => row.class === 'renewal')) return
  const message = 'found a grace, which has no effect: no row of class renewal is in force'
  warn(context, ['grace'], message)
}

function warnOfLegacyOAuth(context: ReadContext, rows: readonly RouteRow[]): void {
  if (!context.text.has(['legacyOAuth']) || rows.some((row) => row.class === 'legacy-oauth')) return
  const message =
    'found limits for the legacy OAuth endpoint, which have no effect: no row of class legacy-oauth is in force'
  warn(context, ['legacyOAuth'], message)
}

/** Of several sync ports the store could only close one. */
function warnOfRelays(context: ReadContext, { listeners }: Config): void {
  const [first, ...others] = listeners.filter(({ purpose }) => purpose === 'sync')
  for (const { name } of others) {
    const message = `found a second sync port beside ${first?.name}: closing the sync port closes the first alone`
    warn(context, ['listeners', name, 'purpose'], message)
  }
}

function warnOfUpstreams(
  context: ReadContext,
  { upstreams, listeners }: Config,
  rows: readonly RouteRow[],
): void {
  const relayed = new Set(listeners.flatMap(({ relay }) => relay?.upstream ?? []))
  for (const { name, identity } of upstreams) {
    const served = rows.filter((row) => row.upstream === name)
    if (served.length === 0 && relayed.has(name)) {
      if (identity === undefined) continue
      const message = `found an identity for the upstream ${name}, which has no effect: only octets are relayed there; use relay.proxyProtocol of the listener`
      warn(context, ['upstreams', name, 'identity'], message)
    } else if (served.length === 0) {
      warn(
        context,
        ['upstreams', name],
        `found the upstream ${name}, which has no effect: no row goes there`,
      )
    } else if (identity === undefined && served.some((row) => row.class !== 'open')) {
      const message = `found no identity for the upstream ${name}: devices are judged, and it is not told who they are; add identity if it should be`
      warn(context, ['upstreams', name], message)
    }
  }
}

function warnOfMetrics(context: ReadContext, { metrics }: Config): void {
  if (metrics.address.startsWith('127.') || metrics.address === '::1') return
  const message = `found metrics on ${metrics.address}: they are served without TLS or password to every client that reaches that address; keep devices away from it`
  warn(context, ['metrics', 'address'], message)
}
