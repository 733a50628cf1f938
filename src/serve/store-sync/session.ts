/**
 * The store while serving, in the one process that has it: opened and held, watched, written to, and ended in order.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../config/config.ts'
import type { RefusalSettings } from '../../config/service/types.ts'
import { countText } from '../../kernel/count-text.ts'
import { fail, ok, type Fault, type Millis, type Result } from '../../kernel/types.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { explainStore } from '../../store/explain.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { KeptCrls } from '../../revoke/registry.ts'
import type { Store } from '../../store/port.ts'
import { FleetMetrics } from '../history/fleet-metrics.ts'
import { readFleetNumbers, type NumbersContext } from '../history/fleet-numbers.ts'
import { HistoryRecorder, type HistorySources } from '../history/recorder.ts'
import { SYSTEM_CLOCK } from '../process/system-clock.ts'
import { initialiseSettings, revocationOf } from './create-store.ts'
import { RefusalWriter, refusalWriterLog } from './refusal-writer.ts'
import { SightingWriter, sightingWriterLog, waitingText } from './sighting-writer.ts'
import { Maintenance, thisInstance, type MaintenanceDeps } from './maintenance.ts'
import type { ProcessLogger } from '../log.ts'
import {
  configuredStore,
  openConfiguredStore,
  storeFault,
  upgradeNote,
  type ConfiguredStore,
} from './configured-store.ts'
import { ChangeWatcher, type StoreEvents } from './change-watcher.ts'
import {
  LOCAL_TICKETS,
  SharedTicketSecret,
  type TicketSource,
} from '../reload/shared-ticket-secret.ts'
import { readKeptCrls } from './kept-crls.ts'
import { StoreMetrics } from './metrics.ts'

/** What a session needs besides its store. */
interface SessionParts {
  readonly config: Config
  readonly logger: ProcessLogger
  readonly sightingLimit: number | undefined
}

/** What the configuration in force says, whenever it is asked. */
export interface WatchFacts
  extends Pick<MaintenanceDeps, 'departing'>, Pick<HistorySources, 'families'> {
  refusals(): RefusalSettings
  /** The oldest agents that can authenticate, as the file has them. */
  minimums: NumbersContext['frontEnd']['minimums']
  /** How long after its end a certificate still opens renewal routes. */
  grace(): Millis
}

export class StoreSession {
  readonly store: Store
  readonly sightingWriter: SightingWriter
  readonly refusalWriter: RefusalWriter
  readonly #configured: ConfiguredStore
  /** As the file has it now. */
  #config: Config
  readonly #logger: ProcessLogger
  readonly #watcher: ChangeWatcher
  readonly #maintenance: Maintenance
  readonly #metrics = new StoreMetrics()
  readonly #history: HistoryRecorder
  readonly #fleetMetrics = new FleetMetrics()
  #keeping: Promise<void> = Promise.resolve()
  #departing: MaintenanceDeps['departing'] = () => undefined
  #refusals: () => RefusalSettings

  /** Opens what the configuration names; undefined where it wants none, in writing. */
  static async open(
    config: Config,
    logger: ProcessLogger,
    sightingLimit?: number,
  ): Promise<Result<StoreSession | undefined, readonly Fault[]>> {
    if (config.store?.kind === 'dangerous-none') return ok(undefined)
    const configured = configuredStore(config)
    if (!configured.ok) return configured
    const opened = await openConfiguredStore(configured.value)
    if (!opened.ok) return opened
    const upgraded = upgradeNote(configured.value, opened.value)
    if (upgraded !== undefined) {
      const { from, to, copy, nextStep } = upgraded
      const facts = { schema_before: from, schema: to, copy, next_step: nextStep }
      logger.log.warn(facts, 'the store was upgraded; a copy from before lies beside it')
    }
    const parts = { config, logger, sightingLimit }
    return ok(new StoreSession(configured.value, opened.value, parts))
  }

