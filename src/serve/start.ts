/**
 * A front end from its start to its end: the store, the crew, the status listener, the admin API and the reloads,
 * written once for one process and for many.
 */
import { availableParallelism } from 'node:os'
import type { Config, Loaded } from '../config/config.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../kernel/types.ts'
import { Forecast } from '../record/expiry-metrics.ts'
import { UpstreamErrorList } from '../record/upstream-error-list.ts'
import { buildWorld } from '../state/world.ts'
import { openAdmin, type OpenAdmin } from './admin/listener.ts'
import { announceDangers } from './announce.ts'
import { clusterCrew } from './workers/cluster-pool.ts'
import type { Crew, Witness } from './workers/pool.ts'
import { localCrew } from './workers/in-process-pool.ts'
import type { OpenLog } from './log.ts'
import { officeView } from './admin/front-end-view.ts'
import { Reign, type ReloadOutcome } from './reload/coordinator.ts'
import { ReloadCount } from './reload/metrics.ts'
import { Revocation } from './revocation/revocation.ts'
import { runtimeFaults } from './runtime-faults.ts'
import type { Observe } from './self-test/self-test.ts'
import { statusListener } from './status/listener.ts'
import { Storage } from './store-sync/session.ts'
import { OWN_TICKETS } from './reload/shared-ticket-secret.ts'

export type { ReloadOutcome } from './reload/coordinator.ts'

/** A front end that serves. */
export interface Serving {
  readonly ports: Readonly<Record<string, number>>
  readonly statusPort: number
  /** Undefined where there is no admin API. */
  readonly adminPort: number | undefined
  reload(next: Result<Loaded, readonly Fault[]>): Promise<ReloadOutcome>
  drain(): Promise<void>
}

/** How the crew is made up; `entry` is what a worker runs. */
export interface ServingOptions {
  readonly journal: OpenLog
  readonly entry: { readonly script: string; readonly args: readonly string[] }
  /** How the self-test looks at a peer; what a runtime shows unless a test plays another one. */
  readonly observe?: Observe
  /** Of this program, for the admin API. */
  readonly version?: string
  /** For a crew of one; a worker's is given to `runWorker`. */
  readonly witness?: Witness
  /** Different sightings that may wait while the store is away, where it is not the usual number. */
  readonly ledgerLimit?: number
}

/** Starts everything a configuration asks for, or says what stands in the way and leaves nothing running. */
export async function startServing(
  loaded: Loaded,
  options: ServingOptions,
): Promise<Result<Serving, readonly Fault[]>> {
  const { config } = loaded
  const { journal, observe } = options
  const written = buildWorld(config, Date.now() as Instant)
  if (!written.ok) return written
  const size = config.workers === 'auto' ? availableParallelism() : config.workers
  const unshared = size === 1 ? [] : portFaults(config)
  if (unshared.length > 0) return fail(unshared)
  const tested = performance.now()
  const unfit = await runtimeFaults(config, observe)
  if (unfit.length > 0) return fail(unfit)
  const selfTestMs = Math.round(performance.now() - tested)
  // Whatever is opened from here on is closed again, last first, unless everything could be.
  await using opened = new AsyncDisposableStack()
  const storage = await Storage.open(config, journal, options.ledgerLimit)
  if (!storage.ok) return storage
  opened.defer(() => storage.value?.close())
  const crew =
    size === 1 ? localCrew(journal, options.witness) : clusterCrew(size, options.entry, journal)
  const begun = await storage.value?.begin(written.value, {
    overlay: (delta) => crew.overlay(delta),
    ruled: async (rules) => {
      await reign.rule(rules)
    },
    sealed: () => reign.sealed(),
  })
  if (begun?.ok === false) return begun
  const rules = begun?.value
  const world = buildWorld(config, Date.now() as Instant, { rules })
  if (!world.ok) return world
  announceDangers(world.value.config, { dangers: [] }, journal)
  for (const { at, message } of [...loaded.warnings, ...world.value.warnings]) {
    journal.log.warn({ at }, message)
  }
  const counted = new ReloadCount()
  const revocation = new Revocation({ journal, revise: (bulletin) => crew.revise(bulletin) })
  const tickets = await ticketsOf(storage.value, journal)
  const reign = new Reign(
    { config, rules, world: world.value, tickets: tickets.first },
    {
      crew,
      journal,
      counted,
      revocation,
      tickets: tickets.source,
      rulesFor: (next) => storage.value?.adopt(next) ?? Promise.resolve(undefined),
    },
  )
  const forecast = new Forecast({
    clock: { now: () => Date.now() as Instant },
    grace: () => reign.orders.config.grace,
  })
  const upstreamErrors = new UpstreamErrorList(Date.now() as Instant)
  const parts = {
    crew,
    counted,
    revocation,
    reign,
    forecast,
    storage: storage.value,
    upstreamErrors,
  }
  const status = await listenForStatus(config.metrics, parts)
  if (!status.ok) return status
  opened.defer(() => status.value.close())
  const admin = await adminBeside(parts, options)
  if (!admin.ok) return admin
  const closing = opened.move()
  await revocation.adopt(world.value)
  const answer = await crew.start(reign.orders, {
    lockedOut: () => reign.rotation.soon(),
    sighted: (sightings, lost) => forecast.sighted(sightings, lost),
    seen: (sightings, lost) => storage.value?.ledger.add(sightings, lost),
    upstreamErrors: (errors, lost) => upstreamErrors.upstreamErrors(errors, lost),
  })
  const end = async (): Promise<void> => {
    reign.end()
    // First: nobody should change what is about to go, nor wait for an answer that will not come.
    await admin.value?.close()
    await crew.drain()
    await closing.disposeAsync()
  }
  if (answer.kind === 'refused') {
    await end()
    return fail(answer.faults)
  }
  storage.value?.watch()
  reign.begun = true
  const { ports } = answer
  const [statusPort, adminPort] = [status.value.port, admin.value?.port]
  journal.log.info(
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
    reload: (next) => reign.reload(next),
    async drain() {
      journal.log.info({}, 'draining')
      await end()
      journal.log.info({}, 'drained')
      await journal.end()
    },
  })
}

