/**
 * Secrets that are kept sealed: upstream keys, passwords, the secret behind session tickets. They are sealed with
 * the store's current key, stay under their old one until they change (S2-20), and can be sealed anew in bulk (S2-21).
 */
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome, SealFailure, StoreTrouble } from '../failure.ts'
import {
  currentVersion,
  instancesLackingKey,
  countUnderOtherKeys,
  type KeyStatus,
  type SecretFacts,
} from './key-standing.ts'
import { checkValue, seal, unseal, versionsOf, type KeyRing } from './seal.ts'
import {
  ABSENT,
  checkVersion,
  findRow,
  removeRow,
  type ExpectedVersion,
} from '../versioned-rows.ts'
import type { Db, Tx } from '../schema/tables.ts'

/** The name of the secret behind session tickets: replaced by the program, never exported, written by no call. */
export const TICKET_SECRET = 'tfe session tickets'

/** What is to be sealed. */
export interface SecretInput {
  readonly name: string
  readonly secret: Uint8Array
  /** Leaves no audit row: for what the program replaces as often as clients make it. */
  readonly unaudited?: true
}

/** A secret that was opened. */
export interface OpenedSecret {
  readonly secret: Buffer
  readonly version: number
  readonly updatedAt: Instant
}

export class Secrets {
  readonly #transactions: Transactions
  readonly #ring: KeyRing
  constructor(transactions: Transactions, ring: KeyRing) {
    this.#transactions = transactions
    this.#ring = ring
  }

