/**
 * Tokens and sessions, by their hashes. A stolen store has nothing to sign in with.
 */
import type { Selectable } from 'kysely'
import { randomUUID } from 'node:crypto'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import { adminWhere, type Admin } from './admins.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome, StoreTrouble } from '../failure.ts'
import { instantColumn, optionalInstant, enumColumn } from '../schema/row.ts'
import type { Tables } from '../schema/tables.ts'
import { ROLES, type Role } from '../schema/vocabulary.ts'
import { findRow, removeRow } from '../versioned-rows.ts'

export interface Token {
  readonly id: string
  readonly admin: string
  /** What it may do at most; its administrator's role is a bound as well. */
  readonly role: Role
  readonly label: string
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly lastUsedAt: Instant | undefined
}

export interface NewToken {
  /** SHA-256 of the token, lower-case hexadecimal. */
  readonly hash: string
  readonly admin: string
  readonly role: Role
  readonly label: string
  readonly expiresAt: Instant
}

export interface Session {
  readonly admin: string
  readonly createdAt: Instant
  readonly expiresAt: Instant
}

export class Credentials {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  tokens(): Answer<readonly Token[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('tokens')
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(readToken)
    })
  }

  createToken(actor: Actor, { hash, admin, role, label, expiresAt }: NewToken): Outcome<Token> {
    return this.#transactions.change<Token>(actor, async (tx, now) => {
      const owner = await findRow(tx, 'admins', admin)
      if (owner === undefined) return fail({ kind: 'not-found', what: 'administrator', key: admin })
      const row = {
        id: randomUUID(),
        hash,
        admin,
        role,
        label,
        created_at: now,
        expires_at: expiresAt,
        last_used_at: 0,
      }
      await tx.insertInto('tokens').values(row).execute()
      const token = readToken(row)
      return ok({
        value: token,
        entries: [
          { action: 'token.create', subject: token.id, after: { admin, role, label, expiresAt } },
        ],
      })
    })
  }

  revokeToken(actor: Actor, id: string): Outcome<void> {
    return removeRow(this.#transactions, actor, {
      table: 'tokens',
      what: 'token',
      key: [id],
      expected: 'any',
      entry: (row) => {
        const { admin, role, label } = readToken(row)
        return { action: 'token.revoke', subject: id, before: { admin, role, label } }
      },
    })
  }

  /** The token of that hash and its administrator, expired or disabled ones included: the caller judges. */
  findToken(hash: string): Answer<{ readonly token: Token; readonly admin: Admin } | undefined> {
    return this.#transactions.read(async (db) => {
      const row = await db
        .selectFrom('tokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const admin = await adminWhere(db, 'name', row.admin)
      return admin === undefined ? undefined : { token: readToken(row), admin }
    })
  }

  /** Notes when tokens were last used; many at once, and no admin change. */
  recordUse(used: ReadonlyMap<string, Instant>): Answer<void> {
    return this.#transactions.write<void, StoreTrouble>(async (tx) => {
      for (const [id, at] of used) {
        // Of two replicas one may be late.
        await tx
          .updateTable('tokens')
          .set({ last_used_at: at })
          .where('id', '=', id)
          .where('last_used_at', '<', at)
          .execute()
      }
      return ok(undefined)
    })
  }

  /** Begins a session; signing in is audited. */
  beginSession(
    actor: Actor,
    { hash, admin, expiresAt }: Pick<NewToken, 'hash' | 'admin' | 'expiresAt'>,
  ): Outcome<void> {
    return this.#transactions.change<void>(actor, async (tx, now) => {
      await tx
        .insertInto('sessions')
        .values({ hash, admin, created_at: now, expires_at: expiresAt, last_used_at: now })
        .execute()
      return ok({ value: undefined, entries: [{ action: 'session.begin', subject: admin }] })
    })
  }

  /** The session of that hash, expired ones included. */
  findSession(
    hash: string,
  ): Answer<{ readonly session: Session; readonly admin: Admin } | undefined> {
    return this.#transactions.read(async (db) => {
      const row = await db
        .selectFrom('sessions')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const admin = await adminWhere(db, 'name', row.admin)
      const [createdAt, expiresAt] = [row.created_at as Instant, row.expires_at as Instant]
      return admin && { session: { admin: row.admin, createdAt, expiresAt }, admin }
    })
  }

  endSession(actor: Actor, hash: string): Outcome<void> {
    return this.#transactions.change<void>(actor, async (tx) => {
      const row = await tx
        .deleteFrom('sessions')
        .where('hash', '=', hash)
        .returningAll()
        .executeTakeFirst()
      const entries = row === undefined ? [] : [{ action: 'session.end', subject: row.admin }]
      return ok({ value: undefined, entries })
    })
  }

  /** Deletes the sessions that expired before a point in time. */
  deleteExpiredSessions(before: Instant): Answer<{ readonly sessions: number }> {
    return this.#transactions.write<{ readonly sessions: number }, StoreTrouble>(async (tx) => {
      const gone = await tx
        .deleteFrom('sessions')
        .where('expires_at', '<', before)
        .executeTakeFirst()
      return ok({ sessions: Number(gone.numDeletedRows) })
    })
  }
}

/** Row → token. */
export function readToken(row: Selectable<Tables['tokens']>): Token {
  const at = { table: 'tokens', key: row.id, row }
  return {
    id: row.id,
    admin: row.admin,
    role: enumColumn(at, 'role', ROLES),
    label: row.label,
    createdAt: instantColumn(at, 'created_at'),
    expiresAt: instantColumn(at, 'expires_at'),
    lastUsedAt: optionalInstant(row.last_used_at),
  }
}
