/**
 * Signing in and out, and who one is.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { fail, ok, plus, isoText, type Millis } from '../../../kernel/types.ts'
import { ROLES } from '../../../store/schema/vocabulary.ts'
import { define } from '../../define-route.ts'
import { isNobodysPassword, isPassword, PASSWORD_LENGTH } from '../../auth/passwords.ts'
import { accessProblem } from '../../problem.ts'
import { record, text, time, word } from '../../schemas.ts'
import { hashOf, newSessionId } from '../../auth/token-text.ts'
import { giveSession, sessionOf, takeSession } from '../../auth/session-cookie.ts'
import type { Office } from '../../context.ts'

const me = record({
  name: Type.String(),
  role: word(ROLES),
  by: word(['certificate', 'session', 'token'] as const, 'How the caller was recognised.'),
})

/** Adds the calls. */
export function sessionCalls(app: FastifyInstance, office: Office): void {
  const { store, clock, attempts, log } = office
  define(
    app,
    {
      method: 'POST',
      path: '/api/session',
      role: 'anybody',
      tag: 'session',
      summary: 'Sign in with name and password; the answer sets the session cookie.',
      body: record({
        name: text(200),
        password: Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH.most }),
      }),
      answer: record({ name: Type.String(), role: word(ROLES), expires: time('When it ends.') }),
      created: true,
      fails: [401, 422],
    },
    async ({ body, request, reply }) => {
      const { name, password } = body
      const seconds = attempts.begin(request.ip, name)
      if (seconds > 0) {
        log.warn(
          { from: request.ip, seconds },
          'somebody has to wait before the next attempt to sign in',
        )
        return refused({ kind: 'too-many-attempts', seconds })
      }
      const found = await store.admins.find(name)
      if (!found.ok) {
        attempts.undecided(request.ip, name)
        return found
      }
      const admin = found.value
      const hash = admin?.passwordHash
      const isRight =
        hash === undefined ? await isNobodysPassword(password) : await isPassword(password, hash)
      if (!isRight || admin === undefined || admin.disabled) {
        // What nobody is called may be a password in the wrong field.
        const who = admin?.name ?? 'nobody of ours'
        log.warn({ from: request.ip, who }, 'somebody failed to sign in')
        return refused({ kind: 'credential-unknown' })
      }
      attempts.succeeded(request.ip, name)
      const id = newSessionId()
      const expiresAt = plus(clock.now(), SESSION_LENGTH)
      const begun = await store.credentials.beginSession(
        { who: name, from: request.ip },
        { hash: hashOf(id), admin: name, expiresAt },
      )
      if (!begun.ok) return begun
      giveSession(request, reply, id)
      return ok({ body: { name, role: admin.role, expires: isoText(expiresAt) } })
    },
  )
  define(
    app,
    {
      method: 'DELETE',
      path: '/api/session',
      role: 'viewer',
      tag: 'session',
      summary: 'Sign out.',
    },
    async ({ by, request, reply }) => {
      const id = sessionOf(request)
      if (id !== undefined) {
        const ended = await store.credentials.endSession(by, hashOf(id))
        if (!ended.ok) return ended
      }
      takeSession(request, reply)
      return ok({ body: undefined })
    },
  )
  define(
    app,
    {
      method: 'GET',
      path: '/api/session',
      role: 'viewer',
      tag: 'session',
      summary: 'Who the caller is.',
      answer: me,
    },
    async ({ principal: { name, role, by } }) => {
      await Promise.resolve()
      return ok({ body: { name, role, by } })
    },
  )
}

const refused = (why: Parameters<typeof accessProblem>[0]) =>
  fail({ kind: 'problem', problem: accessProblem(why) } as const)

/** A working day; a new one begins with the password. */
const SESSION_LENGTH = (8 * 3_600_000) as Millis
