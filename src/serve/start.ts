/**
 * Starts and ends a front end: the store, the worker pool, the status listener, the admin API and the reloads, for one
 * process as for several.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { Config, LoadedConfig } from '../config/config.ts'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { ExpiryMetrics } from '../record/expiry-metrics.ts'
import { UpstreamErrorList } from '../record/upstream-error-list.ts'
import { compileConfig } from '../state/compiled-config.ts'
import { openAdminListener, type AdminListenerHandle } from './admin/listener.ts'
import { resourceFaults, resourceWarnings, systemResources } from './process/resources.ts'
import { SYSTEM_CLOCK } from './process/system-clock.ts'
import { clusterPool } from './workers/cluster-pool.ts'
import type { TestHook, WorkerPool } from './workers/pool.ts'
import { inProcessPool } from './workers/in-process-pool.ts'
import type { ProcessLogger } from './log.ts'
import { frontEndView, minimumsOf, type ReadConfiguration } from './admin/front-end-view.ts'
import { ReloadCoordinator, type ReloadOutcome } from './reload/coordinator.ts'
import { logNewDangers, logNewWarnings } from './reload/new-warnings.ts'
import { ReloadMetrics } from './reload/metrics.ts'
import { Revocation } from './revocation/revocation.ts'
import { runtimeFaults, type ReadPresented } from './self-test/self-test.ts'
import { CertificateMetrics } from './status/certificate-metrics.ts'
import { scrape } from './status/scrape.ts'
import { openStatusListener } from './status/listener.ts'
import { departingDevices } from './store-sync/departing-devices.ts'
import { StoreSession } from './store-sync/session.ts'
import { logRuleChanges } from './upgrade/log-changes.ts'
import { LOCAL_TICKETS } from './reload/shared-ticket-secret.ts'

export type { ReloadOutcome } from './reload/coordinator.ts'

/** A front end that serves. */
export interface RunningServer {
  readonly ports: Readonly<Record<string, number>>
  readonly statusPort: number
  /** Undefined where there is no admin API. */
  readonly adminPort: number | undefined
  reload(next: Result<LoadedConfig, readonly Fault[]>): Promise<ReloadOutcome>
  /** Looks at once whether files that the configuration names have changed; settles when they are in force or refused. */
  lookAtFiles(): Promise<void>
  drain(): Promise<void>
}

/** What a start is given; `entry` is the script that a worker runs. */
export interface StartOptions {
  readonly logger: ProcessLogger
  readonly entry: { readonly script: string; readonly args: readonly string[] }
  /** Reads the configuration again when an administrator asks for a reload. */
  readonly readConfiguration: ReadConfiguration
  /** How the self-test looks at a peer; what a runtime shows unless a test plays another one. */
  readonly readPresented?: ReadPresented
  /** Of this program, for the admin API. */
  readonly version?: string
  /** Used when this process serves alone; a worker's is given to `runWorker`. */
  readonly testHook?: TestHook
  /** Different sightings that may wait while the store is away, where it is not the usual number. */
  readonly sightingLimit?: number
}

