/**
 * Administrators, and their API tokens.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  isoText,
  ok,
  plus,
  type Instant,
  type KeyFingerprint,
  type Millis,
} from '../../../kernel/types.ts'
import type { Admin } from '../../../store/access/admins.ts'
import type { Token } from '../../../store/access/credentials.ts'
import { ROLES } from '../../../store/schema/vocabulary.ts'
import { define } from '../../define-route.ts'
import { hashPassword, PASSWORD_LENGTH } from '../../auth/passwords.ts'
import { lesserOf, type Principal } from '../../auth/principal.ts'
import { nameText, orNull, record, text, time, word } from '../../schemas.ts'
import { hashOf, newToken } from '../../auth/token-text.ts'
import type { Office } from '../../context.ts'

const role = word(
  ROLES,
  'viewer looks, operator acts on devices, administrator changes trust and people.',
)
const key = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 of the public key (SubjectPublicKeyInfo) of a client certificate.',
})
const password = Type.String({ minLength: PASSWORD_LENGTH.least, maxLength: PASSWORD_LENGTH.most })
const named = record({ name: text(200) })

const admin = record({
  name: Type.String(),
  role,
  password: Type.Boolean({ description: 'Whether there is one.' }),
  certificate_key: orNull(key),
  disabled: Type.Boolean(),
  version: Type.Integer(),
  created: time('When it was created.'),
})

const token = record({
  id: Type.String(),
  administrator: Type.String(),
  role,
  label: Type.String(),
  created: time('When it was created.'),
  expires: time('When it ends.'),
  last_used: orNull(time('When it was last used.')),
})

const shownAdmin = (it: Admin) => ({
  name: it.name,
  role: it.role,
  password: it.passwordHash !== undefined,
  certificate_key: it.certificateKey ?? null,
  disabled: it.disabled,
  version: it.version,
  created: isoText(it.createdAt),
})

const shownToken = (it: Token) => ({
  id: it.id,
  administrator: it.admin,
  role: it.role,
  label: it.label,
  created: isoText(it.createdAt),
  expires: isoText(it.expiresAt),
  last_used: it.lastUsedAt === undefined ? null : isoText(it.lastUsedAt),
})

/** Adds the calls. */
export function adminCalls(app: FastifyInstance, office: Office): void {
  listing(app, office)
  changing(app, office)
  tokenCalls(app, office)
}

function listing(app: FastifyInstance, { store }: Office): void {
  define(
    app,
    {
      method: 'GET',
      path: '/api/administrators',
      role: 'administrator',
      tag: 'administrators',
      summary: 'All administrators, by name.',
      answer: record({ items: Type.Array(admin) }),
    },
    async () => {
      const all = await store.admins.list()
      return all.ok ? ok({ body: { items: all.value.map(shownAdmin) } }) : all
    },
  )
  define(
    app,
    {
      method: 'POST',
      path: '/api/administrators',
      role: 'administrator',
      tag: 'administrators',
      summary: 'Create an administrator, who signs in by password, by client certificate, or both.',
      body: record({
        name: nameText(200),
        role,
        password: Type.Optional(password),
        certificate_key: Type.Optional(key),
      }),
      answer: admin,
      created: true,
      fails: [409, 422],
    },
    async ({ by, body }) => {
      const made = await store.admins.create(by, {
        name: body.name,
        role: body.role,
        passwordHash: body.password === undefined ? undefined : await hashPassword(body.password),
        certificateKey: body.certificate_key as KeyFingerprint | undefined,
      })
      if (!made.ok) return made
      const location = `/api/administrators/${encodeURIComponent(made.value.name)}`
      return ok({ body: shownAdmin(made.value), version: made.value.version, location })
    },
  )
}

