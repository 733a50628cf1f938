/**
 * The administrators. Passwords, tokens and sessions arrive here hashed.
 */
import type { Selectable } from 'kysely'
import { fail, ok, type Instant, type KeyFingerprint } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome } from '../failure.ts'
import { booleanColumn, instantColumn, orUndefined, enumColumn } from '../schema/row.ts'
import type { Db, Tx, Tables } from '../schema/tables.ts'
import { checkVersion, type ExpectedVersion } from '../versioned-rows.ts'
import { ROLES, type Role } from '../schema/vocabulary.ts'

export interface Admin {
  readonly name: string
  readonly role: Role
  /** An argon2id hash as text; undefined for one who signs in by certificate only. */
  readonly passwordHash: string | undefined
  /** The key of the administrator's client certificate. */
  readonly certificateKey: KeyFingerprint | undefined
  readonly disabled: boolean
  readonly version: number
  readonly createdAt: Instant
}

export interface NewAdmin {
  readonly name: string
  readonly role: Role
  readonly passwordHash: string | undefined
  readonly certificateKey: KeyFingerprint | undefined
}

export type AdminChange = Partial<Omit<NewAdmin, 'name'>> & { readonly disabled?: boolean }

export class Admins {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  list(): Answer<readonly Admin[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db.selectFrom('admins').selectAll().orderBy('name').execute()
      return rows.map(readAdmin)
    })
  }

  find(name: string): Answer<Admin | undefined> {
    return this.#findBy('name', name)
  }

  findByKey(key: KeyFingerprint): Answer<Admin | undefined> {
    return this.#findBy('certificate_key', key)
  }

  #findBy(column: 'name' | 'certificate_key', value: string): Answer<Admin | undefined> {
    return this.#transactions.read((db) => adminWhere(db, column, value))
  }

  create(actor: Actor, { name, role, passwordHash, certificateKey }: NewAdmin): Outcome<Admin> {
    return this.#transactions.change<Admin>(actor, async (tx, now) => {
      const taken = await adminWhere(tx, 'name', name)
      const holder = taken?.name ?? (await holderOf(tx, certificateKey, name))
      if (holder !== undefined) {
        return fail({ kind: 'already-exists', what: 'administrator', key: holder })
      }
      const row = {
        name,
        role,
        password_hash: passwordHash ?? null,
        certificate_key: certificateKey ?? null,
        disabled: 0,
        version: 1,
        created_at: now,
      }
      await tx.insertInto('admins').values(row).execute()
      const admin = readAdmin(row)
      return ok({
        value: admin,
        entries: [{ action: 'admin.create', subject: name, after: auditView(admin) }],
      })
    })
  }

  /**
   * Changes role, password, certificate or disabling; a change of any ends the sessions. The last administrator who
   * can sign in stays one.
   */
  change(
    actor: Actor,
    name: string,
    { expected, change }: { readonly expected: ExpectedVersion; readonly change: AdminChange },
  ): Outcome<Admin> {
    return this.#transactions.change<Admin>(actor, async (tx, now) => {
      const found = await this.#expected(tx, name, expected)
      if (!found.ok) return found
      const before = found.value
      const after: Admin = { ...before, ...change, version: before.version + 1 }
      const holder = await holderOf(tx, after.certificateKey, name)
      if (holder !== undefined) {
        return fail({ kind: 'already-exists', what: 'administrator', key: holder })
      }
      if (
        isActiveAdministrator(before) &&
        !(await leavesAdministrator(tx, { before, after, now }))
      ) {
        return fail({ kind: 'last-administrator', name })
      }
      await tx
        .updateTable('admins')
        .set({
          role: after.role,
          password_hash: after.passwordHash ?? null,
          certificate_key: after.certificateKey ?? null,
          disabled: Number(after.disabled),
          version: after.version,
        })
        .where('name', '=', name)
        .execute()
      await tx.deleteFrom('sessions').where('admin', '=', name).execute()
      return ok({
        value: after,
        entries: [
          {
            action: 'admin.change',
            subject: name,
            before: auditView(before),
            after: { ...auditView(after), changed: Object.keys(change) },
          },
        ],
      })
    })
  }

  /** Removes an administrator with all tokens and sessions. */
  remove(actor: Actor, name: string, expected: ExpectedVersion): Outcome<void> {
    return this.#transactions.change<void>(actor, async (tx, now) => {
      const found = await this.#expected(tx, name, expected)
      if (!found.ok) return found
      if (isActiveAdministrator(found.value) && !(await hasOtherAdministrator(tx, name, now))) {
        return fail({ kind: 'last-administrator', name })
      }
      await tx.deleteFrom('admins').where('name', '=', name).execute()
      return ok({
        value: undefined,
        entries: [{ action: 'admin.remove', subject: name, before: auditView(found.value) }],
      })
    })
  }

  async #expected(tx: Tx, name: string, expected: ExpectedVersion): Outcome<Admin> {
    const admin = await adminWhere(tx, 'name', name)
    return checkVersion(admin, expected, { what: 'administrator', key: name })
  }
}

