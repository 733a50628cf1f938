/**
 * Rolls up hours, in the process that has the store: each minute it takes what was counted since the last time, asks the store
 * how the fleet is, unless that takes it long, and writes both. While the store is away, or keeps an answer waiting, counts wait, for a week at most; of
 * the fleet there is nothing to say then.
 *
 * A front end that is killed loses what it counted since its last minute, and what waits; a worker what it counted since it was
 * heard last. Nothing counts twice: totals never fall when a worker dies, and a batch whose answer was lost is given again
 * under its name.
 */
import { randomUUID } from 'node:crypto'
import { COUNT_KINDS, type FleetStates } from '../../fleet/history.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Clock } from '../../kernel/ports.ts'
import { HOUR_MS, type Instant, type Result } from '../../kernel/types.ts'
import type { MetricFamilies } from '../../record/metric-families.ts'
import { explainStore, isTrouble } from '../../store/explain.ts'
import type { StoreFailure, StoreTrouble } from '../../store/failure.ts'
import type { HistoryBatch } from '../../store/history/history.ts'
import type { ProcessLogger } from '../log.ts'
import { totalsOf, type Totals } from './counted.ts'
import { statesOf, type FleetNumbers } from './fleet-numbers.ts'
import { WaitingHours } from './waiting-hours.ts'

/** Where batches go. */
export interface HistoryStore {
  record(batch: HistoryBatch, fleet?: FleetStates): Promise<Result<unknown, StoreFailure>>
}

/** What is rolled up. */
export interface HistorySources {
  /** What every process has counted since the start. */
  families(): Promise<MetricFamilies>
  numbers(): Promise<Result<FleetNumbers, StoreTrouble>>
}

export interface HistoryCounts {
  /** Hours whose counts wait. */
  readonly buffered: number
  /** Hours, or parts of them, whose counts never reach the store. */
  readonly dropped: number
  /** Times that something could not be read or written. */
  readonly failures: number
}

export interface HistoryRecorderOptions {
  readonly clock: Clock
  readonly logger: Pick<ProcessLogger, 'log'>
  /** Hours that may wait. */
  readonly limit?: number
}

/** One per front end. */
export class HistoryRecorder {
  readonly #store: HistoryStore
  readonly #options: HistoryRecorderOptions
  /** Of this run, among all that write. */
  readonly #writer = randomUUID()
  readonly #waiting: WaitingHours
  /** What is being written; it stays here, under its name, until the store has answered. */
  #writing: HistoryBatch | undefined
  #sources: HistorySources | undefined
  /** When what is counted next began. */
  #since: Instant
  #before: Totals | undefined
  #timer: NodeJS.Timeout | undefined
  #taken: Promise<void> = Promise.resolve()
  /** One attempt at a time: while the store keeps one waiting, others would pile up behind it. */
  #attempt: Promise<void> | undefined
  #closed = false
  #numbers: FleetNumbers | undefined
  /** When the store had said them, and for how long it is not asked again. */
  #numbersAt: number = 0
  #restMs = 0
  #failures = 0
  #unwritten: StoreFailure['kind'] | undefined
  #unread: StoreFailure['kind'] | undefined

  constructor(store: HistoryStore, options: HistoryRecorderOptions) {
    this.#store = store
    this.#options = options
    this.#waiting = new WaitingHours(options.limit ?? HOURS)
    this.#since = options.clock.now()
  }

  /** As the store said it last; undefined before the first answer. */
  get numbers(): FleetNumbers | undefined {
    return this.#numbers
  }

  counts(): HistoryCounts {
    return {
      buffered: this.#waiting.size + (this.#writing === undefined ? 0 : 1),
      dropped: this.#waiting.dropped,
      failures: this.#failures,
    }
  }

  /** Begins, at once and then shortly after each minute, so that an hour ends with a round. */
  start(sources: HistorySources): void {
    this.#sources = sources
    const next = (): void => {
      void this.round()
      const wait = ROUND_MS - (Date.now() % ROUND_MS) + AFTER_MS
      this.#timer = setTimeout(next, wait).unref()
    }
    next()
  }