/** Starts everything a configuration asks for, or says what stands in the way and leaves nothing running. */
export async function startServer(
  loaded: LoadedConfig,
  options: StartOptions,
): Promise<Result<RunningServer, readonly Fault[]>> {
  const { config } = loaded
  const { logger, readPresented } = options
  const fileCompiled = compileConfig(config, SYSTEM_CLOCK.now())
  if (!fileCompiled.ok) return fileCompiled
  const size = config.workers === 'auto' ? availableParallelism() : config.workers
  const resources = systemResources()
  const unfit = resourceFaults(config, resources)
  if (unfit.length > 0) return fail(unfit)
  const unshared = size === 1 ? [] : sharedPortFaults(config)
  if (unshared.length > 0) return fail(unshared)
  const tested = performance.now()
  const runtimeProblems = await runtimeFaults(config, readPresented)
  if (runtimeProblems.length > 0) return fail(runtimeProblems)
  const selfTestMs = Math.round(performance.now() - tested)
  // Whatever is opened from here on is closed again, last first, unless everything could be.
  await using opened = new AsyncDisposableStack()
  await logRuleChanges(config, logger)
  const storeSession = await StoreSession.open(config, logger, options.sightingLimit)
  if (!storeSession.ok) return storeSession
  opened.defer(() => storeSession.value?.close())
  const pool =
    size === 1 ? inProcessPool(logger, options.testHook) : clusterPool(size, options.entry, logger)
  const begun = await storeSession.value?.readAll(fileCompiled.value, {
    overlayChanged: (delta) => pool.applyOverlayDelta(delta),
    rulesChanged: async (rules, changed) => {
      await coordinator.applyStoreRules(rules, changed)
    },
    secretsChanged: (names) => {
      coordinator.ticketSecretChanged()
      coordinator.secretsReplaced(names)
    },
  })
  if (begun?.ok === false) return begun
  const rules = begun?.value
  const compiled = compileConfig(config, SYSTEM_CLOCK.now(), { rules })
  if (!compiled.ok) return compiled
  logNewDangers(compiled.value.config, { dangers: [] }, logger)
  const ofMachine = resourceWarnings(config, resources)
  const warned = { fileWarnings: [...loaded.warnings, ...ofMachine], compiled: compiled.value }
  logNewWarnings(warned, undefined, logger)
  const reloadMetrics = new ReloadMetrics()
  const kept = await storeSession.value?.keptCrls()
  if (kept?.ok === false) return kept
  const revocation = new Revocation({
    logger,
    applyCrlUpdate: (update) => pool.applyCrlUpdate(update),
    kept: kept?.value,
    keep: (taken) => storeSession.value?.keepCrls(taken),
  })
  const tickets = storeSession.value?.ticketSource(logger) ?? LOCAL_TICKETS
  let adminListener: AdminListenerHandle | undefined
  const coordinator = new ReloadCoordinator(
    {
      config,
      rules,
      compiled: compiled.value,
      document: loaded.document,
      files: loaded.files,
      fileWarnings: loaded.warnings,
      tickets: await tickets.begin(),
    },
    {
      pool,
      logger,
      reloadMetrics,
      revocation,
      tickets,
      readConfiguration: options.readConfiguration,
      renewAdmin: (next) => adminListener?.renewal(next.admin?.certificate) ?? ok(() => {}),
      rulesFor: (next) => storeSession.value?.adopt(next) ?? Promise.resolve(undefined),
    },
  )
  // A store knows all devices, silent ones too.
  const expiryMetrics =
    storeSession.value === undefined
      ? new ExpiryMetrics({
          clock: SYSTEM_CLOCK,
          grace: () => coordinator.processConfig.config.grace,
        })
      : undefined
  const certificateMetrics = new CertificateMetrics(() => adminListener?.identity)
  const upstreamErrors = new UpstreamErrorList(SYSTEM_CLOCK.now())
  const status = await openStatusListener(config.metrics, {
    metrics: scrape({
      pool,
      coordinator,
      certificateMetrics,
      expiryMetrics,
      reloadMetrics,
      revocation,
      storeSession: storeSession.value,
      version: options.version ?? UNVERSIONED,
    }),
    notReadyReason: () =>
      coordinator.notReadyReason() ??
      pool.notReadyReason() ??
      revocation.notReadyReason() ??
      storeSession.value?.notReadyReason(),
    degradedReason: () =>
      [storeSession.value?.degradedReason(), coordinator.degradedReason()]
        .filter((why) => why !== undefined)
        .join('; ') || undefined,
  })
  if (!status.ok) return status
  opened.defer(() => status.value.close())
  const admin = await startAdmin(coordinator, storeSession.value, {
    ...options,
    upstreamErrors,
    revocation,
    explain: (question) => pool.explain(question),
  })
  if (!admin.ok) return admin
  adminListener = admin.value
  const closing = opened.move()
  await revocation.adopt(compiled.value)
  revocation.release(compiled.value)
  const answer = await pool.start(coordinator.processConfig, {
    onStaleSession: () => coordinator.rotation.rotateSoon(),
    onExpirySightings: (sightings, lost) => expiryMetrics?.onExpirySightings(sightings, lost),
    onSightings: (sightings, lost) => storeSession.value?.sightingWriter.add(sightings, lost),
    onRefusals: (batch) => storeSession.value?.refusalWriter.add(batch),
    onUpstreamErrors: (errors, lost) => upstreamErrors.onUpstreamErrors(errors, lost),
  })
  const end = async (): Promise<void> => {
    coordinator.stop()
    // First: no administrator should change what is about to end, nor wait for an answer that will not come.
    await admin.value?.close()
    await pool.drain()
    await closing.disposeAsync()
  }
  if (answer.kind === 'refused') {
    await end()
    return fail(answer.faults)
  }
  storeSession.value?.watch({
    departing: () => departingDevices(coordinator.compiled),
    refusals: () => coordinator.compiled.config.refusals,
    grace: () => coordinator.processConfig.config.grace,
    minimums: () => minimumsOf(coordinator.compiled),
    families: async () => await (await pool.scrape()).getMetricsAsJSON(),
  })
  coordinator.started = true
  // One may have been replaced after the configuration was read and before the store was.
  coordinator.secretsReplaced(undefined)
  coordinator.watchFiles()
  const { ports } = answer
  const [statusPort, adminPort] = [status.value.port, admin.value?.port]
  logger.log.info(
    {
      workers: size,
      ports,
      status_port: statusPort,
      admin_port: adminPort,
      self_test_ms: selfTestMs,
    },
    'serving',
  )
  return ok({
    ports,
    statusPort,
    adminPort,
    reload: (next) => coordinator.reload(next),
    lookAtFiles: () => coordinator.lookAtFiles(),
    async drain() {
      await announceEnd(coordinator, pool, logger)
      logger.log.info({}, 'draining')
      await end()
      logger.log.info({}, 'drained')
      await logger.end()
    },
  })
}

