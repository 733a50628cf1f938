/**
 * Administrators, and their API tokens.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  DAY_MS,
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
import { defineRoute } from '../../define-route.ts'
import { itemsOutput, noContent, versionedOutput } from '../../route-output.ts'
import { checkNewAdminName, nameFault } from '../../auth/admin-name.ts'
import { hashPassword, PASSWORD_LENGTH } from '../../auth/passwords.ts'
import { lesserOf, type Principal } from '../../auth/principal.ts'
import {
  keyHash,
  pathSegmentText,
  patternText,
  secretText,
  nullable,
  strictObject,
  text,
  time,
  stringEnum,
  listOf,
  nameParams,
} from '../../schemas.ts'
import { invalidData } from '../../refused.ts'
import { timeOrNull } from '../../times.ts'
import { hashOf, newToken } from '../../auth/token-text.ts'
import type { AdminContext } from '../../context.ts'

const role = stringEnum(
  ROLES,
  'viewer looks, operator acts on devices, administrator changes trust and people.',
)
const key = keyHash('SHA-256 of the public key (SubjectPublicKeyInfo) of a client certificate.')
const password = secretText({ minLength: PASSWORD_LENGTH.min, maxLength: PASSWORD_LENGTH.max })
const admin = strictObject({
  name: Type.String(),
  role,
  password: Type.Boolean({ description: 'Whether there is one.' }),
  certificate_key: nullable(key),
  disabled: Type.Boolean(),
  name_fault: nullable(
    Type.String({ description: 'What would keep this name from being given today; it stays.' }),
  ),
  version: Type.Integer(),
  created: time('When it was created.'),
})

const token = strictObject({
  id: Type.String(),
  administrator: Type.String(),
  role,
  label: Type.String(),
  created: time('When it was created.'),
  expires: time('When it ends.'),
  last_used: nullable(time('When it was last used.')),
})

const shownAdmin = (it: Admin) => ({
  name: it.name,
  role: it.role,
  password: it.passwordHash !== undefined,
  certificate_key: it.certificateKey ?? null,
  disabled: it.disabled,
  name_fault: nameFault(it.name) ?? null,
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
  last_used: timeOrNull(it.lastUsedAt),
})

/** Adds the calls. */
export function addAdministratorRoutes(app: FastifyInstance, context: AdminContext): void {
  addListRoutes(app, context)
  addChangeRoutes(app, context)
  addTokenRoutes(app, context)
}

function addListRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/administrators',
    role: 'administrator',
    tag: 'administrators',
    summary: 'All administrators, by name.',
    response: listOf(admin),
    handle: async () => itemsOutput(await store.admins.list(), shownAdmin),
  })
  defineRoute(app, {
    route: 'POST /api/administrators',
    role: 'administrator',
    tag: 'administrators',
    summary: 'Create an administrator, who signs in by password, by client certificate, or both.',
    body: strictObject({
      name: pathSegmentText(200),
      role,
      password: Type.Optional(password),
      certificate_key: Type.Optional(key),
    }),
    response: admin,
    created: true,
    fails: [409],
    handle: async ({ actor, body }) => {
      const known = await store.admins.list()
      if (!known.ok) return known
      const fit = checkNewAdminName(
        body.name,
        known.value.map(({ name }) => name),
      )
      if (!fit.ok) return invalidData([{ at: 'name', message: fit.failure }], 'the name')
      const made = await store.admins.create(actor, {
        name: body.name,
        role: body.role,
        passwordHash: body.password === undefined ? undefined : await hashPassword(body.password),
        certificateKey: body.certificate_key as KeyFingerprint | undefined,
      })
      if (!made.ok) return made
      const location = `/api/administrators/${encodeURIComponent(made.value.name)}`
      return ok({ body: shownAdmin(made.value), version: made.value.version, location })
    },
  })
}

function addChangeRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'PATCH /api/administrators/:name',
    role: 'administrator',
    tag: 'administrators',
    summary:
      'Change role, password, certificate or disabling; it ends the sessions. The last administrator stays one.',
    params: nameParams,
    body: strictObject({
      role: Type.Optional(role),
      password: Type.Optional(password),
      certificate_key: Type.Optional(nullable(key)),
      disabled: Type.Optional(Type.Boolean()),
    }),
    response: admin,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, body, expected }) => {
      const change = {
        ...(body.role === undefined ? {} : { role: body.role }),
        ...(body.password === undefined ? {} : { passwordHash: await hashPassword(body.password) }),
        ...(body.certificate_key === undefined
          ? {}
          : { certificateKey: (body.certificate_key ?? undefined) as KeyFingerprint | undefined }),
        ...(body.disabled === undefined ? {} : { disabled: body.disabled }),
      }
      return versionedOutput(
        await store.admins.change(actor, params.name, { expected, change }),
        shownAdmin,
      )
    },
  })
  defineRoute(app, {
    route: 'DELETE /api/administrators/:name',
    role: 'administrator',
    tag: 'administrators',
    summary: 'Remove an administrator, with all tokens and sessions.',
    params: nameParams,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, expected }) =>
      noContent(await store.admins.remove(actor, params.name, expected)),
  })
}

function addTokenRoutes(app: FastifyInstance, { store, clock }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/tokens',
    role: 'administrator',
    tag: 'administrators',
    summary: 'All API tokens; what they are made of is not kept.',
    response: listOf(token),
    handle: async () => itemsOutput(await store.credentials.tokens(), shownToken),
  })
  defineRoute(app, {
    route: 'POST /api/tokens',
    role: 'viewer',
    tag: 'administrators',
    summary:
      'Make an API token for oneself; this answer is the only one that shows it. One that is made by a token of the role viewer or operator ends with that token at the latest.',
    body: strictObject({
      label: text(200),
      role: Type.Optional(role),
      days: Type.Integer({
        minimum: 1,
        maximum: 400,
        description: 'How long it lasts.',
        wanted: 'a whole number of days from 1 to 400',
      }),
    }),
    response: strictObject({ token: Type.String(), about: token }),
    created: true,
    fails: [404],
    handle: async ({ actor, body, principal }) => {
      const fresh = newToken()
      const made = await store.credentials.createToken(actor, {
        hash: hashOf(fresh),
        admin: principal.name,
        // A token may do less than the caller that makes it, never more.
        role: lesserOf(principal.role, body.role ?? principal.role),
        label: body.label,
        expiresAt: expiryOf(principal, plus(clock.now(), (body.days * DAY_MS) as Millis)),
      })
      if (!made.ok) return made
      return ok({ body: { token: fresh, about: shownToken(made.value) } })
    },
  })
  defineRoute(app, {
    route: 'DELETE /api/tokens/:id',
    role: 'administrator',
    tag: 'administrators',
    summary: 'Revoke an API token.',
    params: strictObject({
      id: patternText('^[0-9a-f-]{36}$', {
        wanted: 'the id of a token, such as 11111111-1111-4111-8111-111111111111',
        advice: 'take it from `tfe token list`',
      }),
    }),
    fails: [404],
    handle: async ({ actor, params }) =>
      noContent(await store.credentials.revokeToken(actor, params.id)),
  })
}

/**
 * A token that leaked must not renew itself for ever. With one of an administrator that is no use: it can make an
 * administrator.
 */
function expiryOf({ role, tokenEnds }: Principal, asked: Instant): Instant {
  if (tokenEnds === undefined || role === 'administrator') return asked
  return Math.min(tokenEnds, asked) as Instant
}
