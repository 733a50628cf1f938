/**
 * Who is calling: by API token, by session cookie, or by an administrator's client certificate. Exactly one
 * credential is looked at, the most explicit one, and if it fails no other one helps.
 */
import type { Clock } from '../../kernel/ports.ts'
import { fail, ok, type KeyFingerprint, type Result } from '../../kernel/types.ts'
import type { Admin, Admins } from '../../store/access/admins.ts'
import type { Credentials } from '../../store/access/credentials.ts'
import { accessProblem, storeProblem, type AdminProblem } from '../problem.ts'
import { lesserOf, type AccessRefusal, type Principal } from './principal.ts'
import { hashOf, isSessionId, isToken } from './token-text.ts'

/** What a call shows. */
export interface PresentedCredentials {
  readonly authorization: string | undefined
  readonly session: string | undefined
  /** The key of the client certificate of its connection, if that is timely. */
  readonly certificateKey: KeyFingerprint | undefined
  /** Whether it changes anything. */
  readonly changes: boolean
  /** The header that a page from elsewhere cannot send without asking us first. */
  readonly requestedBy: string | undefined
}

export interface AuthenticateDeps {
  readonly credentials: Pick<Credentials, 'findToken' | 'findSession' | 'recordUse'>
  readonly admins: Pick<Admins, 'findByKey'>
  readonly clock: Clock
}

type AuthenticateResult = Result<Principal, AdminProblem>

/** Finds the administrator whose credential a call shows, or says why there is none. */
export async function authenticate(
  presented: PresentedCredentials,
  deps: AuthenticateDeps,
): Promise<AuthenticateResult> {
  if (presented.authorization !== undefined) return await byToken(presented.authorization, deps)
  if (presented.session !== undefined) return await bySession(presented, presented.session, deps)
  if (presented.certificateKey !== undefined) {
    return await byCertificate(presented, presented.certificateKey, deps)
  }
  return refused('credential-missing')
}

async function byToken(authorization: string, deps: AuthenticateDeps): Promise<AuthenticateResult> {
  const [, token] = /^Bearer +(\S+)$/iu.exec(authorization) ?? []
  if (token === undefined || !isToken(token)) return refused('credential-malformed')
  const found = await deps.credentials.findToken(hashOf(token))
  if (!found.ok) return fail(storeProblem(found.failure))
  if (found.value === undefined) return refused('credential-unknown')
  const { admin, token: stored } = found.value
  const now = deps.clock.now()
  if (stored.expiresAt <= now) return refused('credential-expired')
  const role = lesserOf(admin.role, stored.role)
  const authenticated = enabled(admin, { role, by: 'token', tokenEnds: stored.expiresAt })
  if (authenticated.ok && now - (stored.lastUsedAt ?? 0) >= USE_RECORDED_EVERY_MS) {
    // A note that cannot be kept is no reason to turn an administrator away; the next call tries again.
    await deps.credentials.recordUse(new Map([[stored.id, now]]))
  }
  return authenticated
}

/** Milliseconds. Whether a token is still in use is a question about days; a script must not write with each call. */
const USE_RECORDED_EVERY_MS = 60_000

async function bySession(
  { changes, requestedBy }: PresentedCredentials,
  id: string,
  deps: AuthenticateDeps,
): Promise<AuthenticateResult> {
  if (!isSessionId(id)) return refused('credential-malformed')
  const found = await deps.credentials.findSession(hashOf(id))
  if (!found.ok) return fail(storeProblem(found.failure))
  if (found.value === undefined) return refused('credential-unknown')
  const { admin, session } = found.value
  if (session.expiresAt <= deps.clock.now()) return refused('credential-expired')
  // The browser sends the cookie whichever page made it ask; SameSite is the first defence, this the second.
  if (changes && requestedBy === undefined) return refused('cross-site')
  return enabled(admin, { role: admin.role, by: 'session' })
}

async function byCertificate(
  { changes, requestedBy }: PresentedCredentials,
  key: KeyFingerprint,
  deps: AuthenticateDeps,
): Promise<AuthenticateResult> {
  const found = await deps.admins.findByKey(key)
  if (!found.ok) return fail(storeProblem(found.failure))
  if (found.value === undefined) return refused('credential-unknown')
  // The browser shows the certificate whichever page made it ask, too, and there is no SameSite for it.
  if (changes && requestedBy === undefined) return refused('cross-site')
  return enabled(found.value, { role: found.value.role, by: 'certificate' })
}

const enabled = ({ name, disabled }: Admin, how: Omit<Principal, 'name'>): AuthenticateResult =>
  disabled ? refused('administrator-disabled') : ok({ name, ...how })

const refused = (kind: Exclude<AccessRefusal['kind'], 'role-too-weak' | 'too-many-attempts'>) =>
  fail(accessProblem({ kind }))