const isActiveAdministrator = ({ role, disabled }: Admin): boolean =>
  role === 'administrator' && !disabled

/** Returns the name of another administrator with that certificate key. */
async function holderOf(
  tx: Tx,
  key: KeyFingerprint | undefined,
  name: string,
): Promise<string | undefined> {
  if (key === undefined) return undefined
  const holder = await tx
    .selectFrom('admins')
    .select('name')
    .where('certificate_key', '=', key)
    .where('name', '<>', name)
    .executeTakeFirst()
  return holder?.name
}

interface AdministratorChange {
  readonly before: Admin
  readonly after: Admin
  readonly now: Instant
}

/** Whether after a change of one of them an administrator can still sign in. */
async function leavesAdministrator(
  tx: Tx,
  { before, after, now }: AdministratorChange,
): Promise<boolean> {
  const keepsCredential =
    hasCredential(after) || !hasCredential(before) || (await hasToken(tx, after.name, now))
  return (
    (isActiveAdministrator(after) && keepsCredential) ||
    (await hasOtherAdministrator(tx, after.name, now))
  )
}

/** An administrator who has nothing to sign in with does not count. */
async function hasOtherAdministrator(tx: Tx, name: string, now: Instant): Promise<boolean> {
  const rows = await tx
    .selectFrom('admins')
    .selectAll()
    .where('role', '=', 'administrator')
    .where('disabled', '=', 0)
    .where('name', '<>', name)
    .execute()
  for (const other of rows.map(readAdmin)) {
    if (hasCredential(other) || (await hasToken(tx, other.name, now))) return true
  }
  return false
}

const hasCredential = ({ passwordHash, certificateKey }: Admin): boolean =>
  passwordHash !== undefined || certificateKey !== undefined

async function hasToken(tx: Tx, admin: string, now: Instant): Promise<boolean> {
  const token = await tx
    .selectFrom('tokens')
    .select('id')
    .where('admin', '=', admin)
    .where('role', '=', 'administrator')
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return token !== undefined
}

/** What the audit trail may say: a hash is no secret, but does not belong there either. */
const auditView = ({ role, disabled, passwordHash, certificateKey }: Admin): object => ({
  role,
  disabled,
  password: passwordHash !== undefined,
  certificateKey,
})

/** The administrator of that name or key, disabled ones included. */
export async function adminWhere(
  db: Db,
  column: 'name' | 'certificate_key',
  value: string,
): Promise<Admin | undefined> {
  const row = await db.selectFrom('admins').selectAll().where(column, '=', value).executeTakeFirst()
  return row === undefined ? undefined : readAdmin(row)
}

/** Row → administrator. */
export function readAdmin(row: Selectable<Tables['admins']>): Admin {
  const at = { table: 'admins', key: row.name, row }
  return {
    name: row.name,
    role: enumColumn(at, 'role', ROLES),
    passwordHash: orUndefined(row.password_hash),
    certificateKey: orUndefined(row.certificate_key) as KeyFingerprint | undefined,
    disabled: booleanColumn(at, 'disabled'),
    version: row.version,
    createdAt: instantColumn(at, 'created_at'),
  }
}
