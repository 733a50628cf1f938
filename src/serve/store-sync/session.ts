/**
 * The store while serving, in the one process that has it: opened and held, watched, written to, and ended in order.
 */
import type { Config } from '../../config/config.ts'
import { explainHold, holdStore, type Hold } from '../../store/engine/lock.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import type { StoreRules } from '../../state/rules.ts'
import type { World } from '../../state/world.ts'
import { explainStore } from '../../store/explain.ts'
import type { Store } from '../../store/port.ts'
import { seed } from './create.ts'
import { Ledger } from './sighting-writer.ts'
import { ledgerLines } from '../ledger-lines.ts'
import { Housekeeping, thisInstance } from './maintenance.ts'
import type { OpenLog } from '../log.ts'
import { keptStore, openKept, settingsOf, storeFault, type Kept } from './open.ts'
import { StoreLink, type LinkSink } from './change-watcher.ts'
import {
  OWN_TICKETS,
  TicketShare,
  type TicketSecret,
  type TicketSource,
} from '../reload/shared-ticket-secret.ts'
import { StoreMetrics } from './metrics.ts'

interface Parts {
  readonly hold: Hold
  readonly link: StoreLink
  readonly journal: OpenLog
  readonly ledgerLimit: number | undefined
  readonly housekeeping: Housekeeping
}

export class Storage {
  readonly store: Store
  readonly ledger: Ledger
  readonly #kept: Kept
  readonly #hold: Hold
  readonly #link: StoreLink
  readonly #housekeeping: Housekeeping
  readonly #metrics = new StoreMetrics()

  /** Opens what the configuration names; undefined where it wants none, in writing. */
  static async open(
    config: Config,
    journal: OpenLog,
    ledgerLimit?: number,
  ): Promise<Result<Storage | undefined, readonly Fault[]>> {
    if (config.store?.kind === 'dangerous-none') return ok(undefined)
    const kept = keptStore(config)
    if (!kept.ok) return kept
    const opened = await openKept(kept.value)
    if (!opened.ok) return opened
    const hold = await holdStore(settingsOf(kept.value), 'serving')
    if (!hold.ok) {
      await opened.value.close()
      return fail([{ at: kept.value.at, message: explainHold(hold.failure) }])
    }
    const link = new StoreLink(opened.value, config, journal)
    const housekeeping = new Housekeeping({
      store: opened.value,
      log: journal.log,
      clock: { now: () => Date.now() as Instant },
      instance: thisInstance(config),
    })
    const parts = { hold: hold.value, link, journal, housekeeping, ledgerLimit }
    return ok(new Storage(kept.value, opened.value, parts))
  }

  private constructor(kept: Kept, store: Store, parts: Parts) {
    this.#kept = kept
    this.store = store
    this.#hold = parts.hold
    this.#link = parts.link
    this.#housekeeping = parts.housekeeping
    this.ledger = new Ledger(store.sightings, {
      listener: ledgerLines(parts.journal),
      ...(parts.ledgerLimit === undefined ? {} : { limit: parts.ledgerLimit }),
    })
  }

  /** Reads everything for the first time; a store without enrollment settings gets those of the file. */
  async begin(written: World, sink: LinkSink): Promise<Result<StoreRules, readonly Fault[]>> {
    const settings = await this.store.enrollment.list()
    if (!settings.ok) return fail([storeFault(this.#kept, settings.failure)])
    if (settings.value.length === 0) {
      const seeded = await seed(this.store, written, { who: 'auto', from: 'start' })
      if (!seeded.ok) return fail([storeFault(this.#kept, seeded.failure)])
    }
    const rules = await this.#link.begin(sink)
    return rules.ok ? rules : fail([storeFault(this.#kept, rules.failure)])
  }

  /** Where the secret behind session tickets comes from, and the one to begin with. */
  async tickets({ log }: OpenLog): Promise<{ source: TicketSource; first: TicketSecret }> {
    // An embedded store serves one instance: on disk the secret would help nobody, and outlive what it opens.
    if (this.#kept.kind === 'sqlite') {
      return { source: OWN_TICKETS, first: await OWN_TICKETS.replace() }
    }
    const source = new TicketShare(this.store.secrets, log, {
      now: () => Date.now() as Instant,
    })
    return { source, first: await source.begin() }
  }

  /** From now on every change is passed on, and the store is kept in order. */
  watch(): void {
    this.#link.watch()
    this.#housekeeping.begin()
  }

  adopt(config: Config): Promise<StoreRules | undefined> {
    return this.#link.adopt(config)
  }

  /** Of the store, as what is judged by. */
  get revision(): number {
    return this.#link.facts.revision
  }

  /** Why no traffic should come: what is judged by is too old. */
  unready(): string | undefined {
    const { answeredAt } = this.#link.facts
    const silent = Date.now() - answeredAt
    if (silent < TOO_OLD_MS) return undefined
    return `the store has not answered for ${Math.floor(silent / 60_000)} minutes`
  }

  /** What whoever asks for readiness should know although traffic may come. */
  remark(): string | undefined {
    const { trouble, answeredAt } = this.#link.facts
    const counts = this.ledger.counts()
    // A locked file can still be read: only writing tells. And a database that hangs says nothing at all.
    const why = trouble ?? counts.trouble
    const isSilent = Date.now() - answeredAt >= SILENT_MS
    if (why === undefined && !isSilent) return undefined
    const sentence = why === undefined ? 'the store does not answer' : explainStore(why).sentence
    const since = new Date(answeredAt).toISOString()
    const basis =
      trouble === undefined && !isSilent
        ? 'judging by what it says'
        : `judging by what it said last at ${since}`
    return `${sentence}; ${basis}; ${counts.buffered} sightings wait, ${counts.dropped} were dropped`
  }

  text(): Promise<string> {
    const { facts } = this.#link
    return this.#metrics.text(facts, this.ledger.counts(), this.#housekeeping.counts)
  }

  /** Writes what waits, and lets go. */
  async close(): Promise<void> {
    await this.#link.close()
    await this.ledger.close()
    const isThere =
      this.#link.facts.trouble === undefined && this.ledger.counts().trouble === undefined
    await this.#housekeeping.close({ leaving: isThere })
    await this.store.close()
    await this.#hold.release()
  }
}

/** Decision 19: a block of a quarter of an hour ago that is not in force here would surprise its administrator. */
const TOO_OLD_MS = 15 * 60_000
/** It is asked once a second; a change of a large fleet keeps it busy for less than this. */
const SILENT_MS = 15_000
