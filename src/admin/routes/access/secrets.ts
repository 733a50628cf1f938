/**
 * Secrets that are kept sealed (S2-20). A secret goes in and never comes out here: only the front end opens it.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { isoText, ok } from '../../../kernel/types.ts'
import type { SecretFacts } from '../../../store/secrets/key-standing.ts'
import { reportedSince, type SecretUser } from '../../../store/secrets/instances.ts'
import { MAX_SECRET_OCTETS, TICKET_SECRET } from '../../../store/secrets/secret-limits.ts'
import { defineRoute } from '../../define-route.ts'
import { itemsOutput, noContent, versionedOutput } from '../../route-output.ts'
import { invalidData, refuse } from '../../refused.ts'
import { secretText, strictObject, time, listOf, nameParams } from '../../schemas.ts'
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

/** What takes a secret would not start again without it. */
const inUse = (name: string, used: readonly string[]) =>
  refuse({
    status: 409,
    code: 'secret-in-use',
    detail: `the secret ${name} is taken by ${used.join(', ')}`,
    nextStep:
      'take it out of the configuration and reload first; an instance that has ended counts for a day',
  })

/** Adds the calls. */
export function addSecretRoutes(
  app: FastifyInstance,
  { store, clock, frontEnd }: AdminContext,
): void {
  /** The settings of this front end that take a secret, and other instances that do. */
  const usesOf = (name: string, users: readonly SecretUser[]): readonly string[] => [
    ...frontEnd.config().storedSecrets.flatMap((use) => (use.name === name ? use.setting : [])),
    ...users.flatMap((one) => (one.secrets.includes(name) ? `instance ${one.name}` : [])),
  ]
  defineRoute(app, {
    route: 'GET /api/secrets',
    role: 'administrator',
    tag: 'secrets',
    summary: 'The names of all secrets and what takes them, never what they are.',
    response: listOf(
      strictObject({
        ...secret.properties,
        used_by: Type.Array(Type.String(), {
          description:
            'Settings of this front end that take it by `store:NAME`, and `instance` with the name of others that do; `session tickets` for the secret that the program makes itself.',
        }),
      }),
    ),
    handle: async () => {
      const users = await store.secrets.users(reportedSince(clock.now()))
      if (!users.ok) return users
      return itemsOutput(await store.secrets.list(), (it) => ({
        ...shownSecret(it),
        used_by:
          it.name === TICKET_SECRET ? ['session tickets'] : [...usesOf(it.name, users.value)],
      }))
    },
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
        maxLength: (MAX_SECRET_OCTETS / 3) * 4,
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
    summary: 'Remove a secret that no configuration takes.',
    params: nameParams,
    versioned: true,
    fails: [404, 409],
    handle: async ({ actor, params, expected }) => {
      const here = usesOf(params.name, [])
      if (here.length > 0) return inUse(params.name, here)
      const users = await store.secrets.remove(actor, params.name, expected)
      if (!users.ok) return users
      const used = usesOf(params.name, users.value)
      return used.length > 0 ? inUse(params.name, used) : noContent(ok(undefined))
    },
  })
}