  /** Takes what was counted, and then asks and writes, where the store does not keep the round before waiting. */
  async round(): Promise<void> {
    this.#taken = this.#taken.then(() => this.#safely((sources) => this.#take(sources)))
    await this.#taken
    this.#attempt ??= this.#safely((sources) => this.#askAndWrite(sources)).finally(() => {
      this.#attempt = undefined
    })
    await this.#attempt
  }

  /** Takes and writes the last, when no process counts any more: what the store does not take then is lost, and said. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#sources === undefined) return
    this.#closed = true
    await this.#attempt
    await this.round()
    const { buffered } = this.counts()
    if (buffered > 0) {
      this.#options.logger.log.error(
        { hours: buffered },
        'the last counts of the history did not reach the store',
      )
    }
  }

  /** A bug of ours must not end the front end for a chart. */
  async #safely(work: (sources: HistorySources) => Promise<void>): Promise<void> {
    if (this.#sources === undefined) return
    try {
      await work(this.#sources)
    } catch (error) {
      this.#failures += 1
      this.#options.logger.log.error({ err: error }, 'history hit an internal error')
    }
  }

  async #askAndWrite(sources: HistorySources): Promise<void> {
    // The last round is about what was counted; the next front end says how the fleet is.
    const fleet = this.#closed ? undefined : await this.#ask(sources)
    await this.#write(fleet)
  }

  /** What was counted belongs to the hour in which its minute began. */
  async #take(sources: HistorySources): Promise<void> {
    const totals = totalsOf(await sources.families())
    const before = this.#before
    const counts = COUNT_KINDS.flatMap((kind) =>
      [...totals[kind]].flatMap(([name, total]) => {
        const value = total - (before?.[kind].get(name) ?? 0)
        // Decisions are told although there was none: the hour was counted.
        return value > 0 || kind === 'requests' ? [{ kind, name, value }] : []
      }),
    )
    this.#before = totals
    this.#waiting.add(this.#since, counts)
    this.#since = this.#options.clock.now()
  }

  async #ask(sources: HistorySources): Promise<FleetStates | undefined> {
    const { clock } = this.#options
    const begun = clock.now()
    // A clock that was set back makes no rest longer.
    if (begun >= this.#numbersAt && begun < this.#numbersAt + this.#restMs) return undefined
    const read = await sources.numbers()
    this.#numbersAt = clock.now()
    const rest = (this.#numbersAt - begun) * REST_FACTOR
    this.#restMs = read.ok ? Math.min(rest, MOST_REST_MS) : 0
    if (!read.ok) {
      this.#failures += 1
      if (this.#unread !== read.failure.kind) this.#warn(read.failure, UNREAD)
      this.#unread = read.failure.kind
      return undefined
    }
    if (this.#unread !== undefined) {
      this.#options.logger.log.info({}, 'the numbers of the fleet are read again')
    }
    this.#unread = undefined
    this.#numbers = read.value
    return statesOf(read.value)
  }

  async #write(fleet: FleetStates | undefined): Promise<void> {
    let states = fleet
    this.#dropLate()
    for (;;) {
      this.#writing ??= this.#nextBatch()
      const batch = this.#writing
      if (batch === undefined) return
      const written = await this.#store.record(batch, states)
      if (!written.ok && isTrouble(written.failure)) return this.#failed(written.failure, WAITS)
      // What can never be taken must not stop what is behind it.
      if (!written.ok) this.#drop(written.failure)
      else this.#answered()
      this.#writing = undefined
      states = undefined
    }
  }

  /** The store knows the name of a batch not much longer, and would count it twice. */
  #dropLate(): void {
    const { clock, limit = HOURS } = this.#options
    if (this.#writing === undefined || this.#writing.at >= clock.now() - limit * HOUR_MS) return
    this.#writing = undefined
    this.#waiting.dropped += 1
  }

  #nextBatch(): HistoryBatch | undefined {
    const hour = this.#waiting.take()
    return hour && { ...hour, writer: this.#writer, id: randomUUID() }
  }

  #drop(why: StoreFailure): void {
    this.#waiting.dropped += 1
    this.#failed(why, DROPPED)
  }

  /** One line for a store that is away, not one each minute. */
  #failed(why: StoreFailure, message: string): void {
    this.#failures += 1
    if (this.#unwritten !== why.kind) this.#warn(why, message)
    this.#unwritten = why.kind
  }

  #answered(): void {
    if (this.#unwritten === undefined) return
    this.#unwritten = undefined
    this.#options.logger.log.info({}, 'the history is written again')
  }

  #warn(why: StoreFailure, message: string): void {
    this.#options.logger.log.warn(explanationFields(explainStore(why)), message)
  }
}

const WAITS = 'the history cannot be written: counts wait'
const DROPPED = 'counts of the history are dropped, because the store does not take them'
const UNREAD = 'the numbers of the fleet cannot be read: they stay as they were'

/** A chart is drawn by the hour, and the numbers of 100,000 devices take SQLite's thread some 40 ms (measured). */
const ROUND_MS = 60_000
/**
 * The numbers take the store a five-hundredth of its time at most: where 100,000 devices of the inventory call without a
 * certificate they take 0.3 s (measured), in which it does nothing else. An hour has some all the same.
 */
const REST_FACTOR = 500
const MOST_REST_MS = 15 * 60_000
/** A timer may be early by the clock, and would put a minute into the hour before. */
const AFTER_MS = 50
/** A week, in some MB: longer than a database is ever away. */
const HOURS = 7 * 24
