/**
 * Who is approved and who is blocked. Approval belongs to the device, and reaches a certificate only through a key
 * of that device (decision 9).
 */
import { sql, type Selectable, type SqlBool } from 'kysely'
import { fail, ok, type Instant, type KeyFingerprint } from '../../kernel/types.ts'
import { hasValidCertificate, readTrusted } from './approvable.ts'
import { chunks, type Transactions, type Actor } from '../transactions.ts'
import type { Answer, Outcome } from '../failure.ts'
import { hasNoKey } from './ids-by-device.ts'
import { inList } from '../engine/bulk-rows.ts'
import { boundedLimit, pageOf, parseCursor, type Page, type PageRequest } from '../page.ts'
import { enumColumn } from '../schema/row.ts'
import type { Tx, Tables } from '../schema/tables.ts'
import { APPROVALS, type Approval } from '../schema/vocabulary.ts'

/** A device, and the version of it that the decision was made on. */
export interface SelectedDevice {
  readonly id: string
  /** Undefined is `*`. */
  readonly expected?: number | undefined
}

/** Why a selected device was left as it was. */
export type SkipReason =
  'not-found' | 'stale' | 'already' | 'blocked' | 'no-valid-certificate' | 'not-blocked'

export interface DecisionOutcome {
  readonly changed: readonly string[]
  readonly left: readonly { readonly id: string; readonly why: SkipReason }[]
}

/** Part of a list that is read whole: what comes behind `after`. */
export interface IdPageRequest {
  readonly after?: string | undefined
  readonly limit: number
}

/** A key, and what its device's approval is. */
export interface KeyApproval {
  readonly key: KeyFingerprint
  readonly device: string
  readonly approval: Approval
}

export class Approvals {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Approve selected (S2-18): unapproved devices whose last certificate was fit and still is at `validAt`; the rest is left. */
  approve(
    actor: Actor,
    selected: readonly SelectedDevice[],
    validAt: Instant,
  ): Outcome<DecisionOutcome> {
    return this.#decide(actor, selected, {
      approval: 'approved',
      skipRule: async (tx) => {
        const criteria = { validAt, trusted: await readTrusted(tx, validAt) }
        return (row) => {
          if (row.approval === 'blocked') return 'blocked'
          if (row.approval === 'approved') return 'already'
          return hasValidCertificate(row, criteria) ? undefined : 'no-valid-certificate'
        }
      },
    })
  }

  /** Block; takes effect whatever the device's certificate is like. */
  block(actor: Actor, selected: readonly SelectedDevice[]): Outcome<DecisionOutcome> {
    const skip: SkipRule = ({ approval }) => (approval === 'blocked' ? 'already' : undefined)
    return this.#decide(actor, selected, { approval: 'blocked', skipRule: () => skip })
  }

  /** Lifts blocks: the devices are unapproved again, and have to be approved anew. */
  unblock(actor: Actor, selected: readonly SelectedDevice[]): Outcome<DecisionOutcome> {
    const skip: SkipRule = ({ approval }) => (approval === 'blocked' ? undefined : 'not-blocked')
    return this.#decide(actor, selected, { approval: 'unapproved', skipRule: () => skip })
  }

  /** Takes approvals back without blocking. */
  withdraw(actor: Actor, selected: readonly SelectedDevice[]): Outcome<DecisionOutcome> {
    const skip: SkipRule = ({ approval }) =>
      approval === 'blocked' ? 'blocked' : approval === 'unapproved' ? 'already' : undefined
    return this.#decide(actor, selected, { approval: 'unapproved', skipRule: () => skip })
  }

  #decide(
    actor: Actor,
    selected: readonly SelectedDevice[],
    { approval, skipRule }: DecisionRule,
  ): Outcome<DecisionOutcome> {
    const found = selected.length
    if (found > SELECTION_LIMIT) {
      return Promise.resolve(
        fail({ kind: 'too-many', what: 'device', found, limit: SELECTION_LIMIT }),
      )
    }
    const { dialect } = this.#transactions
    return this.#transactions.change<DecisionOutcome>(actor, async (tx, now) => {
      const ids = [...new Set(selected.map(({ id }) => id))]
      const rows = await tx
        .selectFrom('devices')
        .selectAll()
        .where('id', 'in', inList(dialect, ids))
        .execute()
      const skipReasonOf = await skipRule(tx)
      const byId = new Map(rows.map((row) => [row.id, row]))
      const changed = new Map<string, DeviceRow>()
      const left: { id: string; why: SkipReason }[] = []
      for (const { id, expected } of selected) {
        const row = byId.get(id)
        const why =
          row === undefined
            ? 'not-found'
            : expected !== undefined && expected !== row.version
              ? 'stale'
              : skipReasonOf(row)
        if (why !== undefined || row === undefined) left.push({ id, why: why ?? 'not-found' })
        else changed.set(id, row)
      }
      for (const chunk of chunks([...changed.keys()])) {
        await tx
          .updateTable('devices')
          .set((eb) => ({
            approval,
            approval_by: actor.who,
            approval_at: now,
            // Green only when the device has been seen with it (S2-16).
            awaiting: Number(approval === 'approved'),
            version: eb('version', '+', 1),
          }))
          .where('id', 'in', chunk)
          .execute()
      }
      return ok({
        value: { changed: [...changed.keys()], left },
        entries: [...changed.values()].map((row) => ({
          action: ACTION[approval],
          subject: row.id,
          before: { approval: row.approval },
          after: { approval },
        })),
        notices: [...changed.keys()].map((id) => ({ topic: 'approval', subject: id })),
      })
    })
  }

  /** Keys of the devices with one approval, device by device: what a snapshot's overlay begins with. */
  async keys(approval: Approval, request: PageRequest): Outcome<Page<KeyApproval>> {
    const cursor = parseCursor(request.after, 'string')
    if (!cursor.ok) return cursor
    return await this.#transactions.read(async (db) => {
      let query = db
        .selectFrom('devices')
        // CROSS: SQLite keeps this order of the tables, and so finds the rows in the order of the pages.
        .crossJoin('device_keys')
        .select(['device_keys.key', 'device_keys.device', 'devices.approval'])
        .whereRef('device_keys.device', '=', 'devices.id')
        .where('devices.approval', '=', approval)
        .orderBy('devices.id')
        .orderBy('device_keys.key')
      if (cursor.value !== undefined) {
        const [device, key] = cursor.value
        query = query
          .where('devices.id', '>=', String(device))
          .where(sql<SqlBool>`(devices.id > ${device} or device_keys.key > ${key})`)
      }
      const rows = await query.limit(boundedLimit(request.limit) + 1).execute()
      return pageOf(rows, request, {
        item: (row) => readKeyApproval(row),
        cursor: ({ device, key }) => [device, key],
      })
    })
  }

  /** Signed ids of the devices with one approval, in the order of the ids. */
  signedIds(approval: Approval, { after, limit }: IdPageRequest): Answer<readonly string[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('signed_ids')
        .innerJoin('devices', 'devices.id', 'signed_ids.device')
        .select('signed_ids.id')
        .where('devices.approval', '=', approval)
        .where('signed_ids.id', '>', after ?? '')
        .orderBy('signed_ids.id')
        .limit(boundedLimit(limit))
        .execute()
      return rows.map(({ id }) => id)
    })
  }

  /** Ids of inventory entries that were blocked before they showed a key, in the order of the ids. */
  blockedEntries({ after, limit }: IdPageRequest): Answer<readonly string[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('devices')
        .select('inventory_id')
        .where('approval', '=', 'blocked')
        .where('inventory_id', '>', after ?? '')
        .where(hasNoKey)
        .orderBy('inventory_id')
        .limit(boundedLimit(limit))
        .execute()
      return rows.flatMap(({ inventory_id: id }) => id ?? [])
    })
  }

  /** Keys of sound certificates under a setting that were seen before a point in time: the cut-off `known-devices`. */
  knownKeys(
    setting: string,
    before: Instant,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Answer<readonly KeyFingerprint[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('certificates')
        .select('key')
        .distinct()
        .where('setting', '=', setting)
        .where('sound', '=', 1)
        .where('first_seen', '<', before)
        .where('key', '>', after ?? '')
        .orderBy('key')
        .limit(boundedLimit(limit))
        .execute()
      return rows.map(({ key }) => key as KeyFingerprint)
    })
  }
}

