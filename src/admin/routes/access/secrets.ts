/**
 * Secrets that are kept sealed (S2-20). A secret goes in and never comes out here: only the front end opens it.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import type { SecretFacts } from '../../../store/secrets/key-standing.ts'
import { TICKET_SECRET } from '../../../store/secrets/secrets.ts'
import { defineRoute } from '../../define-route.ts'
import { itemsOutput, noContent, versionedOutput } from '../../route-output.ts'
import { invalidData } from '../../refused.ts'
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

/** Adds the calls. */
export function addSecretRoutes(app: FastifyInstance, { store }: AdminContext): void {
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
