/**
 * Periodic jobs on the store: devices with certificates of no known CA are deleted, sessions that ended and refusals that were kept for long enough are deleted,
 * what unknown devices did three months ago and the hours that were rolled up then are forgotten, departures from the server's documents are counted, and the other replicas are told which keys this one holds. In the process that has the store, never on a request's path;
 * several replicas may do the same without harm.
 */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { HISTORY_DAYS } from '../../fleet/history.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Clock, Log } from '../../kernel/ports.ts'
import {
  DAY_MS,
  ok,
  type Fault,
  type Instant,
  type Millis,
  type Result,
} from '../../kernel/types.ts'
import { explainStore } from '../../store/explain.ts'
import type { DepartingByCode, DepartureCount } from '../../store/devices/departing-devices.ts'
import type { StoreFailure } from '../../store/failure.ts'
import { RUNNING_WITHIN_MS } from '../../store/secrets/instances.ts'
import type { KeyStatus } from '../../store/secrets/key-standing.ts'
import type { Store } from '../../store/port.ts'

/** What is kept in order. */
export type MaintainedStore = Pick<
  Store,
  'credentials' | 'devices' | 'history' | 'refusals' | 'secrets' | 'sightings' | 'unknownCallers'
>

/** This front end among those that share its store; its id is the same after a restart. */
export interface Instance {
  readonly id: string
  readonly name: string
}

/** What came of it so far. */
export interface MaintenanceCounts {
  /** Devices with certificates of no known CA that did not come back. */
  readonly unverifiedForgotten: number
  readonly sessionsEnded: number
  /** Refusals that were kept for long enough. */
  readonly refusalsDeleted: number
  /** Rounds that the store failed; the next one comes in its time. */
  readonly failures: Readonly<Record<MaintenanceJob['name'], number>>
  /** Undefined before the first answer, and where the server has no documents. */
  readonly departures: readonly DepartureCount[] | undefined
  /** Undefined before the first answer. */
  readonly keys: Pick<KeyStatus, 'current' | 'fault' | 'lacking' | 'left'> | undefined
}

interface MaintenanceJob {
  readonly name:
    'callers' | 'departures' | 'history' | 'keys' | 'refusals' | 'sessions' | 'unverified'
  readonly everyMs: number
  run(now: Instant): Promise<Result<void, StoreFailure>>
}

export interface MaintenanceDeps {
  readonly store: MaintainedStore
  readonly log: Log
  readonly clock: Clock
  readonly instance: Instance
  /** Which devices depart, by what is in force now; undefined where no documents say what to expect. */
  departing(): DepartingByCode | undefined
  /** The secrets that the configuration in force takes from the store. */
  secrets?(): readonly string[]
  /** How long refusals are kept, by what is in force now. */
  keepRefusals(): Millis
}

