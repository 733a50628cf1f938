/** What is served all the same, and what the operator should know (decision 12: never silently dropped). */
import type { RouteClass } from '../decide/policy.ts'
import { isLoopback } from '../kernel/network.ts'
import type { Config } from './config.ts'
import type { DeepPartial, Place } from './reading/place.ts'
import type { ConfigDocument } from './schema.ts'
import type { RouteRow } from './routes/types.ts'

type Root = Place<DeepPartial<ConfigDocument>>

/** Looks over a configuration that has no fault. */
export function addWarnings(root: Root, config: Config): void {
  warnOfRelays(root, config)
  const rows = config.listeners.flatMap(({ routes }) => routes.rows)
  warnOfStore(root, config)
  warnOfEnforcement(root, config)
  warnOfApproval(root, config)
  warnOfRoutes(root, rows)
  warnOfUpstreams(root, config, rows)
  warnOfMetrics(root, config)
}

/** No fault, because a file may be checked, and certificates explained, before there is a store. */
function warnOfStore(root: Root, { store, admin }: Config): void {
  if (store === undefined) {
    const message =
      'found no store, without which `tfe serve` does not start: add store, such as `store: { sqlite: data/tfe.sqlite }`, and create it with `tfe init`'
    root.warn(message)
  }
  if (admin !== undefined && store?.kind === 'dangerous-none') {
    root.at('admin').warn('found admin without a store, where it has no effect: remove it')
  }
}

/** S0-05: the product recommends enforcing; so do we. */
function warnOfEnforcement(root: Root, { enforcement }: Config): void {
  if (enforcement === 'required') return
  const message =
    'found enforcement: recording: unless the store requires certificates for good, devices without a fit certificate are written down and admitted; require certificates when the records look right'
  root.at('enforcement').warn(message)
}

/** Settings that count on rows of one class alone. */
function warnOfRoutes(root: Root, rows: readonly RouteRow[]): void {
  const isServed = (kind: RouteClass): boolean => rows.some((row) => row.class === kind)
  if (root.at('grace').isStated && !isServed('renewal')) {
    const message = 'found a grace, which has no effect: no row of class renewal is in force'
    root.at('grace').warn(message)
  }
  if (root.at('legacyOAuth').isStated && !isServed('legacy-oauth')) {
    const message =
      'found limits for the legacy OAuth endpoint, which have no effect: no row of class legacy-oauth is in force'
    root.at('legacyOAuth').warn(message)
  }
}

/** Of several sync ports the store could only close one. */
function warnOfRelays(root: Root, { listeners }: Config): void {
  const [first, ...others] = listeners.filter(({ purpose }) => purpose === 'sync')
  for (const { name } of others) {
    const message = `found a second sync port beside ${first?.name}: closing the sync port closes the first alone`
    root.at('listeners').at(name).at('purpose').warn(message)
  }
}

function warnOfUpstreams(
  root: Root,
  { upstreams, listeners }: Config,
  rows: readonly RouteRow[],
): void {
  const relayed = new Set(listeners.flatMap(({ relay }) => relay?.upstream ?? []))
  for (const { name, identity } of upstreams) {
    const place = root.at('upstreams').at(name)
    const served = rows.filter((row) => row.upstream === name)
    if (served.length === 0 && relayed.has(name)) {
      if (identity === undefined) continue
      const message = `found an identity for the upstream ${name}, which has no effect: only octets are relayed there; use relay.proxyProtocol of the listener`
      place.at('identity').warn(message)
    } else if (served.length === 0) {
      place.warn(`found the upstream ${name}, which has no effect: no row goes there`)
    } else if (identity === undefined && served.some((row) => row.class !== 'open')) {
      const message = `found no identity for the upstream ${name}: devices are judged, and it is not told who they are; add identity if it should be`
      place.warn(message)
    }
  }
}

function warnOfMetrics(root: Root, { metrics }: Config): void {
  if (isLoopback(metrics.address) || metrics.allow !== undefined) return
  const message = `found metrics on ${metrics.address}: they are served without TLS or password to every client that reaches that address; keep devices away from it, or name in allow who may call`
  root.at('metrics').at('address').warn(message)
}

/** What bears no mark counts as outside, where approval asks for that. */
function warnOfApproval(root: Root, { approval, listeners }: Config): void {
  const { model, modelStated, internalNetworks } = approval
  const place = root.at('approval')
  if (model === 'manual' || model === 'manual-external') {
    const unmarked = listeners.filter(({ exposure }) => exposure === undefined)
    if (unmarked.length === 0 || internalNetworks.length > 0) return
    const names = unmarked.map(({ name }) => name).join(', ')
    const message = `found the model ${model}, and neither exposure on ${names} nor internalNetworks: every device counts there as one from outside; mark each listener, or name the networks that are inside`
    return place.warn(message)
  }
  if (!modelStated) return
  for (const key of ['internalNetworks', 'externalNetworks'] as const) {
    if (!place.at(key).isStated) continue
    const message = `found ${key} with the model ${model}, where they have no effect: remove them, or write model: manual or manual-external`
    place.at(key).warn(message)
  }
}