const ticketsOf = async (
  storage: Storage | undefined,
  journal: OpenLog,
): ReturnType<Storage['tickets']> =>
  storage === undefined
    ? { source: OWN_TICKETS, first: await OWN_TICKETS.replace() }
    : storage.tickets(journal)

/** The system would choose another port for each worker. */
function portFaults({ listeners }: Config): readonly Fault[] {
  return listeners
    .filter(({ port }) => port === 0)
    .map(({ at, name }) => ({
      at,
      message: `found port 0 for listener ${name} and several workers, wanted one port for all: name a port, or set \`workers: 1\``,
    }))
}

interface Parts {
  readonly crew: Crew
  readonly counted: ReloadCount
  readonly revocation: Revocation
  readonly reign: Reign
  readonly forecast: Forecast
  readonly storage: Storage | undefined
  readonly upstreamErrors: UpstreamErrorList
}

async function listenForStatus(
  at: Config['metrics'],
  { crew, counted, revocation, reign, forecast, storage }: Parts,
): Promise<Result<Awaited<ReturnType<typeof statusListener>>, readonly Fault[]>> {
  try {
    return ok(
      await statusListener(at, {
        // The forecast last: a scrape makes every process tell whom it saw.
        metrics: async () => {
          const ours = [await crew.scrape(), await counted.text(), await revocation.text()]
          return ours.join('') + (await forecast.text()) + ((await storage?.text()) ?? '')
        },
        unready: () => {
          if (reign.draining) return 'draining'
          if (!reign.begun) return 'starting'
          return crew.amiss() ?? revocation.unready() ?? storage?.unready()
        },
        remark: () => storage?.remark(),
      }),
    )
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const message = `cannot bind ${at.address}:${at.port} for metrics and health (${code}): choose another port, or end what uses it`
    return fail([{ at: at.at, message }])
  }
}

/** The admin API, where there is a store to administer and the configuration asks for it. */
async function adminBeside(
  { reign, storage, upstreamErrors }: Parts,
  { journal, version = '0' }: ServingOptions,
): Promise<Result<OpenAdmin | undefined, readonly Fault[]>> {
  const { admin } = reign.orders.config
  if (storage === undefined || admin === undefined) return ok(undefined)
  return await openAdmin(admin, {
    store: storage.store,
    log: journal.log,
    version,
    serving: officeView(
      () => ({
        world: reign.world,
        written: reign.orders.config,
        revision: storage.revision,
        builtAt: reign.builtAt,
      }),
      upstreamErrors,
    ),
  })
}