  private constructor(
    configured: ConfiguredStore,
    store: Store,
    { config, logger, sightingLimit }: SessionParts,
  ) {
    this.#configured = configured
    this.#config = config
    this.#refusals = () => config.refusals
    this.#logger = logger
    this.store = store
    this.#watcher = new ChangeWatcher(store, config, logger)
    const [{ log }, instance] = [logger, thisInstance(config)]
    this.#maintenance = new Maintenance({
      store,
      log,
      clock: SYSTEM_CLOCK,
      instance,
      departing: () => this.#departing(),
      secrets: () => secretNames(this.#config),
      keepRefusals: () => this.#refusals().keep,
    })
    this.#history = new HistoryRecorder(store.history, { clock: SYSTEM_CLOCK, logger })
    this.sightingWriter = new SightingWriter(store.sightings, {
      events: sightingWriterLog(logger),
      ...(sightingLimit === undefined ? {} : { limit: sightingLimit }),
    })
    this.refusalWriter = new RefusalWriter(
      {
        record: (batch) => {
          const { rows } = this.#refusals()
          return store.refusals.record(batch, { rows, instance: instance.name })
        },
      },
      { events: refusalWriterLog(logger) },
    )
  }

  /** Reads everything for the first time; a store without enrollment settings gets those of the file. */
  async readAll(
    fileCompiled: CompiledConfig,
    events: StoreEvents,
  ): Promise<Result<StoreRules, readonly Fault[]>> {
    const settings = await this.store.enrollment.list()
    if (!settings.ok) return fail([storeFault(this.#configured, settings.failure)])
    if (settings.value.length === 0) {
      const seeded = await initialiseSettings(this.store, fileCompiled, {
        who: 'auto',
        from: 'start',
      })
      if (!seeded.ok) return fail([storeFault(this.#configured, seeded.failure)])
    }
    const adopted = await this.#adoptRevocation(fileCompiled)
    if (!adopted.ok) return fail([storeFault(this.#configured, adopted.failure)])
    const rules = await this.#watcher.readAll(events)
    return rules.ok ? rules : fail([storeFault(this.#configured, rules.failure)])
  }

  /**
   * The revocation lists of a store of the version before stood in the file, under the name of their setting: they are
   * taken over once.
   */
  #adoptRevocation({ config }: CompiledConfig) {
    const stated = config.trust.enrollmentSettings.map(
      ({ name, crl }) => [name, crl === undefined ? 'none' : revocationOf(crl)] as const,
    )
    return this.store.revocationLists.adopt({ who: 'auto', from: 'start' }, new Map(stated))
  }

  /** The lists that were in force when this store was last told; those that cannot be read are fetched anew. */
  async keptCrls(): Promise<Result<readonly KeptCrls[], readonly Fault[]>> {
    const kept = await readKeptCrls(this.store)
    return kept.ok ? kept : fail([storeFault(this.#configured, kept.failure)])
  }

  /** Keeps the lists that came into force in a place; one after the other, and before the store is closed. */
  keepCrls(taken: KeptCrls & { readonly resets: number }): void {
    this.#keeping = this.#keeping.then(() => this.#keepCrls(taken))
  }

  async #keepCrls({
    setting,
    place,
    resets,
    crls,
  }: KeptCrls & { readonly resets: number }): Promise<void> {
    const ders = crls.map(({ der }) => der)
    const kept = await this.store.revocationLists.keep({ setting, place, resets }, ders)
    if (kept.ok) return
    const facts = { setting, place, ...explanationFields(explainStore(kept.failure)) }
    const message = 'a revocation list is in force and not kept: a restart would take an older one'
    this.#logger.log.warn(facts, message)
  }

  /** Where the secret behind session tickets comes from. */
  ticketSource({ log }: ProcessLogger): TicketSource {
    // An embedded store serves one instance: on disk the secret would help no other, and outlive what it opens.
    return this.#configured.kind === 'sqlite'
      ? LOCAL_TICKETS
      : new SharedTicketSecret(this.store.secrets, log, SYSTEM_CLOCK)
  }

  /** From now on every change is passed on, and the store is kept in order. */
  watch(facts: WatchFacts): void {
    this.#departing = () => facts.departing()
    this.#refusals = () => facts.refusals()
    this.#watcher.watch()
    this.#maintenance.start()
    const numbers: NumbersContext = {
      store: this.store,
      clock: SYSTEM_CLOCK,
      frontEnd: facts,
      grace: () => facts.grace(),
    }
    this.#history.start({
      families: () => facts.families(),
      numbers: () => readFleetNumbers(numbers),
    })
  }

  /** The file says this now, or is about to. */
  adopt(config: Config): Promise<StoreRules | undefined> {
    const before = this.#config
    this.#config = config
    if (!isDeepStrictEqual(secretNames(before), secretNames(config))) this.#maintenance.report()
    return this.#watcher.adopt(config)
  }

  /** Of the store, as what is judged by. */
  get revision(): number {
    return this.#watcher.facts.revision
  }

  /** Why no traffic should come: what is judged by is too old. */
  notReadyReason(): string | undefined {
    const { failure, silent } = this.#watcher.facts
    // Nothing that is acknowledged meanwhile is missing here: no process can change the store.
    if (failure?.kind === 'store-replaced') return undefined
    if (silent < NOT_READY_AFTER_MS) return undefined
    return `the store has not answered for ${countText(Math.floor(silent / 60_000), 'minute')}`
  }

  /** What `/readyz` says although traffic may come. */
  degradedReason(): string | undefined {
    const { failure, answeredAt, silent } = this.#watcher.facts
    const counts = this.sightingWriter.counts()
    // A locked file can still be read: only writing tells. And a database that hangs says nothing at all.
    const why = failure ?? counts.lastFailure
    const isSilent = silent >= DEGRADED_AFTER_MS
    if (why === undefined && !isSilent) return undefined
    const sentence = why === undefined ? 'the store does not answer' : explainStore(why).sentence
    const since = new Date(answeredAt).toISOString()
    const basis =
      (failure === undefined || failure.kind === 'store-read-only') && !isSilent
        ? 'decisions use what it says'
        : `decisions use what it said last at ${since}`
    return `${sentence}; ${basis}; ${waitingText(counts)}`
  }

  async text(): Promise<string> {
    const { facts } = this.#watcher
    const fleet = await this.#fleetMetrics.text(this.#history.numbers)
    const own = await this.#metrics.text({
      store: facts,
      sightings: this.sightingWriter.counts(),
      refusals: this.refusalWriter.counts(),
      maintenance: this.#maintenance.counts,
      history: this.#history.counts(),
    })
    return `${own}${fleet}`
  }

  /** Writes what waits, closes the store and releases its lock. */
  async close(): Promise<void> {
    await this.#watcher.close()
    await this.sightingWriter.close()
    await this.refusalWriter.close()
    await this.#history.close()
    await this.#keeping
    const isThere =
      this.#watcher.facts.failure === undefined &&
      this.sightingWriter.counts().lastFailure === undefined
    await this.#maintenance.close({ leaving: isThere })
    await this.store.close()
  }
}

/** Each once, in the order of the file. */
const secretNames = ({ storedSecrets }: Config): readonly string[] => [
  ...new Set(storedSecrets.map(({ name }) => name)),
]

/** Decision 19: a block of a quarter of an hour ago that is not in force here would surprise its administrator. */
const NOT_READY_AFTER_MS = 15 * 60_000
/** It is asked once a second; a change of a large fleet keeps it busy for less than this. */
const DEGRADED_AFTER_MS = 15_000
