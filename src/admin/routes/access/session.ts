/**
 * Signing in and out, and who one is.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, plus, isoText, type Millis } from '../../../kernel/types.ts'
import { ROLES } from '../../../store/schema/vocabulary.ts'
import { defineRoute } from '../../define-route.ts'
import { verifyDummyPassword, verifyPassword, PASSWORD_LENGTH } from '../../auth/passwords.ts'
import { accessProblem } from '../../problem.ts'
import { secretText, strictObject, text, time, stringEnum } from '../../schemas.ts'
import { hashOf, newSessionId } from '../../auth/token-text.ts'
import { setSessionCookie, sessionIdOf, clearSessionCookie } from '../../auth/session-cookie.ts'
import type { AdminContext } from '../../context.ts'

const principalShape = strictObject({
  name: Type.String(),
  role: stringEnum(ROLES),
  by: stringEnum(['certificate', 'session', 'token'] as const, 'How the caller was recognised.'),
})

/** Adds the calls. */
export function addSessionRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, clock, signInAttempts, log } = context
  defineRoute(app, {
    route: 'POST /api/session',
    role: 'public',
    tag: 'session',
    summary: 'Sign in with name and password; the answer sets the session cookie.',
    body: strictObject({
      name: text(200),
      password: secretText({ minLength: 1, maxLength: PASSWORD_LENGTH.max }),
    }),
    response: strictObject({
      name: Type.String(),
      role: stringEnum(ROLES),
      expires: time('When it ends.'),
    }),
    created: true,
    fails: [401],
    handle: async ({ body, request, reply }) => {
      const { name, password } = body
      const seconds = signInAttempts.begin(request.ip, name)
      if (seconds > 0) {
        log.warn(
          { from: request.ip, seconds },
          'too many attempts to sign in: the client has to wait',
        )
        return accessFailure({ kind: 'too-many-attempts', seconds })
      }
      const found = await store.admins.find(name)
      if (!found.ok) {
        signInAttempts.undecided(request.ip, name)
        return found
      }
      const admin = found.value
      const hash = admin?.passwordHash
      const isCorrect =
        hash === undefined
          ? await verifyDummyPassword(password)
          : await verifyPassword(password, hash)
      if (!isCorrect || admin === undefined || admin.disabled) {
        // An unknown name may be a password in the wrong field.
        const who = admin?.name ?? 'no known administrator'
        log.warn({ from: request.ip, who }, 'an attempt to sign in failed')
        return accessFailure({ kind: 'credential-unknown' })
      }
      signInAttempts.succeeded(request.ip, name)
      const id = newSessionId()
      const expiresAt = plus(clock.now(), SESSION_LENGTH)
      const begun = await store.credentials.beginSession(
        { who: name, from: request.ip },
        { hash: hashOf(id), admin: name, expiresAt },
      )
      if (!begun.ok) return begun
      setSessionCookie(request, reply, id)
      return ok({ body: { name, role: admin.role, expires: isoText(expiresAt) } })
    },
  })
  defineRoute(app, {
    route: 'DELETE /api/session',
    role: 'viewer',
    tag: 'session',
    summary: 'Sign out.',
    handle: async ({ actor, request, reply }) => {
      const id = sessionIdOf(request)
      if (id !== undefined) {
        const ended = await store.credentials.endSession(actor, hashOf(id))
        if (!ended.ok) return ended
      }
      clearSessionCookie(request, reply)
      return ok({ body: undefined })
    },
  })
  defineRoute(app, {
    route: 'GET /api/session',
    role: 'viewer',
    tag: 'session',
    summary: 'Who the caller is.',
    response: principalShape,
    handle: async ({ principal: { name, role, by } }) => {
      await Promise.resolve()
      return ok({ body: { name, role, by } })
    },
  })
}

const accessFailure = (why: Parameters<typeof accessProblem>[0]) =>
  fail({ kind: 'problem', problem: accessProblem(why) } as const)

/** A working day; a new one begins with the password. */
const SESSION_LENGTH = (8 * 3_600_000) as Millis
