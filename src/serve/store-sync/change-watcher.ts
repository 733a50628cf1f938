/**
 * The primary's line to the store: what was decided there reaches every process within a second or two, and while the
 * store is away everybody judges on by what it said last (decision 19).
 */
import type { Config } from '../../config/config.ts'
import { ok, type Instant, type Result } from '../../kernel/types.ts'
import type { OverlayDelta } from '../../state/overlay.ts'
import { approvalsDelta } from '../../state/overlay.ts'
import type { StoreRules } from '../../state/rules.ts'
import { explainStore } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Since } from '../../store/feed.ts'
import type { Store } from '../../store/port.ts'
import type { OpenLog } from '../log.ts'
import { readPages } from './read-upstream-tls.ts'
import { enforcementOf, readDecisions, readDenials, readKnown, readRules } from './read-rules.ts'

/** Where news goes. */
export interface LinkSink {
  overlay(delta: OverlayDelta): void
  /** The rules for the whole fleet are others now; resolves when every process judges by them. */
  ruled(rules: StoreRules): Promise<void>
  /** A secret was replaced, or may have been. */
  sealed(): void
}

/** How the link fares. */
export interface LinkFacts {
  readonly revision: number
  /** When the store last answered. */
  readonly answeredAt: Instant
  /** Why it does not, since then. */
  readonly trouble: StoreFailure | undefined
  readonly troubles: number
}

export class StoreLink {
  readonly #store: Store
  readonly #journal: OpenLog
  #config: Config
  #sink: LinkSink | undefined
  #rules: StoreRules | undefined
  #revision = 0
  #answeredAt = Date.now() as Instant
  #trouble: StoreFailure | undefined
  #troubles = 0
  #turn: Promise<void> = Promise.resolve()
  #queued = false
  #stop: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, config: Config, journal: OpenLog) {
    this.#store = store
    this.#config = config
    this.#journal = journal
  }

  /** The rules for the whole fleet as they were read last. */
  get rules(): StoreRules | undefined {
    return this.#rules
  }

  get facts(): LinkFacts {
    return {
      revision: this.#revision,
      answeredAt: this.#answeredAt,
      trouble: this.#trouble,
      troubles: this.#troubles,
    }
  }

  /** Reads everything; a store that cannot be read whole is not begun with. */
  async begin(sink: LinkSink): Promise<Result<StoreRules, StoreFailure>> {
    this.#sink = sink
    const revision = await this.#store.feed.revision()
    if (!revision.ok) return revision
    const rules = await readRules(this.#store, this.#config, revision.value)
    if (!rules.ok) return rules
    const decisions = await readDecisions(this.#store, revision.value, (one) => sink.overlay(one))
    if (!decisions.ok) return decisions
    this.#rules = rules.value
    this.#revision = revision.value
    this.#answered()
    const pages = await readPages(this.#store, this.#config.upstreams)
    if (pages.ok) for (const line of pages.value.news) this.#journal.log.warn({}, line)
    return rules
  }

  /** From now on every change is passed on. */
  watch(): void {
    const watcher = { revision: () => this.look(), trouble: () => {} }
    // Its own poll stays silent while nothing changes, and we have to know whether the store is there.
    const watching = { from: this.#revision, pollEvery: LONGEST_TIMER_MS }
    this.#stop = this.#store.feed.watch(watcher, watching)
    this.#timer = setInterval(() => this.look(), POLL_MS)
    this.#timer.unref()
  }

  /** Looks for changes now; one at a time, and once more when somebody asks meanwhile. */
  look(): void {
    if (this.#queued) return
    this.#queued = true
    this.#turn = this.#turn.then(async () => {
      this.#queued = false
      const looked = await this.#look()
      if (looked.ok) this.#answered()
      else this.#troubled(looked.failure)
    })
    this.#turn = this.#turn.catch((error: unknown) => {
      this.#journal.log.error({ err: error }, 'a change of the store met a bug')
    })
  }

  /** The file states other things now; what of the store it beats is worked out anew. */
  async adopt(config: Config): Promise<StoreRules | undefined> {
    this.#config = config
    const rules = await readRules(this.#store, config, this.#revision)
    if (rules.ok) this.#rules = rules.value
    else if (this.#rules !== undefined) {
      // The store is away: the file may still ask for more than what it said last.
      const enforcement = enforcementOf(this.#rules.enforcement, config)
      this.#rules = { ...this.#rules, enforcement }
    }
    return this.#rules
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop?.()
    await this.#turn
  }

  async #look(): Promise<Result<void, StoreFailure>> {
    const since = await this.#store.feed.since(this.#revision)
    if (!since.ok) return since
    if (since.value.revision === this.#revision) return ok(undefined)
    const passed =
      since.value.kind === 'everything'
        ? await readDecisions(this.#store, since.value.revision, (one) => this.#sink?.overlay(one))
        : await this.#passOn(since.value)
    if (!passed.ok) return passed
    if (since.value.kind === 'everything' || RULING.some((one) => touches(since.value, one))) {
      const rules = await readRules(this.#store, this.#config, since.value.revision)
      if (!rules.ok) return rules
      this.#rules = rules.value
      await this.#sink?.ruled(rules.value)
    }
    if (since.value.kind === 'everything' || since.value.touched.has('secret')) this.#sink?.sealed()
    this.#revision = since.value.revision
    return ok(undefined)
  }

  async #passOn({
    revision,
    touched,
    approvals,
    bareKeys,
  }: Since & { kind: 'changes' }): Promise<Result<void, StoreFailure>> {
    // Devices that never had a key have nothing here that could be dropped; keys that went to another came with it.
    const bare = bareKeys.map((key) => ({ key, approval: 'unapproved' }) as const)
    const changes = [...approvals, ...bare]
    if (changes.length > 0) this.#sink?.overlay(approvalsDelta(revision, changes))
    const denied = touched.get('deny')
    if (denied !== undefined) {
      const delta = await readDenials(this.#store, denied, revision)
      if (!delta.ok) return delta
      this.#sink?.overlay(delta.value)
    }
    for (const name of touched.get('enrollment') ?? []) {
      const setting = await this.#store.enrollment.find(name)
      if (!setting.ok) return setting
      if (setting.value === undefined) continue
      const { standing } = setting.value
      const known = await readKnown(this.#store, { name, standing, revision }, (one) =>
        this.#sink?.overlay(one),
      )
      if (!known.ok) return known
    }
    return ok(undefined)
  }

  #answered(): void {
    this.#answeredAt = Date.now() as Instant
    if (this.#trouble === undefined) return
    this.#trouble = undefined
    // What was missed may be unknown, and what could not be shared can be now.
    this.#sink?.sealed()
    this.#journal.log.info({ revision: this.#revision }, 'the store answers again')
  }

  #troubled(why: StoreFailure): void {
    this.#troubles += 1
    if (this.#trouble?.kind !== why.kind) {
      const { code, sentence, nextStep } = explainStore(why)
      const facts = { code, reason: sentence, next_step: nextStep }
      this.#journal.log.error(facts, 'the store is away: judging goes on by what it said last')
    }
    this.#trouble = why
  }
}

/** Topics that speak of the whole fleet. */
const RULING = ['document', 'enforcement', 'enrollment', 'oauth', 'port'] as const

const touches = (since: Since, topic: (typeof RULING)[number]): boolean =>
  since.kind === 'changes' && since.touched.has(topic)

/** A change of another replica acts within two seconds even when its hint is lost. */
const POLL_MS = 1000
/** The longest that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