/** Tells that the end is near, and gives what stands in front of the ports the time to notice; they stay open. */
async function announceEnd(
  coordinator: ReloadCoordinator,
  pool: WorkerPool,
  { log }: ProcessLogger,
): Promise<void> {
  const { announce } = coordinator.processConfig.config
  if (announce === 0) return
  coordinator.endAnnounced = true
  pool.announceEnd()
  log.info(
    { announce_ms: announce },
    'announcing the end: /readyz says not ready, each answer ends its connection, and the ports are still open',
  )
  await pause(announce)
}

/** Where it is started by a test. */
const UNVERSIONED = '0'

/** The system would choose another port for each worker. */
function sharedPortFaults({ listeners }: Config): readonly Fault[] {
  return listeners
    .filter(({ port }) => port === 0)
    .map(({ at, name }) => ({
      at,
      message: `found port 0 for listener ${name} and several workers, wanted one port for all: name a port, or set \`workers: 1\``,
    }))
}

/** The admin API, where there is a store to administer and the configuration asks for it. */
async function startAdmin(
  coordinator: ReloadCoordinator,
  storeSession: StoreSession | undefined,
  options: StartOptions & {
    readonly upstreamErrors: UpstreamErrorList
    readonly revocation: Revocation
    readonly explain: WorkerPool['explain']
  },
): Promise<Result<AdminListenerHandle | undefined, readonly Fault[]>> {
  const { admin } = coordinator.processConfig.config
  const { logger, version = UNVERSIONED } = options
  if (storeSession === undefined || admin === undefined) return ok(undefined)
  return await openAdminListener(admin, {
    store: storeSession.store,
    log: logger.log,
    version,
    frontEnd: frontEndView(coordinator, storeSession, options),
  })
}