type DeviceRow = Selectable<Tables['devices']>

interface DecisionRule {
  readonly approval: Approval
  /** Says of a device why it is left; made once per selection. */
  readonly skipRule: (tx: Tx) => SkipRule | Promise<SkipRule>
}

type SkipRule = (row: DeviceRow) => SkipReason | undefined

const ACTION: Readonly<Record<Approval, string>> = {
  approved: 'device.approve',
  blocked: 'device.block',
  unapproved: 'device.unapprove',
}

/** What the feed says of a key that lost its approved device: snapshots hold approvals by key. */
export const keySubject = (key: string): string => `${KEY_SUBJECT_PREFIX}${key}`

/** What the feed says of a signed id that lost its device. */
export const idSubject = (id: string): string => `${ID_SUBJECT_PREFIX}${id}`

/** The key that such a subject names; undefined when it names something else. */
export const keyInSubject = (subject: string): KeyFingerprint | undefined =>
  subject.startsWith(KEY_SUBJECT_PREFIX)
    ? (subject.slice(KEY_SUBJECT_PREFIX.length) as KeyFingerprint)
    : undefined

/** The signed id that such a subject names; undefined when it names something else. */
export const idInSubject = (subject: string): string | undefined =>
  subject.startsWith(ID_SUBJECT_PREFIX) ? subject.slice(ID_SUBJECT_PREFIX.length) : undefined

/** The device that such a subject names; undefined when it names something else. No device has a colon in its id. */
export const deviceInSubject = (subject: string): string | undefined =>
  subject.includes(':') ? undefined : subject

const KEY_SUBJECT_PREFIX = 'key:'
const ID_SUBJECT_PREFIX = 'id:'

/** One call approves what a person can have selected; a whole fleet goes page by page. */
const SELECTION_LIMIT = 10_000

/** Row → approval of a key. */
export function readKeyApproval(row: {
  readonly key: string
  readonly device: string
  readonly approval: string
}): KeyApproval {
  return {
    key: row.key as KeyFingerprint,
    device: row.device,
    approval: enumColumn({ table: 'devices', key: row.device, row }, 'approval', APPROVALS),
  }
}
