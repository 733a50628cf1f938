/**
 * Secrets that are kept sealed: upstream keys, passwords, the secret behind session tickets. They are sealed with
 * the store's current key, stay under their old one until they change (S2-20), and can be sealed anew in bulk (S2-21).
 */
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import { explainStore } from '../explain.ts'
import type { Answer, Outcome, StoreFailure, StoreTrouble } from '../failure.ts'
import { planEnablingKey, type EnablingKey } from './enabling-key.ts'
import type { HeldKeys } from './held-keys.ts'
import {
  deleteReport,
  isHeldElsewhere,
  reportedSince,
  RUNNING_WITHIN_MS,
  secretUsers,
  writeReport,
  type ReportingInstance,
  type SecretUser,
} from './instances.ts'
import {
  countUnderOtherKeys,
  currentKeyStanding,
  currentVersion,
  nextKey,
  type KeyStatus,
  type SecretFacts,
} from './key-standing.ts'
import { currentKey, keyFault, registerKey, rotationEntry } from './key-use.ts'
import { seal, unseal, versionsOf, type KeyRing } from './seal.ts'
import { isFull, MAX_SECRET_OCTETS, MAX_SECRETS, TICKET_SECRET } from './secret-limits.ts'
import {
  ABSENT,
  checkVersion,
  findRow,
  removeWithin,
  type ExpectedVersion,
} from '../versioned-rows.ts'

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
  readonly #keys: HeldKeys
  /** This instance, once it has reported. */
  #self: ReportingInstance | undefined

  constructor(transactions: Transactions, keys: HeldKeys) {
    this.#transactions = transactions
    this.#keys = keys
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
    const opened = unseal({ keyVersion, nonce, sealed }, { name, version }, this.#keys.ring)
    if (!opened.ok) return opened
    return ok({ secret: opened.value, version, updatedAt: updated_at as Instant })
  }

  /** Seals a secret under the current key; `expected` 0 is for one that must not be there yet. */
  put(
    actor: Actor,
    { name, secret, unaudited }: SecretInput,
    expected: ExpectedVersion,
  ): Outcome<SecretFacts> {
    if (secret.length > MAX_SECRET_OCTETS) {
      return Promise.resolve(fail({ kind: 'secret-too-large', limit: MAX_SECRET_OCTETS }))
    }
    return this.#transactions.change<SecretFacts>(actor, async (tx, now) => {
      const before = await findRow(tx, 'secrets', name)
      const found = checkVersion(before ?? ABSENT, expected, { what: 'secret', key: name })
      if (!found.ok) return found
      if (before === undefined && (await isFull(tx, name))) {
        return fail({ kind: 'secrets-full', limit: MAX_SECRETS })
      }
      const keyVersion = await currentKey(tx, this.#keys.ring, now)
      if (!keyVersion.ok) return keyVersion
      const binding = { name, version: found.value.version + 1 }
      const done = seal(secret, binding, { ring: this.#keys.ring, keyVersion: keyVersion.value })
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

  /**
   * Removes one that no other instance takes; returns those that do, and then nothing is removed. One transaction: an
   * instance that reports just then is either asked or finds it gone.
   */
  remove(actor: Actor, name: string, expected: ExpectedVersion): Outcome<readonly SecretUser[]> {
    return this.#transactions.change<readonly SecretUser[]>(actor, async (tx, now) => {
      const all = await secretUsers(tx, { since: reportedSince(now), now })
      const others = all.filter(
        ({ id, secrets }) => id !== this.#self?.id && secrets.includes(name),
      )
      if (others.length > 0) return ok({ value: others })
      const removed = await removeWithin(tx, {
        table: 'secrets',
        what: 'secret',
        key: [name],
        expected,
        entry: ({ version }) => ({ action: 'secret.remove', subject: name, before: { version } }),
        topic: 'secret',
      })
      return removed.ok ? ok({ ...removed.value, value: [] }) : removed
    })
  }

  /**
   * Makes the newest key of this instance's ring the store's current one. Existing secrets stay as they are. Running
   * instances that lack the key stand against it: they could open nothing that is sealed from then on.
   */
  rotate(actor: Actor, { force = false }: { readonly force?: boolean } = {}): Outcome<number> {
    return this.#transactions.change<number>(actor, async (tx, now) => {
      const current = await currentVersion(tx)
      const { ring, newest } = this.#keys
      if (newest <= current) return fail({ kind: 'key-not-newer', ring: newest, current })
      const since = (now - RUNNING_WITHIN_MS) as Instant
      const next = await nextKey(tx, { current, ring }, { since, now })
      const lacking = next?.lacking.filter(({ id }) => id !== this.#self?.id) ?? []
      if (lacking.length > 0 && !force) {
        const instances = lacking.map(({ name }) => name)
        return fail({ kind: 'instances-lack-key', version: newest, instances })
      }
      await registerKey(tx, newest, { ring, now })
      return ok({
        value: newest,
        entries: [rotationEntry(current, newest)],
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
      const current = await currentKey(tx, this.#keys.ring, now)
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
        const opened = unseal({ keyVersion, nonce, sealed }, { name, version }, this.#keys.ring)
        if (!opened.ok) return opened
        const binding = { name, version: version + 1 }
        const done = seal(opened.value, binding, {
          ring: this.#keys.ring,
          keyVersion: current.value,
        })
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

  /** Reads the key ring again, from where this instance has it; keys that it holds stay. */
  refreshKeys(): Promise<Result<void, readonly Fault[]>> {
    return this.#keys.refresh()
  }

  /** The key that comes with requiring certificates, as it would be now. */
  planEnablingKey(since: Instant): Answer<EnablingKey> {
    const times = { since, now: this.#transactions.clock.now() }
    const instance = { keys: this.#keys, self: this.#self?.id }
    return this.#transactions.read((db) => planEnablingKey(db, instance, times))
  }

  /** Adds a new key of this version to the ring of this instance; the store goes on with the one that it has. */
  async makeKey(version: number): Outcome<void> {
    const added = await this.#keys.add(version, (next) => this.#claimKey(version, next))
    // What was claimed and could not be made is taken back, with the next report at the latest.
    if (!added.ok && this.#self !== undefined) await this.report(this.#self)
    return added.ok ? added : fail({ kind: 'key-not-made', detail: added.failure })
  }

  /** Of two instances that make a key of one version at the same moment, each in a file of its own, one is refused. */
  async #claimKey(version: number, ring: KeyRing): Promise<Result<void, string>> {
    const self = this.#self
    if (self === undefined) return ok(undefined)
    const claimed = await this.#transactions.write<void, StoreFailure>(async (tx) => {
      const isTaken =
        (await currentVersion(tx)) >= version || (await isHeldElsewhere(tx, version, self.id))
      const detail = `another instance made key ${version} at the same moment`
      if (isTaken) return fail({ kind: 'key-not-made', detail })
      await writeReport(tx, self, { ring, now: this.#transactions.clock.now() })
      return ok(undefined)
    })
    if (claimed.ok) return claimed
    const why = claimed.failure
    return fail(why.kind === 'key-not-made' ? why.detail : explainStore(why).sentence)
  }

  /** Tells the others which keys this instance holds; call it now and then. Instances that were silent for long are deleted. */
  report(instance: ReportingInstance): Answer<void> {
    this.#self = instance
    return this.#transactions.write<void, StoreTrouble>(async (tx) => {
      const { ring } = this.#keys
      await writeReport(tx, instance, { ring, now: this.#transactions.clock.now() })
      return ok(undefined)
    })
  }

  /** Other instances that reported since then and whose configuration takes secrets from the store. */
  users(since: Instant): Answer<readonly SecretUser[]> {
    const times = { since, now: this.#transactions.clock.now() }
    return this.#transactions.read(async (db) => {
      const all = await secretUsers(db, times)
      return all.filter(({ id }) => id !== this.#self?.id)
    })
  }

  /** Deletes this instance, which ends: it needs no key any more. */
  deregister(id: string): Answer<void> {
    return this.#transactions.write<void, StoreTrouble>(async (tx) => {
      await deleteReport(tx, id)
      return ok(undefined)
    })
  }

  /** Where the keys stand; instances count that reported since `since`, this one apart. */
  keyStatus(since: Instant): Answer<KeyStatus> {
    const times = { since, now: this.#transactions.clock.now() }
    return this.#transactions.read(async (db) => {
      const current = await currentVersion(db)
      const { ring } = this.#keys
      const next = await nextKey(db, { current, ring }, times)
      const standing = await currentKeyStanding(db, current, times)
      const fault = await keyFault(db, current, ring)
      return {
        current,
        currentSince: standing.currentSince,
        // A key that it was given since its last report: it lacks it no more.
        lacking: standing.lacking.filter(({ id }) => fault !== undefined || id !== this.#self?.id),
        held: versionsOf(ring),
        fault,
        left: await countUnderOtherKeys(db, current),
        next: next && { ...next, lacking: next.lacking.filter(({ id }) => id !== this.#self?.id) },
      }
    })
  }
}
