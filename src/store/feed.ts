/**
 * The change feed: what a snapshot has to fetch since the revision that it was built from. A hint may come early,
 * late or never; the revision is the truth, and is asked for regularly.
 */
import { sql, type SqlBool } from 'kysely'
import type { Approval } from '../decide/policy.ts'
import { ok, type KeyFingerprint } from '../kernel/types.ts'
import {
  idInSubject,
  isTraceSubject,
  keyInSubject,
  readKeyApproval,
  type KeyApproval,
} from './devices/approvals.ts'
import { pruneFeed, type Transactions } from './transactions.ts'
import type { Dialect, Engine } from './engine/engine.ts'
import type { Answer, StoreTrouble } from './failure.ts'
import { inList } from './engine/bulk-rows.ts'
import { enumColumn } from './schema/row.ts'
import { APPROVALS, TOPICS, type Topic } from './schema/vocabulary.ts'
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
      readonly signedIds: readonly SignedIdApproval[]
      /** Devices among them that are gone, or have no key: drop what you hold for them. */
      readonly forgotten: readonly string[]
      /** Keys of such devices that no other device holds: they are approved no more. */
      readonly orphanedKeys: readonly KeyFingerprint[]
    }
  /** So much, or so long ago, that everything is to be read anew. */
  | { readonly kind: 'everything'; readonly revision: number }

/** A signed id, and what the device that it leads to is; `unapproved` where it leads to none. */
export interface SignedIdApproval {
  readonly id: string
  readonly approval: Approval
}

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
      const devices = subjects.filter((subject) => !isTraceSubject(subject))
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
        signedIds: await signedIdsOf(db, dialect, { devices, ids }),
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

interface IdQuery {
  readonly devices: readonly string[]
  readonly ids: readonly string[]
}

async function signedIdsOf(
  db: Db,
  dialect: Dialect,
  { devices, ids }: IdQuery,
): Promise<readonly SignedIdApproval[]> {
  const proven = [
    ...(await provenIds(db, 'device', { dialect, subjects: devices })),
    ...(await provenIds(db, 'id', { dialect, subjects: ids })),
  ]
  const approvals = new Map<string, Approval>(ids.map((id) => [id, 'unapproved']))
  for (const { id, approval } of proven) approvals.set(id, approval)
  const isProven = new Set(proven.map(({ id }) => id))
  const entries = [
    ...(await entriesOf(db, 'id', { dialect, subjects: devices })),
    ...(await entriesOf(db, 'inventory_id', { dialect, subjects: ids })),
  ]
  for (const { id, approval } of entries) {
    // What its owner proved says more than an entry that never showed a key, and such an entry approves no device.
    if (approval === 'blocked') approvals.set(id, approval)
    else if (!isProven.has(id)) approvals.set(id, 'unapproved')
  }
  return [...approvals].map(([id, approval]) => ({ id, approval }))
}

async function provenIds(
  db: Db,
  by: 'device' | 'id',
  { dialect, subjects }: { readonly dialect: Dialect; readonly subjects: readonly string[] },
): Promise<readonly SignedIdApproval[]> {
  if (subjects.length === 0) return []
  const rows = await db
    .selectFrom('signed_ids')
    .innerJoin('devices', 'devices.id', 'signed_ids.device')
    .select(['signed_ids.id', 'signed_ids.device', 'devices.approval'])
    .where(`signed_ids.${by}`, 'in', inList(dialect, subjects))
    .orderBy('signed_ids.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    approval: enumColumn({ table: 'devices', key: row.device, row }, 'approval', APPROVALS),
  }))
}

/** The inventory ids of devices that have not shown a key and that no device has proven. */
async function entriesOf(
  db: Db,
  by: 'id' | 'inventory_id',
  { dialect, subjects }: { readonly dialect: Dialect; readonly subjects: readonly string[] },
): Promise<readonly SignedIdApproval[]> {
  if (subjects.length === 0) return []
  const rows = await db
    .selectFrom('devices')
    .select(['id', 'inventory_id', 'approval'])
    .where(by, 'in', inList(dialect, subjects))
    .where('inventory_id', 'is not', null)
    .where(sql<SqlBool>`not exists (select 1 from device_keys where device = devices.id)`)
    .where(sql<SqlBool>`not exists (select 1 from signed_ids where signed_ids.id = inventory_id)`)
    .orderBy('inventory_id')
    .execute()
  return rows.flatMap((row) => {
    if (row.inventory_id === null) return []
    const at = { table: 'devices', key: row.id, row } as const
    return [{ id: row.inventory_id, approval: enumColumn(at, 'approval', APPROVALS) }]
  })
}
