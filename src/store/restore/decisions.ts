/**
 * What a store has decided about who gets in and who administers it, read whole to be held against that of another: a
 * restore brings back older decisions, and says which stricter ones are lost.
 */
import type { Db } from '../schema/tables.ts'

/** Decisions by what they are about, each with what was decided. */
export interface Decisions {
  readonly latch: string
  /** `key 3f…` and its note. */
  readonly denied: ReadonlyMap<string, string>
  /** Devices that are blocked, by id, with a name for people. */
  readonly blocked: ReadonlyMap<string, string>
  /** Devices that are approved. */
  readonly approved: ReadonlySet<string>
  readonly standings: ReadonlyMap<string, string>
  readonly endpoints: ReadonlyMap<string, string>
  readonly ports: ReadonlyMap<string, string>
  readonly admins: ReadonlyMap<string, Administrator>
  readonly tokens: ReadonlyMap<string, Token>
}

interface Administrator {
  readonly role: string
  readonly isDisabled: boolean
  readonly signIn: string
}

interface Token {
  readonly admin: string
  readonly label: string
  readonly expiresAt: number
}

/** Reads them from an open store. */
export async function readDecisions(db: Db): Promise<Decisions> {
  const latch = await db.selectFrom('enforcement').select('state').executeTakeFirst()
  const denied = await db.selectFrom('deny_entries').select(['kind', 'value', 'note']).execute()
  const devices = await db
    .selectFrom('devices')
    .select(['id', 'approval', 'inventory_name', 'inventory_id'])
    .where('approval', 'in', ['blocked', 'approved'])
    .execute()
  const settings = await db.selectFrom('enrollment_settings').select(['name', 'standing']).execute()
  const oauth = await db.selectFrom('oauth').select(['mutual', 'legacy']).executeTakeFirst()
  const ports = await db.selectFrom('ports').select(['name', 'state']).execute()
  const admins = await db.selectFrom('admins').selectAll().execute()
  const tokens = await db.selectFrom('tokens').selectAll().execute()
  return {
    latch: latch?.state ?? 'recording',
    denied: new Map(denied.map(({ kind, value, note }) => [`${kind} ${value}`, note])),
    blocked: new Map(
      devices
        .filter(({ approval }) => approval === 'blocked')
        .map((one) => [one.id, one.inventory_name ?? one.inventory_id ?? '']),
    ),
    approved: new Set(devices.flatMap((one) => (one.approval === 'approved' ? [one.id] : []))),
    standings: new Map(settings.map(({ name, standing }) => [name, standing])),
    endpoints: new Map(oauth === undefined ? [] : Object.entries(oauth)),
    ports: new Map(ports.map(({ name, state }) => [name, state])),
    admins: new Map(
      admins.map(({ name, role, disabled, password_hash: hash, certificate_key: key }) => [
        name,
        { role, isDisabled: disabled !== 0, signIn: `${hash ?? ''} ${key ?? ''}` },
      ]),
    ),
    tokens: new Map(
      tokens.map(({ id, admin, label, expires_at: expiresAt }) => [
        id,
        { admin, label, expiresAt },
      ]),
    ),
  }
}