  list(): Answer<readonly SecretFacts[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('secrets')
        .select(['name', 'key_version', 'version', 'updated_at'])
        .orderBy('name')
        .execute()
      return rows.map((row) => ({
        name: row.name,
        keyVersion: row.key_version,
        version: row.version,
        updatedAt: row.updated_at as Instant,
      }))
    })
  }

  /** The secret itself; undefined when there is none of that name. */
  async open(name: string): Outcome<OpenedSecret | undefined> {
    const row = await this.#transactions.read((db) => findRow(db, 'secrets', name))
    if (!row.ok || row.value === undefined) return row.ok ? ok(undefined) : row
    const { version, key_version: keyVersion, nonce, sealed, updated_at } = row.value
    const opened = unseal({ keyVersion, nonce, sealed }, { name, version }, this.#ring)
    if (!opened.ok) return opened
    return ok({ secret: opened.value, version, updatedAt: updated_at as Instant })
  }

  /** Seals a secret under the current key; `expected` 0 is for one that must not be there yet. */
  put(
    actor: Actor,
    { name, secret, unaudited }: SecretInput,
    expected: ExpectedVersion,
  ): Outcome<SecretFacts> {
    return this.#transactions.change<SecretFacts>(actor, async (tx, now) => {
      const before = await findRow(tx, 'secrets', name)
      const found = checkVersion(before ?? ABSENT, expected, { what: 'secret', key: name })
      if (!found.ok) return found
      const keyVersion = await this.#currentKey(tx, now)
      if (!keyVersion.ok) return keyVersion
      const binding = { name, version: found.value.version + 1 }
      const done = seal(secret, binding, { ring: this.#ring, keyVersion: keyVersion.value })
      if (!done.ok) return done
      const row = {
        name,
        key_version: done.value.keyVersion,
        nonce: done.value.nonce,
        sealed: done.value.sealed,
        version: binding.version,
        updated_at: now,
      }
      await tx
        .insertInto('secrets')
        .values(row)
        .onConflict((one) => one.column('name').doUpdateSet(row))
        .execute()
      return ok({
        value: { ...binding, keyVersion: keyVersion.value, updatedAt: now },
        entries:
          unaudited === true
            ? []
            : [
                {
                  action: 'secret.put',
                  subject: name,
                  before: before && { version: before.version },
                  after: { version: binding.version, keyVersion: keyVersion.value },
                },
              ],
        notices: [{ topic: 'secret', subject: name }],
      })
    })
  }

  remove(actor: Actor, name: string, expected: ExpectedVersion): Outcome<void> {
    return removeRow(this.#transactions, actor, {
      table: 'secrets',
      what: 'secret',
      key: [name],
      expected,
      entry: ({ version }) => ({ action: 'secret.remove', subject: name, before: { version } }),
      topic: 'secret',
    })
  }

  /** Makes the newest key of this instance's ring the store's current one. Existing secrets stay as they are. */
  rotate(actor: Actor): Outcome<number> {
    return this.#transactions.change<number>(actor, async (tx, now) => {
      const current = await currentVersion(tx)
      const newest = versionsOf(this.#ring).at(-1) ?? 0
      if (newest <= current) return fail({ kind: 'key-not-newer', ring: newest, current })
      await this.#register(tx, newest, now)
      return ok({
        value: newest,
        entries: [
          {
            action: 'key.rotate',
            subject: 'key ring',
            before: { version: current },
            after: { version: newest },
          },
        ],
        notices: [{ topic: 'secret', subject: 'key ring' }],
      })
    })
  }

  /** Seals up to `limit` secrets anew under the current key; call it until nothing is left. */
  reseal(
    actor: Actor,
    limit: number,
  ): Outcome<{ readonly resealed: number; readonly left: number }> {
    return this.#transactions.change<{ resealed: number; left: number }>(actor, async (tx, now) => {
      const current = await this.#currentKey(tx, now)
      if (!current.ok) return current
      const rows = await tx
        .selectFrom('secrets')
        .selectAll()
        .where('key_version', '<>', current.value)
        .orderBy('name')
        .limit(limit)
        .execute()
      for (const { name, version, key_version: keyVersion, nonce, sealed } of rows) {
        if (name === TICKET_SECRET) {
          // Sealed anew it would live on; deleted, the primary makes another.
          await tx.deleteFrom('secrets').where('name', '=', name).execute()
          continue
        }
        const opened = unseal({ keyVersion, nonce, sealed }, { name, version }, this.#ring)
        if (!opened.ok) return opened
        const binding = { name, version: version + 1 }
        const done = seal(opened.value, binding, { ring: this.#ring, keyVersion: current.value })
        if (!done.ok) return done
        const { keyVersion: key_version, ...parts } = done.value
        await tx
          .updateTable('secrets')
          .set({ ...parts, key_version, version: binding.version, updated_at: now })
          .where('name', '=', name)
          .execute()
      }
      const left = await countUnderOtherKeys(tx, current.value)
      const after = { resealed: rows.length, left, keyVersion: current.value }
      const entries =
        rows.length === 0 ? [] : [{ action: 'secret.reseal', subject: 'secrets', after }]
      return ok({
        value: { resealed: rows.length, left },
        entries,
        notices: rows.map(({ name }) => ({ topic: 'secret', subject: name })),
      })
    })
  }

  /** Tells the others which keys this instance holds; call it now and then. Instances that were silent for long are deleted. */
  report(instance: { readonly id: string; readonly name: string }): Answer<void> {
    return this.#transactions.write<void, StoreTrouble>(async (tx) => {
      const row = {
        ...instance,
        key_versions: JSON.stringify(versionsOf(this.#ring)),
        seen_at: this.#transactions.clock.now(),
      }
      await tx
        .insertInto('instances')
        .values(row)
        .onConflict((one) => one.column('id').doUpdateSet(row))
        .execute()
      await tx
        .deleteFrom('instances')
        .where('seen_at', '<', row.seen_at - INSTANCE_EXPIRY_MS)
        .execute()
      return ok(undefined)
    })
  }

  /** Deletes this instance, which ends: it needs no key any more. */
  deregister(id: string): Answer<void> {
    return this.#transactions.write<void, StoreTrouble>(async (tx) => {
      await tx.deleteFrom('instances').where('id', '=', id).execute()
      return ok(undefined)
    })
  }

  /** Where the keys stand; instances count that reported since `since`. */
  keyStatus(since: Instant): Answer<KeyStatus> {
    return this.#transactions.read(async (db) => {
      const current = await currentVersion(db)
      return {
        current,
        held: versionsOf(this.#ring),
        fault: await this.#faultOf(db, current),
        left: await countUnderOtherKeys(db, current),
        lacking: await instancesLackingKey(db, current, since),
      }
    })
  }

  /** The store's current key; the first secret makes the newest key of the ring that one. */
  async #currentKey(tx: Tx, now: Instant): Promise<Result<number, SealFailure>> {
    const current = await currentVersion(tx)
    const fault = await this.#faultOf(tx, current)
    if (fault !== undefined) return fail(fault)
    if (current > 0) return ok(current)
    const newest = versionsOf(this.#ring).at(-1)
    if (newest === undefined) return fail({ kind: 'key-missing', version: 1, held: [] })
    await this.#register(tx, newest, now)
    return ok(newest)
  }

  async #faultOf(db: Db, current: number): Promise<SealFailure | undefined> {
    if (current === 0) return undefined
    const key = this.#ring.keys.get(current)
    if (key === undefined) {
      return { kind: 'key-missing', version: current, held: versionsOf(this.#ring) }
    }
    const row = await db
      .selectFrom('key_ring')
      .select('check_value')
      .where('version', '=', current)
      .executeTakeFirst()
    return row?.check_value === checkValue(key)
      ? undefined
      : { kind: 'key-wrong', version: current }
  }

  async #register(tx: Tx, version: number, now: Instant): Promise<void> {
    const key = this.#ring.keys.get(version)
    if (key === undefined) return
    await tx
      .insertInto('key_ring')
      .values({ version, check_value: checkValue(key), added_at: now })
      .execute()
  }
}

/** Containers come with a new name each time; those that fell without taking leave would stay for ever. */
const INSTANCE_EXPIRY_MS = 7 * 86_400_000
