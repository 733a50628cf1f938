/**
 * The change feed: what a snapshot has to fetch since the revision that it was built from. A hint may come early,
 * late or never; the revision is the truth, and is asked for regularly.
 */
import { fail, ok, type KeyFingerprint } from '../kernel/types.ts'
import {
  deviceInSubject,
  idInSubject,
  keyInSubject,
  readKeyApproval,
  type KeyApproval,
} from './devices/approvals.ts'
import { pruneFeed, type Transactions } from './transactions.ts'
import { idApprovals, type IdApproval } from './devices/ids-by-device.ts'
import type { Dialect, Engine } from './engine/engine.ts'
import type { Answer, StoreTrouble } from './failure.ts'
import { inList } from './engine/bulk-rows.ts'
import { enumColumn } from './schema/row.ts'
import { TOPICS, type Topic } from './schema/vocabulary.ts'
import type { Db } from './schema/tables.ts'

/** What happened after a revision. */
export type ChangesSince =
  /** Nothing is missing from this; `revision` is what to ask from next time. */
  | {
      readonly kind: 'changes'
      readonly revision: number
      /** Subjects per topic; fetch what is cheap anew. */
      readonly changed: ReadonlyMap<Topic, readonly string[]>
      /** Every key of every device whose approval may have changed, as it is now. */
      readonly approvals: readonly KeyApproval[]
      /** Every id that leads or led to those devices, as it is now. */
      readonly signedIds: readonly IdApproval[]
      /** Devices among them that are gone, or have no key: drop what you hold for them. */
      readonly forgotten: readonly string[]
      /** Keys of such devices that no other device holds: they are approved no more. */
      readonly orphanedKeys: readonly KeyFingerprint[]
    }
  /** So much, or so long ago, that everything is to be read anew. */
  | { readonly kind: 'everything'; readonly revision: number }

/** A `Watcher` is told of changes. */
export interface Watcher {
  /** A change was made; called with each revision that is found, never twice with the same. */
  revision(revision: number): void
  /** The store did not answer a poll. */
  trouble(why: StoreTrouble): void
}

export class Feed {
  readonly #transactions: Transactions
  readonly #engine: Engine
  constructor(transactions: Transactions, engine: Engine) {
    this.#transactions = transactions
    this.#engine = engine
  }

  /** The revision now. */
  revision(): Answer<number> {
    return this.#transactions.read(revisionOf)
  }

  /** Why a change would fail now, where that can be told without one. */
  async lookAhead(): Answer<void> {
    const trouble = await this.#engine.lookAhead()
    return trouble === undefined ? ok(undefined) : fail(trouble)
  }

  /** What changed after a revision; costs what changed. */
  since(revision: number): Answer<ChangesSince> {
    const { dialect } = this.#transactions
    return this.#transactions.read(async (db): Promise<ChangesSince> => {
      // The revision first: what changes between the two questions is told now and once more next time.
      const meta = await db
        .selectFrom('store_meta')
        .select(['revision', 'feed_from'])
        .executeTakeFirstOrThrow()
      if (revision < meta.feed_from || revision > meta.revision) {
        return { kind: 'everything', revision: meta.revision }
      }
      const rows = await db
        .selectFrom('changes')
        .select(['topic', 'subject'])
        .distinct()
        .where('revision', '>', revision)
        .limit(FEED_LIMIT + 1)
        .execute()
      if (rows.length > FEED_LIMIT) return { kind: 'everything', revision: meta.revision }
      const changed = new Map<Topic, string[]>()
      for (const row of rows) {
        const topic = enumColumn({ table: 'changes', key: row.subject, row }, 'topic', TOPICS)
        const subjects = changed.get(topic)
        if (subjects === undefined) changed.set(topic, [row.subject])
        else subjects.push(row.subject)
      }
      const subjects = changed.get('approval') ?? []
      const keys = subjects.flatMap((subject) => keyInSubject(subject) ?? [])
      const ids = subjects.flatMap((subject) => idInSubject(subject) ?? [])
      const devices = subjects.flatMap((subject) => deviceInSubject(subject) ?? [])
      const approvals = [
        ...(await approvalsOf(db, 'device', { dialect, subjects: devices })),
        ...(await approvalsOf(db, 'key', { dialect, subjects: keys })),
      ]
      const there = new Set(approvals.map(({ device }) => device))
      const held = new Set(approvals.map(({ key }) => key))
      const forgotten = devices.filter((id) => !there.has(id))
      const orphanedKeys = keys.filter((key) => !held.has(key))
      return {
        kind: 'changes',
        revision: meta.revision,
        changed,
        approvals,
        signedIds: await idApprovals(db, dialect, { devices, ids }),
        forgotten,
        orphanedKeys,
      }
    })
  }

  /** Forgets changes older than a revision; a caller that asks from before it reads everything anew. */
  prune(before: number): Answer<void> {
    return this.#transactions.write<void, StoreTrouble>(async (tx) =>
      ok(await pruneFeed(tx, before)),
    )
  }

  /** Watches until the answer is called; a poll every `pollEvery` milliseconds, at once on a hint. */
  watch(watcher: Watcher, { from, pollEvery }: WatchOptions): () => void {
    let seen = from
    let polling = false
    let pollAgain = false
    let stopped = false
    const notify = (revision: number): void => {
      if (stopped || revision <= seen) return
      seen = revision
      watcher.revision(revision)
    }
    const poll = async (): Promise<void> => {
      if (polling) {
        pollAgain = true
        return
      }
      polling = true
      do {
        pollAgain = false
        const found = await this.revision()
        if (stopped) return
        if (found.ok) notify(found.value)
        else watcher.trouble(found.failure)
      } while (pollAgain)
      polling = false
    }
    const stopOwn = this.#transactions.onChange(notify)
    const stopHints = this.#engine.listen(() => void poll())
    const timer = setInterval(() => void poll(), pollEvery)
    timer.unref()
    return () => {
      stopped = true
      clearInterval(timer)
      stopOwn()
      stopHints()
    }
  }
}

/** How to watch. */
export interface WatchOptions {
  /** The revision that is known already. */
  readonly from: number
  /** Milliseconds; 1,000 lets a change of another replica act within two seconds even without hints. */
  readonly pollEvery: number
}

/** Subjects in one answer; past that reading everything is cheaper than telling the difference. */
const FEED_LIMIT = 20_000

async function revisionOf(db: Db): Promise<number> {
  const { revision } = await db
    .selectFrom('store_meta')
    .select('revision')
    .executeTakeFirstOrThrow()
  return revision
}

async function approvalsOf(
  db: Db,
  by: 'device' | 'key',
  { dialect, subjects }: { readonly dialect: Dialect; readonly subjects: readonly string[] },
): Promise<readonly KeyApproval[]> {
  if (subjects.length === 0) return []
  const rows = await db
    .selectFrom('device_keys')
    .innerJoin('devices', 'devices.id', 'device_keys.device')
    .select(['device_keys.key', 'device_keys.device', 'devices.approval'])
    .where(`device_keys.${by}`, 'in', inList(dialect, subjects))
    .orderBy('device_keys.key')
    .execute()
  return rows.map(readKeyApproval)
}