export class Maintenance {
  readonly #deps: MaintenanceDeps
  readonly #timers: NodeJS.Timeout[] = []
  readonly #failing = new Set<MaintenanceJob['name']>()
  readonly #failures = {
    callers: 0,
    departures: 0,
    history: 0,
    keys: 0,
    refusals: 0,
    sessions: 0,
    unverified: 0,
  }
  #queue: Promise<void> = Promise.resolve()
  #unverifiedForgotten = 0
  #sessionsEnded = 0
  #refusalsDeleted = 0
  #departures: readonly DepartureCount[] | undefined
  #keys: KeyStatus | undefined
  #lastLogged = ''
  #ringFaults = ''

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps
  }

  /** Does everything once, and again and again from then on. */
  start(): void {
    for (const job of this.#jobs) {
      this.#enqueue(job)
      this.#timers.push(setInterval(() => this.#enqueue(job), job.everyMs).unref())
    }
  }

  /** Tells the other replicas now what this one holds and takes: another may be about to remove it. */
  report(): void {
    for (const job of this.#jobs) if (job.name === 'keys') this.#enqueue(job)
  }

  /** Does everything once, one after another, and resolves when it is done. */
  runOnce(): Promise<void> {
    for (const job of this.#jobs) this.#enqueue(job)
    return this.#queue
  }

  get counts(): MaintenanceCounts {
    return {
      unverifiedForgotten: this.#unverifiedForgotten,
      sessionsEnded: this.#sessionsEnded,
      failures: { ...this.#failures },
      refusalsDeleted: this.#refusalsDeleted,
      departures: this.#departures,
      keys: this.#keys,
    }
  }

  /** Ends; with `leaving` this replica is deregistered. While the store is away it cannot be, and its row expires. */
  async close({ leaving }: { readonly leaving: boolean }): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#queue
    if (leaving) await this.#deps.store.secrets.deregister(this.#deps.instance.id)
  }

  readonly #jobs: readonly MaintenanceJob[] = [
    { name: 'keys', everyMs: REPORT_MS, run: (now) => this.#report(now) },
    { name: 'sessions', everyMs: CLEANUP_MS, run: (now) => this.#endSessions(now) },
    { name: 'departures', everyMs: COUNT_MS, run: () => this.#countDepartures() },
    { name: 'refusals', everyMs: CLEANUP_MS, run: (now) => this.#deleteRefusals(now) },
    { name: 'callers', everyMs: CLEANUP_MS, run: (now) => this.#forgetCallers(now) },
    { name: 'history', everyMs: CLEANUP_MS, run: (now) => this.#forgetHistory(now) },
    { name: 'unverified', everyMs: CLEANUP_MS, run: (now) => this.#forgetUnverified(now) },
  ]

  #enqueue(job: MaintenanceJob): void {
    this.#queue = this.#queue.then(() => this.#run(job))
  }

  async #run(job: MaintenanceJob): Promise<void> {
    const { log, clock } = this.#deps
    const { name } = job
    try {
      const done = await job.run(clock.now())
      if (done.ok) this.#failing.delete(name)
      else this.#failed(name, done.failure)
    } catch (error) {
      // A bug of ours must not end the front end for a job.
      this.#failures[name] += 1
      log.error({ err: error, job: name }, 'maintenance job hit an internal error')
    }
  }

  /** One line for a store that is away, not one each time. */
  #failed(name: MaintenanceJob['name'], failure: StoreFailure): void {
    this.#failures[name] += 1
    if (this.#failing.has(name)) return
    this.#failing.add(name)
    const facts = { job: name, ...explanationFields(explainStore(failure)) }
    this.#deps.log.warn(facts, 'maintenance job failed and will be retried')
  }

  async #report(now: Instant): Promise<Result<void, StoreFailure>> {
    const { store, instance } = this.#deps
    this.#logRing(await store.secrets.refreshKeys())
    const reported = await store.secrets.report({
      ...instance,
      secrets: this.#deps.secrets?.() ?? [],
    })
    if (!reported.ok) return reported
    const standing = await store.secrets.keyStatus((now - RUNNING_WITHIN_MS) as Instant)
    if (!standing.ok) return standing
    this.#keys = standing.value
    this.#logKeyStanding(standing.value)
    return ok(undefined)
  }

  /** A ring that was changed into something else is told once; the keys that are held stay. */
  #logRing(read: Result<void, readonly Fault[]>): void {
    const faults = read.ok
      ? ''
      : read.failure.map(({ at, message }) => `${at}: ${message}`).join('; ')
    if (faults === this.#ringFaults) return
    this.#ringFaults = faults
    const { log } = this.#deps
    if (faults === '') log.info({}, 'the key ring can be read again')
    else log.warn({ faults }, 'the key ring cannot be read again: the keys of before stay in use')
  }

  /** S2-22. Logged when it changes: an operator who gave out a key wants to read that no replica lacks it any more. */
  #logKeyStanding({ lacking, fault, current }: KeyStatus): void {
    const { log } = this.#deps
    const names = lacking.map(({ name }) => name)
    const lacked = JSON.stringify([fault?.kind, current, lacking.map(({ id }) => id)])
    if (lacked === this.#lastLogged) return
    const before = this.#lastLogged
    this.#lastLogged = lacked
    if (fault !== undefined) {
      const facts = explanationFields(explainStore(fault))
      log.warn(facts, 'this front end cannot open secrets under the current key')
    }
    if (names.length > 0) {
      const next = 'give it the key; until then it opens no secret that is sealed with it'
      const facts = { replicas: names, key: current, next_step: next }
      log.warn(facts, 'a replica lacks the current key')
    }
    if (fault === undefined && names.length === 0 && before !== '') {
      log.info({ key: current }, 'every replica holds the current key')
    }
  }

  async #endSessions(now: Instant): Promise<Result<void, StoreFailure>> {
    const swept = await this.#deps.store.credentials.deleteExpiredSessions(now)
    if (!swept.ok) return swept
    this.#sessionsEnded += swept.value.sessions
    return ok(undefined)
  }

  async #deleteRefusals(now: Instant): Promise<Result<void, StoreFailure>> {
    const before = (now - this.#deps.keepRefusals()) as Instant
    const deleted = await this.#deps.store.refusals.deleteBefore(before)
    if (!deleted.ok) return deleted
    this.#refusalsDeleted += deleted.value.refusals
    return ok(undefined)
  }

  async #countDepartures(): Promise<Result<void, StoreFailure>> {
    const departing = this.#deps.departing()
    const counted =
      departing === undefined ? ok(undefined) : await this.#deps.store.devices.departures(departing)
    if (!counted.ok) return counted
    this.#departures = counted.value
    return ok(undefined)
  }

  #forgetCallers(now: Instant): Promise<Result<void, StoreFailure>> {
    return this.#deps.store.unknownCallers.forget((now - CALLERS_KEEP_MS) as Instant)
  }

  async #forgetHistory(now: Instant): Promise<Result<void, StoreFailure>> {
    const before = Math.max(0, now - HISTORY_DAYS * DAY_MS) as Instant
    const forgotten = await this.#deps.store.history.forget(before)
    return forgotten.ok ? ok(undefined) : forgotten
  }

  async #forgetUnverified(now: Instant): Promise<Result<void, StoreFailure>> {
    const { store, log } = this.#deps
    const forgotten = await store.sightings.forgetUnverified((now - UNVERIFIED_KEEP_MS) as Instant)
    if (!forgotten.ok) return forgotten
    const { devices } = forgotten.value
    this.#unverifiedForgotten += devices
    if (devices > 0) log.info({ devices }, 'unverified devices were deleted')
    return ok(undefined)
  }
}

/** The same for the same configuration and name, so that a restart is not a new replica. */
export function thisInstance({ file, instance }: InstanceSource): Instance {
  const name = instance ?? hostname()
  return { id: createHash('sha256').update(`${name}\n${file}`).digest('hex').slice(0, 32), name }
}

type InstanceSource = { readonly file: string; readonly instance: string | undefined }

/** An operator who has just given out a key looks soon; a row per replica costs a store nothing. */
const REPORT_MS = 5 * 60_000
/** A walk through the fleet; who looks at one device is answered at once. */
const COUNT_MS = 5 * 60_000
/** All three only free space; what is left for an hour admits no client. With nothing to delete, a round is two index look-ups. */
const CLEANUP_MS = 60 * 60_000
/**
 * Honest devices whose CA no administrator has uploaded yet call daily, and stay. Keys that were made up to fill the
 * list of unverified devices occupy it no longer than this.
 */
const UNVERIFIED_KEEP_MS = 3 * 24 * 60 * 60_000
/** Three months of what unknown devices did: more than the longest absence that an operator waits for. */
const CALLERS_KEEP_MS = 90 * 24 * 60 * 60_000
