/**
 * Watches the store for changes, in the primary: what was decided there reaches every process within a second or two,
 * and while the store is unavailable every process judges by the last known state (decision 19).
 */
import type { Config } from '../../config/config.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import { ok, type Instant, type Millis, type Result } from '../../kernel/types.ts'
import type { OverlayDelta } from '../../state/overlay.ts'
import { approvalsDelta, signedIdsDelta } from '../../state/overlay.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { explainStore } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { ChangesSince } from '../../store/feed.ts'
import type { Store } from '../../store/port.ts'
import type { Topic } from '../../store/schema/vocabulary.ts'
import type { ProcessLogger } from '../log.ts'
import { SYSTEM_CLOCK, SYSTEM_MONOTONIC_CLOCK } from '../process/system-clock.ts'
import { readUpstreamTls } from './read-upstream-tls.ts'
import { readDecisions, readDenials, readKnown, readRules } from './read-rules.ts'

/** What is called when the store has changed. */
export interface StoreEvents {
  overlayChanged(delta: OverlayDelta): void
  /**
   * The rules for the whole fleet are others now; resolves when every process judges by them. `changed` says in words
   * what of them was; nothing where it was too much to list.
   */
  rulesChanged(rules: StoreRules, changed: readonly string[]): Promise<void>
  /** Secrets of these names were replaced; any may have been where there is no list. */
  secretsChanged(names: readonly string[] | undefined): void
}

/** How reading from the store fares. */
export interface StoreStatus {
  readonly revision: number
  /** When the store last answered. */
  readonly answeredAt: Instant
  /** How long ago that is, whatever the time of the machine was set to since. */
  readonly silent: Millis
  /** Why it does not, since then. */
  readonly failure: StoreFailure | undefined
  readonly failures: number
}