function changing(app: FastifyInstance, { store }: Office): void {
  define(
    app,
    {
      method: 'PATCH',
      path: '/api/administrators/:name',
      role: 'administrator',
      tag: 'administrators',
      summary:
        'Change role, password, certificate or disabling; it ends the sessions. The last administrator stays one.',
      params: named,
      body: record({
        role: Type.Optional(role),
        password: Type.Optional(password),
        certificate_key: Type.Optional(orNull(key)),
        disabled: Type.Optional(Type.Boolean()),
      }),
      answer: admin,
      versioned: true,
      fails: [404, 409, 422],
    },
    async ({ by, params, body, expected }) => {
      const change = {
        ...(body.role === undefined ? {} : { role: body.role }),
        ...(body.password === undefined ? {} : { passwordHash: await hashPassword(body.password) }),
        ...(body.certificate_key === undefined
          ? {}
          : { certificateKey: (body.certificate_key ?? undefined) as KeyFingerprint | undefined }),
        ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
      }
      const changed = await store.admins.change(by, params.name, { expected, change })
      if (!changed.ok) return changed
      return ok({ body: shownAdmin(changed.value), version: changed.value.version })
    },
  )
  define(
    app,
    {
      method: 'DELETE',
      path: '/api/administrators/:name',
      role: 'administrator',
      tag: 'administrators',
      summary: 'Remove an administrator, with all tokens and sessions.',
      params: named,
      versioned: true,
      fails: [404, 409],
    },
    async ({ by, params, expected }) => {
      const removed = await store.admins.remove(by, params.name, expected)
      return removed.ok ? ok({ body: undefined }) : removed
    },
  )
}

function tokenCalls(app: FastifyInstance, { store, clock }: Office): void {
  define(
    app,
    {
      method: 'GET',
      path: '/api/tokens',
      role: 'administrator',
      tag: 'administrators',
      summary: 'All API tokens; what they are made of is not kept.',
      answer: record({ items: Type.Array(token) }),
    },
    async () => {
      const all = await store.credentials.tokens()
      return all.ok ? ok({ body: { items: all.value.map(shownToken) } }) : all
    },
  )
  define(
    app,
    {
      method: 'POST',
      path: '/api/tokens',
      role: 'viewer',
      tag: 'administrators',
      summary:
        'Make an API token for oneself; this answer is the only one that shows it. One that is made by the token of somebody who is no administrator ends with that at the latest.',
      body: record({
        label: text(200),
        role: Type.Optional(role),
        days: Type.Integer({ minimum: 1, maximum: 400, description: 'How long it lasts.' }),
      }),
      answer: record({ token: Type.String(), about: token }),
      created: true,
      fails: [404, 422],
    },
    async ({ by, body, principal }) => {
      const fresh = newToken()
      const made = await store.credentials.createToken(by, {
        hash: hashOf(fresh),
        admin: principal.name,
        // A token may do less than whoever makes it, never more.
        role: lesserOf(principal.role, body.role ?? principal.role),
        label: body.label,
        expiresAt: endOf(principal, plus(clock.now(), (body.days * DAY_MS) as Millis)),
      })
      if (!made.ok) return made
      return ok({ body: { token: fresh, about: shownToken(made.value) } })
    },
  )
  define(
    app,
    {
      method: 'DELETE',
      path: '/api/tokens/:id',
      role: 'administrator',
      tag: 'administrators',
      summary: 'Revoke an API token.',
      params: record({ id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) }),
      fails: [404],
    },
    async ({ by, params }) => {
      const revoked = await store.credentials.revokeToken(by, params.id)
      return revoked.ok ? ok({ body: undefined }) : revoked
    },
  )
}

/**
 * A token that leaked must not renew itself for ever. With one of an administrator that is no use: it can make an
 * administrator.
 */
function endOf({ role, tokenEnds }: Principal, asked: Instant): Instant {
  if (tokenEnds === undefined || role === 'administrator') return asked
  return Math.min(tokenEnds, asked) as Instant
}

const DAY_MS = 86_400_000
