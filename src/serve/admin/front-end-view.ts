/**
 * What the admin API may know of the front end that it stands beside, and ask of it. In the primary: it sees the
 * configuration and the world in force, and calls upstreams with connections of its own.
 */
import type { Serving } from '../../admin/front-end.ts'
import type { Config } from '../../config/config.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import type { Instant } from '../../kernel/types.ts'
import { fileWords } from '../../state/outgoing.ts'
import type { World } from '../../state/world.ts'
import { syncListener } from '../store-sync/read-rules.ts'
import { UpstreamCalls } from './upstream-calls.ts'

/** What is in force now. */
export interface InForce {
  readonly world: World
  /** As the file has it, without what the store says. */
  readonly written: Config
  /** Of the store; undefined before the first. */
  readonly revision: number | undefined
  readonly builtAt: Instant
}

/** The front end as the office sees it. */
export function officeView(
  inForce: () => InForce,
  upstreamErrors: Serving['upstreamErrors'],
): Serving {
  const calls = new UpstreamCalls(() => inForce().world)
  return {
    upstreamErrors,
    minimums: () => {
      const { minimums, minimumsStated } = inForce().world.config.fleet
      return { versions: minimums, statedByFile: minimumsStated }
    },
    approvalModel: () => {
      const { model, modelStated } = inForce().world.config.approval
      return modelStated ? model : undefined
    },
    trust: () => inForce().world.config.trust,
    policy: () => inForce().world.policy,
    syncListener: () => syncListener(inForce().world.config),
    locked: () => lockedIn(inForce().world),
    snapshot: () => {
      const { revision, builtAt } = inForce()
      return { revision, builtAt }
    },
    upstreams: () =>
      inForce().written.upstreams.map(({ name, servers, tls }) => ({
        name,
        servers: servers.map((one) => one.name),
        tls: tls === undefined ? undefined : { preset: tls.preset, file: fileWords(tls) },
      })),
    catalogue: runtimeCatalogue,
    testUpstream: (ask) => calls.test(ask),
    scanUpstream: (ask) => calls.scan(ask),
    upstreamFaults: (upstream, used) => calls.faults(upstream, used),
  }
}

/** Keys that the file states, and the portal shows locked (decision 20). */
function lockedIn({ config }: World): readonly string[] {
  return [
    ...(config.enforcementStated ? ['enforcement'] : []),
    ...(config.approval.modelStated ? ['approval.model'] : []),
    ...(config.fleet.minimumsStated ? ['fleet.minimums'] : []),
  ]
}
