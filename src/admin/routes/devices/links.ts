/**
 * Keys and signed ids that lead to a device on refused evidence alone, as programs of before linked them; and their undoing.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { ok } from '../../../kernel/types.ts'
import type { DeviceLink } from '../../../store/devices/device-links.ts'
import { APPROVALS } from '../../../store/schema/vocabulary.ts'
import type { AdminContext } from '../../context.ts'
import { defineRoute } from '../../define-route.ts'
import { nullable, pageOf, pageQuery, strictObject, stringEnum, text } from '../../schemas.ts'

const KINDS = ['key', 'signed-id'] as const
const EVIDENCE = ['refused'] as const

const linkName = strictObject({ device: text(200), kind: stringEnum(KINDS), value: text(2048) })

const linkShape = strictObject({
  device: Type.String(),
  name: nullable(Type.String({ description: 'What the inventory calls the device.' })),
  approval: stringEnum(APPROVALS),
  kind: stringEnum(KINDS),
  value: Type.String({ description: 'The SHA-256 of a public key, or a signed id.' }),
  subject: Type.String({ description: 'Of the refused certificate that it is linked by.' }),
  setting: nullable(Type.String()),
  code: Type.String({ description: 'What that certificate was refused as last.' }),
})

const undoneShape = strictObject({
  undone: Type.Array(linkName),
  left: Type.Array(linkName, {
    description: 'Links that are gone, or stand on other evidence by now.',
  }),
})

/** Adds the calls. */
export function addLinkRoutes(app: FastifyInstance, { store }: AdminContext): void {
  defineRoute(app, {
    route: 'GET /api/devices/links',
    role: 'viewer',
    tag: 'devices',
    summary:
      'Keys and signed ids that are linked to a device by nothing but refused certificates, device by device; blocked devices are left out. A page may be empty and have a next.',
    query: strictObject({ evidence: stringEnum(EVIDENCE), ...pageQuery }),
    response: pageOf(linkShape),
    handle: async ({ query: { limit = 100, after } }) => {
      const found = await store.links.refused({ limit, after })
      if (!found.ok) return found
      const { items, next } = found.value
      return ok({ body: { items: items.map(shownLink), next: next ?? null } })
    },
  })
  defineRoute(app, {
    route: 'POST /api/devices/links/undo',
    role: 'operator',
    tag: 'devices',
    summary:
      'Undo links that stand on refused evidence alone: the device forgets the key or id, and a client with that key is a device of its own.',
    body: strictObject({
      evidence: stringEnum(EVIDENCE),
      links: Type.Array(linkName, { minItems: 1, maxItems: 1000 }),
    }),
    response: undoneShape,
    fails: [413],
    handle: async ({ actor, body }) => {
      const done = await store.links.undoRefused(actor, body.links)
      if (!done.ok) return done
      const { undone, left } = done.value
      return ok({ body: { undone: [...undone], left: [...left] } })
    },
  })
}

const shownLink = ({
  device,
  kind,
  value,
  certificate: { subject, setting, code },
}: DeviceLink): Static<typeof linkShape> => ({
  device: device.id,
  name: device.inventory?.name ?? null,
  approval: device.approval,
  kind,
  value,
  subject,
  setting: setting ?? null,
  code,
})
