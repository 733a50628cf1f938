/**
 * Secrets that are kept sealed, and the keys that seal them (S2-20 to S2-23). A secret goes in and never comes out
 * here: only the front end opens it.
 */
import { countText } from '../../../kernel/count-text.ts'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { fail, isoText, ok, type Instant } from '../../../kernel/types.ts'
import { explainStore } from '../../../store/explain.ts'
import type { KeyStatus, SecretFacts } from '../../../store/secrets/key-standing.ts'
import { TICKET_SECRET } from '../../../store/secrets/secrets.ts'
import { defineRoute } from '../../define-route.ts'
import { itemsOutput, noContent, versionedOutput } from '../../route-output.ts'
import { invalidData } from '../../refused.ts'
import { nullable, secretText, strictObject, time, listOf, nameParams } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'

const secret = strictObject({
  name: Type.String(),
  key_version: Type.Integer({ description: 'The key that it is sealed with.' }),
  version: Type.Integer(),
  updated: time('When it was last put or sealed anew.'),
})

const shownSecret = (it: SecretFacts): Static<typeof secret> => ({
  name: it.name,
  key_version: it.keyVersion,
  version: it.version,
  updated: isoText(it.updatedAt),
})

/** Adds the calls. */
export function addSecretAndKeyRoutes(app: FastifyInstance, context: AdminContext): void {
  addSecretRoutes(app, context)
  addKeyRoutes(app, context)
}

function addSecretRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/secrets',
    role: 'administrator',
    tag: 'secrets',
    summary: 'The names of all secrets, never what they are.',
    response: listOf(secret),
    handle: async () => itemsOutput(await store.secrets.list(), shownSecret),
  })
  defineRoute(app, {
    route: 'PUT /api/secrets/:name',
    role: 'administrator',
    tag: 'secrets',
    summary: 'Seal a secret under the current key; a new one on If-Match: "0".',
    params: nameParams,
    body: strictObject({
      secret: secretText({
        minLength: 1,
        maxLength: 100_000,
        description: 'Its octets in base64.',
      }),
    }),
    response: secret,
    versioned: true,
    fails: [409],
    handle: async ({ actor, params, body, expected }) => {
      // A caller that chose it could decrypt what devices send.
      if (params.name === TICKET_SECRET) {
        return invalidData(
          [{ at: 'name', message: 'wanted a name that the program does not use' }],
          'the secret',
        )
      }
      const octets = Buffer.from(body.secret, 'base64')
      if (octets.length === 0 || octets.toString('base64') !== body.secret) {
        return invalidData(
          [{ at: 'body.secret', message: 'wanted base64 (RFC 4648 §4)' }],
          'the secret',
        )
      }
      return versionedOutput(
        await store.secrets.put(actor, { name: params.name, secret: octets }, expected),
        shownSecret,
      )
    },
  })
  defineRoute(app, {
    route: 'DELETE /api/secrets/:name',
    role: 'administrator',
    tag: 'secrets',
    summary: 'Remove a secret.',
    params: nameParams,
    versioned: true,
    fails: [404],
    handle: async ({ actor, params, expected }) =>
      noContent(await store.secrets.remove(actor, params.name, expected)),
  })
}

const keys = strictObject({
  current: Type.Integer({ description: 'The key that new secrets are sealed with; 0 for none.' }),
  held: Type.Array(Type.Integer(), { description: 'The keys that this instance holds.' }),
  fault: nullable(Type.String({ description: 'Why this instance cannot use the current key.' })),
  left: Type.Integer({ description: 'Secrets that are still sealed with another key.' }),
  lacking: Type.Array(
    strictObject({ id: Type.String(), name: Type.String(), seen: time('When it last reported.') }),
    { description: 'Instances that lack the current key.' },
  ),
  warnings: Type.Array(Type.String()),
})

function addKeyRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, clock } = context
  defineRoute(app, {
    route: 'GET /api/keys',
    role: 'viewer',
    tag: 'secrets',
    summary: 'Where the instances stand with the keys that seal secrets.',
    response: keys,
    handle: async () => {
      const standing = await store.secrets.keyStatus(reportedSince(clock.now()))
      if (!standing.ok) return standing
      return ok({ body: shownKeys(standing.value), version: standing.value.current })
    },
  })
  defineRoute(app, {
    route: 'POST /api/keys/rotate',
    role: 'administrator',
    tag: 'secrets',
    summary: 'Seal with the newest key of this instance from now on. What is sealed stays so.',
    response: strictObject({ current: Type.Integer() }),
    versioned: true,
    fails: [409],
    handle: async ({ actor, expected }) => {
      const standing = await store.secrets.keyStatus(clock.now())
      if (!standing.ok) return standing
      const { current: found } = standing.value
      if (expected !== 'any' && expected !== found) {
        return fail({ kind: 'stale', what: 'secret', key: 'key ring', expected, found })
      }
      const rotated = await store.secrets.rotate(actor)
      if (!rotated.ok) return rotated
      return ok({ body: { current: rotated.value }, version: rotated.value })
    },
  })
  defineRoute(app, {
    route: 'POST /api/keys/reseal',
    role: 'administrator',
    tag: 'secrets',
    summary: 'Seal some secrets anew under the current key; call it until none is left.',
    body: strictObject({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    }),
    response: strictObject({ resealed: Type.Integer(), left: Type.Integer() }),
    fails: [409],
    handle: async ({ actor, body }) => {
      const done = await store.secrets.reseal(actor, body.limit ?? 100)
      return done.ok ? ok({ body: done.value }) : done
    },
  })
}

/** Instances report every few minutes; what was silent for a day is gone, and lacks nothing. */
const REPORTED_MS = 86_400_000
const reportedSince = (now: Instant): Instant => (now - REPORTED_MS) as Instant

function shownKeys(it: KeyStatus): Static<typeof keys> {
  const fault = it.fault === undefined ? undefined : explainStore(it.fault)
  const newest = it.held.at(-1) ?? 0
  return {
    current: it.current,
    held: [...it.held],
    fault: fault?.sentence ?? null,
    left: it.left,
    lacking: it.lacking.map(({ id, name, seenAt }) => ({ id, name, seen: isoText(seenAt) })),
    warnings: [
      ...(fault === undefined ? [] : [`${fault.sentence}: ${fault.nextStep}`]),
      ...it.lacking.map(
        ({ name }) => `${name} lacks key ${it.current}: give it the key before it is asked for`,
      ),
      ...(it.left > 0
        ? [
            `${countText(it.left, 'secret')} ${it.left === 1 ? 'is sealed with an older key: seal it' : 'are sealed with an older key: seal them'} anew`,
          ]
        : []),
      ...(newest > it.current && it.current > 0
        ? [`this instance holds key ${newest}, which is not in use: rotate once all hold it`]
        : []),
    ],
  }
}
