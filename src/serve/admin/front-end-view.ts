/**
 * What the admin API may read of the front end beside which it runs, and ask of it. In the primary: it sees the
 * configuration file and the compiled configuration in force, and calls upstreams with connections of its own.
 */
import type { FrontEndView, ReloadReport } from '../../admin/front-end.ts'
import type { LoadedConfig } from '../../config/config.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import { oauthRows } from '../../fleet/oauth-rows.ts'
import type { Fault, Result } from '../../kernel/types.ts'
import { fileSettings } from '../../state/upstream-tls.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import type { ReloadCoordinator } from '../reload/coordinator.ts'
import { installationOf } from '../store-sync/departing-devices.ts'
import type { Revocation } from '../revocation/revocation.ts'
import { readStateFacts, syncListener } from '../store-sync/read-rules.ts'
import type { StoreSession } from '../store-sync/session.ts'
import { UpstreamCalls } from './upstream-calls.ts'

type ServingCoordinator = Pick<
  ReloadCoordinator,
  | 'builtAt'
  | 'compiled'
  | 'draining'
  | 'endAnnounced'
  | 'processConfig'
  | 'refusedContent'
  | 'reload'
  | 'started'
>

export interface FrontEndViewOptions {
  readonly revocation: Pick<Revocation, 'crlsInForce' | 'facts' | 'loaded'>
  readonly upstreamErrors: FrontEndView['upstreamErrors']
  readonly explain: FrontEndView['explain']
  readonly readConfiguration: ReadConfiguration
}

/**
 * Reads the configuration of this front end again, from where it was read at the start; with a document, by that and not by
 * what the file says now.
 */
export type ReadConfiguration = (
  document?: Buffer,
) => Promise<Result<LoadedConfig, readonly Fault[]>>

/** Returns the front end as the admin API sees it. */
export function frontEndView(
  /** Has what is in force now. */
  coordinator: ServingCoordinator,
  storeSession: Pick<StoreSession, 'revision' | 'store'>,
  { explain, revocation, upstreamErrors, readConfiguration }: FrontEndViewOptions,
): FrontEndView {
  const calls = new UpstreamCalls(() => coordinator.compiled)
  return {
    upstreamErrors,
    minimums: () => minimumsOf(coordinator.compiled),
    installation: () => installationOf(coordinator.compiled),
    approvalModel: () => {
      const { model, modelStated } = coordinator.compiled.config.approval
      return modelStated ? model : undefined
    },
    fileEnforcement: () => coordinator.processConfig.config,
    enforcement: () => coordinator.compiled.enforcement,
    fileTrust: () => coordinator.processConfig.config.trust,
    differences: () => coordinator.compiled.differences,
    trust: () => coordinator.compiled.config.trust,
    crlFacts: () => revocation.facts(),
    crlsInForce: (setting) => revocation.crlsInForce(setting),
    loadedCrls: () => revocation.loaded(),
    missingLists: () => coordinator.compiled.missingLists,
    config: () => coordinator.processConfig.config,
    explain: (question) => explain(question),
    stateFacts: () => readStateFacts(storeSession.store, coordinator.processConfig.config),
    syncListener: () => syncListener(coordinator.compiled.config),
    oauthRows: () => oauthRows(coordinator.compiled.config.listeners),
    locked: () => statedKeys(coordinator.compiled),
    refusedContent: () => coordinator.refusedContent(),
    isEndAnnounced: () => coordinator.endAnnounced,
    snapshot: () => ({ revision: storeSession.revision, builtAt: coordinator.builtAt }),
    // As the file has them, without what the store says.
    upstreams: () =>
      coordinator.processConfig.config.upstreams.map(({ name, servers, tls }) => ({
        name,
        servers: servers.map((one) => one.name),
        tls: tls === undefined ? undefined : { preset: tls.preset, file: fileSettings(tls) },
      })),
    catalogue: runtimeCatalogue,
    testUpstream: (ask) => calls.test(ask),
    scanUpstream: (ask) => calls.scan(ask),
    upstreamFaults: (upstream, used) => calls.faults(upstream, used),
    reload: () => reload(coordinator, readConfiguration),
  }
}

/** The oldest agents that can authenticate, as the file or its profile has them. */
export function minimumsOf({ config }: CompiledConfig): ReturnType<FrontEndView['minimums']> {
  const { minimums, minimumsStated } = config.fleet
  return { versions: minimums, statedByFile: minimumsStated }
}

async function reload(
  coordinator: ServingCoordinator,
  read: ReadConfiguration,
): Promise<ReloadReport | undefined> {
  // As for SIGHUP, the file is read once everything that it may change is there.
  if (!coordinator.started || coordinator.draining) return undefined
  const next = await read()
  const outcome = await coordinator.reload(next)
  if (outcome.kind === 'refused') {
    return { outcome: 'refused', faults: outcome.faults, warnings: [] }
  }
  const warnings = [...(next.ok ? next.value.warnings : []), ...coordinator.compiled.warnings]
  return { outcome: outcome.kind, faults: [], warnings }
}

/** Keys that the file states, and the portal shows locked (decision 20). */
function statedKeys({ config }: CompiledConfig): readonly string[] {
  return [
    ...(config.enforcementStated ? ['enforcement'] : []),
    ...(config.approval.modelStated ? ['approval.model'] : []),
    ...(config.fleet.minimumsStated ? ['fleet.minimums'] : []),
  ]
}
