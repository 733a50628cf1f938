/**
 * Who is calling: by API token, by session cookie, or by an administrator's client certificate. Exactly one
 * credential is looked at, the most explicit one, and if it fails no other one helps.
 */
import type { Clock } from '../../kernel/ports.ts'
import { fail, ok, type KeyFingerprint, type Result } from '../../kernel/types.ts'
import type { Admin, Admins } from '../../store/access/admins.ts'
import type { Credentials } from '../../store/access/credentials.ts'
import type { StoreTrouble } from '../../store/failure.ts'
import { lesserOf, type AccessRefusal, type Principal } from './principal.ts'
import { hashOf, isSessionId, isToken } from './token-text.ts'

/** What a call shows. */
export interface Shown {
  readonly authorization: string | undefined
  readonly session: string | undefined
  /** The key of the client certificate of its connection, if that is timely. */
  readonly certificateKey: KeyFingerprint | undefined
  /** Whether it changes anything. */
  readonly changes: boolean
  /** The header that a page from elsewhere cannot send without asking us first. */
  readonly requestedBy: string | undefined
}

export interface DoorkeeperDeps {
  readonly credentials: Pick<Credentials, 'findToken' | 'findSession' | 'noteUse'>
  readonly admins: Pick<Admins, 'findByKey'>
  readonly clock: Clock
}

export type Recognised = Result<Principal, AccessRefusal | StoreTrouble>

/** Recognises whoever calls. */
export async function recognise(shown: Shown, deps: DoorkeeperDeps): Promise<Recognised> {
  if (shown.authorization !== undefined) return await byToken(shown.authorization, deps)
  if (shown.session !== undefined) return await bySession(shown, shown.session, deps)
  if (shown.certificateKey !== undefined) {
    return await byCertificate(shown, shown.certificateKey, deps)
  }
  return fail({ kind: 'credential-missing' })
}

async function byToken(authorization: string, deps: DoorkeeperDeps): Promise<Recognised> {
  const [, token] = /^Bearer +(\S+)$/iu.exec(authorization) ?? []
  if (token === undefined || !isToken(token)) return fail({ kind: 'credential-malformed' })
  const found = await deps.credentials.findToken(hashOf(token))
  if (!found.ok) return found
  if (found.value === undefined) return fail({ kind: 'credential-unknown' })
  const { admin, token: kept } = found.value
  const now = deps.clock.now()
  if (kept.expiresAt <= now) return fail({ kind: 'credential-expired' })
  const role = lesserOf(admin.role, kept.role)
  const recognised = enabled(admin, { role, by: 'token', tokenEnds: kept.expiresAt })
  if (recognised.ok && now - (kept.lastUsedAt ?? 0) >= NOTED_EVERY) {
    // A note that cannot be kept is no reason to turn an administrator away; the next call tries again.
    await deps.credentials.noteUse(new Map([[kept.id, now]]))
  }
  return recognised
}

/** Milliseconds. Whoever asks whether a token is still in use asks about days; a script must not write with each call. */
const NOTED_EVERY = 60_000

async function bySession(
  { changes, requestedBy }: Shown,
  id: string,
  deps: DoorkeeperDeps,
): Promise<Recognised> {
  if (!isSessionId(id)) return fail({ kind: 'credential-malformed' })
  const found = await deps.credentials.findSession(hashOf(id))
  if (!found.ok) return found
  if (found.value === undefined) return fail({ kind: 'credential-unknown' })
  const { admin, session } = found.value
  if (session.expiresAt <= deps.clock.now()) return fail({ kind: 'credential-expired' })
  // The browser sends the cookie whoever made it ask; SameSite is the first line, this the second.
  if (changes && requestedBy === undefined) return fail({ kind: 'cross-site' })
  return enabled(admin, { role: admin.role, by: 'session' })
}

async function byCertificate(
  { changes, requestedBy }: Shown,
  key: KeyFingerprint,
  deps: DoorkeeperDeps,
): Promise<Recognised> {
  const found = await deps.admins.findByKey(key)
  if (!found.ok) return found
  if (found.value === undefined) return fail({ kind: 'credential-unknown' })
  // The browser shows the certificate whoever made it ask, too, and there is no SameSite for it.
  if (changes && requestedBy === undefined) return fail({ kind: 'cross-site' })
  return enabled(found.value, { role: found.value.role, by: 'certificate' })
}

const enabled = (
  { name, disabled }: Admin,
  how: Omit<Principal, 'name'>,
): Result<Principal, AccessRefusal> =>
  disabled ? fail({ kind: 'administrator-disabled' }) : ok({ name, ...how })
