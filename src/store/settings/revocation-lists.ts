/**
 * The revocation lists of enrollment settings (decision 31): where each setting finds them, and the newest of each that
 * was taken, so that an older one is known for what it is after a restart, too.
 */
import { createHash } from 'node:crypto'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import type { Answer, Outcome } from '../failure.ts'
import { untrustedDateColumn } from '../schema/row.ts'
import type { Actor, Transactions } from '../transactions.ts'
import { checkVersion, type ExpectedVersion } from '../versioned-rows.ts'
import { readSettings, type StoredSetting } from './enrollment-setting.ts'
import { placeOf } from '../../trust/list-source.ts'
import { writeRevocation, type StoredRevocation } from './setting-revocation.ts'
import type { Tx } from '../schema/tables.ts'

/** The newest list of one CA that was taken from a place. */
export interface KeptList {
  readonly setting: string
  readonly place: string
  readonly der: Uint8Array
  readonly takenAt: Instant
}

/** A place that certificates under a setting name as that of their revocation list. */
export interface ListPoint {
  readonly setting: string
  readonly url: string
  readonly lastSeen: Instant
}

export class RevocationLists {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Takes over what the file says of settings of which the store says nothing yet; does nothing to any other. */
  adopt(
    actor: Actor,
    stated: ReadonlyMap<string, StoredRevocation | 'none'>,
  ): Outcome<readonly string[]> {
    return this.#transactions.change<readonly string[]>(actor, async (tx) => {
      const settings = await readSettings(tx)
      const open = settings.filter(({ revocation }) => revocation === 'unstated')
      for (const { name } of open) {
        await writeRevocation(tx, name, { revocation: stated.get(name) ?? 'none', resets: 0 })
      }
      return ok({
        value: open.map(({ name }) => name),
        entries: open.map(({ name }) => ({
          action: 'enrollment.revocation-adopt',
          subject: name,
          after: revocationRecord(stated.get(name) ?? 'none'),
        })),
        notices: open.map(({ name }) => ({ topic: 'enrollment', subject: name }) as const),
      })
    })
  }

  /** Changes what a setting asks of revocation, and where its lists are. Lists that stay keep what was taken from them. */
  put(
    actor: Actor,
    name: string,
    {
      expected,
      revocation,
    }: { readonly expected: ExpectedVersion; readonly revocation: StoredRevocation | 'none' },
  ): Outcome<StoredSetting> {
    return this.#transactions.change<StoredSetting>(actor, async (tx, now) => {
      const [row] = await readSettings(tx, [name])
      const found = checkVersion(row, expected, { what: 'enrollment setting', key: name })
      if (!found.ok) return found
      const before = found.value
      if (before.standing.kind === 'removed') {
        const [setting, standing] = [name, before.standing.kind]
        return fail({ kind: 'standing-refused', setting, found: standing, wanted: IN_STORE })
      }
      await writeRevocation(tx, name, { revocation, resets: before.resets })
      const version = await nextVersion(tx, before, now)
      return ok({
        value: { ...before, revocation, version, updatedAt: now },
        entries: [
          {
            action: 'enrollment.revocation',
            subject: name,
            before: revocationRecord(before.revocation),
            after: revocationRecord(revocation),
          },
        ],
        notices: [{ topic: 'enrollment', subject: name }],
      })
    })
  }

  /**
   * Lets the next list of each place of a setting take the place of the one in force although it is older: for a CA that
   * was restored from a backup and counts anew.
   */
  reset(actor: Actor, name: string, expected: ExpectedVersion): Outcome<StoredSetting> {
    return this.#transactions.change<StoredSetting>(actor, async (tx, now) => {
      const [row] = await readSettings(tx, [name])
      const found = checkVersion(row, expected, { what: 'enrollment setting', key: name })
      if (!found.ok) return found
      const resets = found.value.resets + 1
      const { revocation } = found.value
      if (revocation === 'none' || revocation === 'unstated') {
        return fail({ kind: 'not-found', what: 'revocation list', key: name })
      }
      await writeRevocation(tx, name, { revocation, resets })
      await tx.deleteFrom('kept_lists').where('setting', '=', name).execute()
      const version = await nextVersion(tx, found.value, now)
      return ok({
        value: { ...found.value, resets, version, updatedAt: now },
        entries: [
          {
            action: 'enrollment.revocation-reset',
            subject: name,
            before: { resets: resets - 1 },
            after: { resets },
          },
        ],
        notices: [{ topic: 'enrollment', subject: name }],
      })
    })
  }

  /**
   * Keeps what was taken from a place, in place of what was taken from there before; does nothing where the place is the
   * setting's no more, or `resets` is not the setting's count: another replica's administrator has decided otherwise.
   */
  keep(
    {
      setting,
      place,
      resets,
    }: { readonly setting: string; readonly place: string; readonly resets: number },
    lists: readonly Uint8Array[],
  ): Outcome<void> {
    return this.#transactions.write<void, never>(async (tx) => {
      const [stored] = await readSettings(tx, [setting])
      if (stored === undefined || stored.resets !== resets) return ok(undefined)
      const { revocation } = stored
      if (revocation === 'none' || revocation === 'unstated') return ok(undefined)
      if (!revocation.lists.some((one) => placeOf(one) === place)) return ok(undefined)
      const now = this.#transactions.clock.now()
      await tx
        .deleteFrom('kept_lists')
        .where('setting', '=', setting)
        .where('place', '=', place)
        .execute()
      for (const der of lists) {
        const digest = createHash('sha256').update(der).digest('hex')
        await tx
          .insertInto('kept_lists')
          .values({ setting, place, digest, der, taken_at: now })
          .onConflict((one) => one.doNothing())
          .execute()
      }
      return ok(undefined)
    })
  }

  /** What was taken, from every place of every setting. */
  kept(): Answer<readonly KeptList[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('kept_lists')
        .selectAll()
        .orderBy('setting')
        .orderBy('place')
        .orderBy('digest')
        .execute()
      return rows.map((row) => ({
        setting: row.setting,
        place: row.place,
        der: row.der,
        takenAt: untrustedDateColumn(
          { table: 'kept_lists', key: `${row.setting}, ${row.place}`, row },
          'taken_at',
        ),
      }))
    })
  }

  /** Where certificates under each setting say that their list is; the latest seen first. */
  points(): Answer<readonly ListPoint[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('setting_list_points')
        .selectAll()
        .orderBy('last_seen', 'desc')
        .orderBy('setting')
        .orderBy('url')
        .execute()
      return rows.map((row) => ({
        setting: row.setting,
        url: row.url,
        lastSeen: untrustedDateColumn(
          { table: 'setting_list_points', key: `${row.setting}, ${row.url}`, row },
          'last_seen',
        ),
      }))
    })
  }
}

const IN_STORE = 'staged, current, previously-trusted or distrusted'

async function nextVersion(tx: Tx, setting: StoredSetting, now: Instant): Promise<number> {
  const version = setting.version + 1
  await tx
    .updateTable('enrollment_settings')
    .set({ version, updated_at: now })
    .where('name', '=', setting.name)
    .execute()
  return version
}

/** What the audit trail says of it: places, and digests of what was uploaded. */
export const revocationRecord = (
  revocation: StoredRevocation | 'none' | 'unstated',
): { readonly revocation: unknown } => {
  if (revocation === 'none' || revocation === 'unstated') return { revocation }
  const { lists, ...policy } = revocation
  const places = lists.map((one) => ({ [one.kind]: placeOf(one) }))
  return { revocation: { ...policy, lists: places } }
}
