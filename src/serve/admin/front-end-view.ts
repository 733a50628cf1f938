/**
 * What the admin API may read of the front end beside which it runs, and ask of it. In the primary: it sees the
 * configuration file and the compiled configuration in force, and calls upstreams with connections of its own.
 */
import type { FrontEndView } from '../../admin/front-end.ts'
import type { Config } from '../../config/config.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import type { Instant } from '../../kernel/types.ts'
import { fileSettings } from '../../state/upstream-tls.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { syncListener } from '../store-sync/read-rules.ts'
import { UpstreamCalls } from './upstream-calls.ts'

/** What is in force now. */
export interface CurrentConfig {
  readonly compiled: CompiledConfig
  /** As the file has it, without what the store says. */
  readonly fileConfig: Config
  /** Of the store; undefined before the first. */
  readonly revision: number | undefined
  readonly builtAt: Instant
}

/** Returns the front end as the admin API sees it. */
export function frontEndView(
  current: () => CurrentConfig,
  upstreamErrors: FrontEndView['upstreamErrors'],
): FrontEndView {
  const calls = new UpstreamCalls(() => current().compiled)
  return {
    upstreamErrors,
    minimums: () => {
      const { minimums, minimumsStated } = current().compiled.config.fleet
      return { versions: minimums, statedByFile: minimumsStated }
    },
    approvalModel: () => {
      const { model, modelStated } = current().compiled.config.approval
      return modelStated ? model : undefined
    },
    trust: () => current().compiled.config.trust,
    policy: () => current().compiled.policy,
    syncListener: () => syncListener(current().compiled.config),
    locked: () => statedKeys(current().compiled),
    snapshot: () => {
      const { revision, builtAt } = current()
      return { revision, builtAt }
    },
    upstreams: () =>
      current().fileConfig.upstreams.map(({ name, servers, tls }) => ({
        name,
        servers: servers.map((one) => one.name),
        tls: tls === undefined ? undefined : { preset: tls.preset, file: fileSettings(tls) },
      })),
    catalogue: runtimeCatalogue,
    testUpstream: (ask) => calls.test(ask),
    scanUpstream: (ask) => calls.scan(ask),
    upstreamFaults: (upstream, used) => calls.faults(upstream, used),
  }
}

/** Keys that the file states, and the portal shows locked (decision 20). */
function statedKeys({ config }: CompiledConfig): readonly string[] {
  return [
    ...(config.enforcementStated ? ['enforcement'] : []),
    ...(config.approval.modelStated ? ['approval.model'] : []),
    ...(config.fleet.minimumsStated ? ['fleet.minimums'] : []),
  ]
}