export class ChangeWatcher {
  readonly #store: Store
  readonly #logger: ProcessLogger
  #config: Config
  #events: StoreEvents | undefined
  #rules: StoreRules | undefined
  #revision = 0
  #answer = answerNow()
  #failure: StoreFailure | undefined
  #failures = 0
  #queue: Promise<void> = Promise.resolve()
  #queued = false
  #stop: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, config: Config, logger: ProcessLogger) {
    this.#store = store
    this.#config = config
    this.#logger = logger
  }

  get facts(): StoreStatus {
    return {
      revision: this.#revision,
      answeredAt: this.#answer.at,
      silent: (SYSTEM_MONOTONIC_CLOCK.now() - this.#answer.moment) as Millis,
      failure: this.#failure,
      failures: this.#failures,
    }
  }

  /** Reads everything; a store that cannot be read whole is not begun with. */
  async readAll(events: StoreEvents): Promise<Result<StoreRules, StoreFailure>> {
    this.#events = events
    const revision = await this.#store.feed.revision()
    if (!revision.ok) return revision
    const rules = await readRules(this.#store, this.#config, revision.value)
    if (!rules.ok) return rules
    const decisions = await readDecisions(this.#store, revision.value, this.#applyDelta)
    if (!decisions.ok) return decisions
    this.#rules = rules.value
    this.#revision = revision.value
    this.#storeAnswered()
    const pages = await readUpstreamTls(this.#store, this.#config.upstreams)
    if (pages.ok) for (const line of pages.value.upgradeNotes) this.#logger.log.warn({}, line)
    return rules
  }

  /** From now on every change is passed on. */
  watch(): void {
    const watcher = { revision: () => this.poll(), trouble: () => {} }
    // Its own poll stays silent while nothing changes, and we have to know whether the store is there.
    const watching = { from: this.#revision, pollEvery: LONGEST_TIMER_MS }
    this.#stop = this.#store.feed.watch(watcher, watching)
    this.#timer = setInterval(() => this.poll(), POLL_MS)
    this.#timer.unref()
  }

  /** Looks for changes now; one look at a time, and once more when it is called meanwhile. */
  poll(): void {
    if (this.#queued) return
    this.#queued = true
    const { log } = this.#logger
    this.#queue = this.#queue
      .then(async () => {
        this.#queued = false
        const read = await this.#readChanges()
        const writable = read.ok ? await this.#store.feed.lookAhead() : read
        if (read.ok) this.#answer = answerNow()
        if (writable.ok) this.#storeAnswered()
        else this.#storeFailed(writable.failure)
      })
      .catch((error: unknown) =>
        log.error({ err: error }, 'internal error while a change of the store was applied'),
      )
  }

  /** The file names other listeners and upstreams now; while the store is away, what it said last stays in force. */
  async adopt(config: Config): Promise<StoreRules | undefined> {
    this.#config = config
    const rules = await readRules(this.#store, config, this.#revision)
    if (rules.ok) this.#rules = rules.value
    return this.#rules
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop?.()
    await this.#queue
  }

  async #readChanges(): Promise<Result<void, StoreFailure>> {
    const read = await this.#store.feed.since(this.#revision)
    if (!read.ok) return read
    const since = read.value
    if (since.revision === this.#revision) return ok(undefined)
    const isTouched = (topic: Topic) => since.kind === 'everything' || since.changed.has(topic)
    const passed =
      since.kind === 'everything'
        ? await readDecisions(this.#store, since.revision, this.#applyDelta)
        : await this.#applyChanges(since)
    if (!passed.ok) return passed
    if (RULE_TOPICS.some(isTouched)) {
      const rules = await readRules(this.#store, this.#config, since.revision)
      if (!rules.ok) return rules
      this.#rules = rules.value
      await this.#events?.rulesChanged(rules.value, changedRules(since))
    }
    if (isTouched('secret')) {
      this.#events?.secretsChanged(
        since.kind === 'changes' ? since.changed.get('secret') : undefined,
      )
    }
    this.#revision = since.revision
    return ok(undefined)
  }

  readonly #applyDelta = (delta: OverlayDelta): void => this.#events?.overlayChanged(delta)

  async #applyChanges({
    revision,
    changed,
    approvals,
    signedIds,
    orphanedKeys,
  }: ChangesSince & { kind: 'changes' }): Promise<Result<void, StoreFailure>> {
    // Devices that never had a key have nothing here that could be dropped; keys that went to another came with it.
    const bare = orphanedKeys.map((key) => ({ key, approval: 'unapproved' }) as const)
    const changes = [...approvals, ...bare]
    if (changes.length > 0) this.#applyDelta(approvalsDelta(revision, changes))
    if (signedIds.length > 0) this.#applyDelta(signedIdsDelta(revision, signedIds))
    const denied = changed.get('deny')
    if (denied !== undefined) {
      const delta = await readDenials(this.#store, denied, revision)
      if (!delta.ok) return delta
      this.#applyDelta(delta.value)
    }
    for (const name of changed.get('enrollment') ?? []) {
      const setting = await this.#store.enrollment.find(name)
      if (!setting.ok) return setting
      if (setting.value === undefined) continue
      const { standing } = setting.value
      const query = { name, standing, revision }
      const known = await readKnown(this.#store, query, this.#applyDelta)
      if (!known.ok) return known
    }
    return ok(undefined)
  }

  #storeAnswered(): void {
    this.#answer = answerNow()
    if (this.#failure === undefined) return
    this.#failure = undefined
    // What was missed may be unknown, and what could not be shared can be now.
    this.#events?.secretsChanged(undefined)
    this.#logger.log.info({ revision: this.#revision }, 'the store answers again')
  }

  #storeFailed(why: StoreFailure): void {
    this.#failures += 1
    if (this.#failure?.kind !== why.kind) {
      const facts = explanationFields(explainStore(why))
      this.#logger.log.error(facts, FAILED[why.kind] ?? UNAVAILABLE)
    }
    this.#failure = why
  }
}

/** An answer of the store came now: as a date for people, and on the clock that only goes forward. */
const answerNow = () => ({ at: SYSTEM_CLOCK.now(), moment: SYSTEM_MONOTONIC_CLOCK.now() })

const UNAVAILABLE = 'the store is unavailable: the last known state stays in force'
/** What is said in the log where the store answers, or another one does. */
const FAILED: Readonly<Partial<Record<StoreFailure['kind'], string>>> = {
  'store-read-only':
    'the store cannot be written: changes are refused, and what it says stays in force',
  'store-replaced':
    'the file of the store was taken away, replaced or written over: changes are refused, and the last known state stays in force',
}

/** Topics that speak of the whole fleet. */
const RULE_TOPICS = ['document', 'enforcement', 'enrollment', 'oauth', 'port'] as const

/** `enrollment Previous Device CA`: each topic with what it speaks of. */
const changedRules = (since: ChangesSince): readonly string[] =>
  since.kind === 'everything'
    ? []
    : RULE_TOPICS.flatMap((topic) =>
        (since.changed.get(topic) ?? []).map((subject) =>
          subject === topic ? topic : `${topic} ${subject}`,
        ),
      )

/** A change of another replica acts within two seconds even when its hint is lost. */
const POLL_MS = 1000
/** The longest that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
