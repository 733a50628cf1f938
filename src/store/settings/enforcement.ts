/**
 * The enforcement latch (S2-19): thrown once, kept by the schema itself, undone only by `tfe break-glass`.
 */
import type { Selectable } from 'kysely'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { Transactions, Actor, ChangeNotice } from '../transactions.ts'
import type { Answer, Outcome, StoreFailure } from '../failure.ts'
import type { HeldKeys } from '../secrets/held-keys.ts'
import { useNewestKey } from '../secrets/key-use.ts'
import { booleanColumn, instantColumn, throwNoRow, enumColumn } from '../schema/row.ts'
import type { Db, Tables } from '../schema/tables.ts'
import { checkVersion, type ExpectedVersion } from '../versioned-rows.ts'
import { ENFORCEMENTS, type EnforcementState } from '../schema/vocabulary.ts'

/** The latch, and what is kept of connection attempts (S2-19). */
export interface StoredEnforcement {
  readonly state: EnforcementState
  readonly since: Instant
  readonly saveAuthentication: boolean
  readonly saveDecryption: boolean
  /** How often the latch was undone offline. */
  readonly glassBroken: number
  readonly version: number
}

/** What to keep from now on; required on the way to `required`, and changeable later. */
export interface AttemptRetention {
  readonly saveAuthentication: boolean
  readonly saveDecryption: boolean
}

export class Enforcement {
  readonly #transactions: Transactions
  readonly #keys: HeldKeys
  constructor(transactions: Transactions, keys: HeldKeys) {
    this.#transactions = transactions
    this.#keys = keys
  }

  current(): Answer<StoredEnforcement> {
    return this.#transactions.read(readEnforcement)
  }

  /**
   * Throws the latch. There is no way back in this program while it runs. From then on secrets are sealed with the newest
   * key of this instance's ring (S2-20); those that are there stay under the key that they have.
   */
  require(
    actor: Actor,
    retention: AttemptRetention,
    expected: ExpectedVersion,
  ): Outcome<StoredEnforcement> {
    return this.#changeEnforcement(actor, expected, (before, now) =>
      before.state === 'required'
        ? fail({ kind: 'latched', since: before.since })
        : ok({
            action: 'enforcement.require',
            newKey: true,
            after: { ...before, ...retention, state: 'required', since: now },
          }),
    )
  }

  /** What is saved of connection attempts. */
  setRetention(
    actor: Actor,
    retention: AttemptRetention,
    expected: ExpectedVersion,
  ): Outcome<StoredEnforcement> {
    return this.#changeEnforcement(actor, expected, (before) =>
      ok({ action: 'enforcement.keep', after: { ...before, ...retention } }),
    )
  }

  /** Undoes the latch: for `tfe break-glass` on a stopped program only, and written down as what it is. */
  dangerouslyBreakGlass(actor: Actor, reason: string): Outcome<StoredEnforcement> {
    return this.#changeEnforcement(actor, 'any', (before, now) =>
      before.state === 'recording'
        ? ok(undefined)
        : ok({
            action: 'enforcement.break-glass',
            reason,
            after: {
              ...before,
              state: 'recording',
              since: now,
              glassBroken: before.glassBroken + 1,
            },
          }),
    )
  }

  #changeEnforcement(
    actor: Actor,
    expected: ExpectedVersion,
    next: (
      before: StoredEnforcement,
      now: Instant,
    ) => Result<EnforcementChange | undefined, StoreFailure>,
  ): Outcome<StoredEnforcement> {
    return this.#transactions.change<StoredEnforcement>(actor, async (tx, now) => {
      const before = await readEnforcement(tx)
      const found = checkVersion(before, expected, { what: 'enforcement', key: 'enforcement' })
      if (!found.ok) return found
      const planned = next(before, now)
      if (!planned.ok) return planned
      if (planned.value === undefined) return ok({ value: before })
      const { action, reason, newKey } = planned.value
      const after = { ...planned.value.after, version: before.version + 1 }
      await tx
        .updateTable('enforcement')
        .set({
          state: after.state,
          since: after.since,
          save_authentication: Number(after.saveAuthentication),
          save_decryption: Number(after.saveDecryption),
          glass_broken: after.glassBroken,
          version: after.version,
        })
        .where('id', '=', 1)
        .execute()
      const rotated = newKey === true ? await useNewestKey(tx, this.#keys.ring, now) : []
      const entry = { action, subject: 'enforcement', before, after: { ...after, reason } }
      const notices: ChangeNotice[] = [{ topic: 'enforcement', subject: 'enforcement' }]
      if (rotated.length > 0) notices.push({ topic: 'secret', subject: 'key ring' })
      return ok({ value: after, entries: [entry, ...rotated], notices })
    })
  }
}

interface EnforcementChange {
  readonly action: string
  readonly reason?: string
  /** The newest sealing key of the ring is used from then on. */
  readonly newKey?: true
  readonly after: StoredEnforcement
}

/** The one row of the latch. */
export async function readEnforcement(db: Db): Promise<StoredEnforcement> {
  const row = await db.selectFrom('enforcement').selectAll().executeTakeFirst()
  return row === undefined ? throwNoRow('enforcement') : readEnforcementRow(row)
}

/** Row → latch. */
export function readEnforcementRow(row: Selectable<Tables['enforcement']>): StoredEnforcement {
  const at = { table: 'enforcement', key: String(row.id), row }
  return {
    state: enumColumn(at, 'state', ENFORCEMENTS),
    since: instantColumn(at, 'since'),
    saveAuthentication: booleanColumn(at, 'save_authentication'),
    saveDecryption: booleanColumn(at, 'save_decryption'),
    glassBroken: row.glass_broken,
    version: row.version,
  }
}
