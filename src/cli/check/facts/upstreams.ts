import { runtimeCatalogue } from '../../../config/reading/runtime-offers.ts'
import type { Upstream, UpstreamTls } from '../../../config/upstream/types.ts'
import type { CompiledUpstream } from '../../../state/compiled-config.ts'
import { explainSelectionNotice } from '../../../upstream-tls/explain-selection.ts'
import { selectionNotices, versionsOf } from '../../../upstream-tls/selection.ts'

/** Where requests would go, how sure we would be of the way, and what we would say there about the device. */
export function upstreamFacts(upstream: Upstream, shown: CompiledUpstream['identity']): object {
  const { name, protocol, servers, balance, attempts, health, tls, host, identity } = upstream
  return {
    name,
    protocol: protocol.slice(0, -1),
    servers: servers.map(({ name, weight, check }) => ({ name, weight, check })),
    balance,
    attempts,
    health: {
      failures: health.failures,
      ejection_ms: health.ejection,
      longest_ejection_ms: health.longestEjection,
      check: health.check ?? null,
    },
    host,
    tls: tls === undefined ? null : tlsFacts(tls),
    shows: shown?.certificates[0].subject.split('\n').toReversed().join(',') ?? null,
    identity:
      identity === undefined
        ? null
        : {
            format: identity.format,
            fields: identity.fields,
            chain: identity.chain,
            grace: identity.grace,
          },
  }
}

const tlsFacts = (tls: UpstreamTls): object => ({
  preset: tls.preset,
  mode: tls.mode,
  versions: versionsOf(tls.selection),
  suites: tls.selection.suites,
  groups: tls.selection.groups,
  notices: selectionNotices(tls.selection, runtimeCatalogue()).map(explainSelectionNotice),
  strict: tls.strict,
  allow_and_log: tls.allowAndLog,
  sni: tls.sni,
  hostname: tls.hostname ?? null,
  trust: { default: tls.trust.default, custom: tls.trust.custom.map(({ path }) => path) },
  pins: tls.pins,
})
