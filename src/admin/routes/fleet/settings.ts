/**
 * Settings that the portal edits where the configuration file leaves them out: the oldest agents that can
 * authenticate, and the approval model. Each is one document in the store.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { APPROVAL_MODELS } from '../../../decide/policy.ts'
import { CLIENT_CLASSES, parseMinimum, versionRank, versionText } from '../../../fleet/client.ts'
import {
  APPROVAL_DOCUMENT,
  DEFAULT_APPROVAL,
  MINIMUMS_DOCUMENT,
  readApprovalModel,
  readMinimums,
} from '../../../fleet/stored-settings.ts'
import type { MinimumVersions } from '../../../fleet/readiness.ts'
import { ok, type Fault, type Result } from '../../../kernel/types.ts'
import type { AgentMinimum } from '../../../store/devices/device-filter.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import { defineRoute } from '../../define-route.ts'
import { invalidData, setByFile, unreadableDocument } from '../../refused.ts'
import { previewAnswer } from '../../preview/answer.ts'
import { previewShape } from '../../preview/shapes.ts'
import { strictObject, stringEnum } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'

/** Adds the calls. */
export function addSettingRoutes(app: FastifyInstance, context: AdminContext): void {
  addAgentMinimumRoutes(app, context)
  addApprovalModelRoutes(app, context)
}

/** What it takes to say which agents are too old. */
export interface MinimumsContext extends Pick<AdminContext, 'store'> {
  readonly frontEnd: Pick<AdminContext['frontEnd'], 'minimums'>
}

/** The oldest agents that count now: the file's, or else the portal's, or else the profile's. */
export async function minimumsOf(
  context: MinimumsContext,
): Promise<Result<MinimumVersions, StoreTrouble>> {
  const stored = await storedMinimums(context)
  return stored.ok ? ok(stored.value.minimums) : stored
}

/** The same as the store orders by them. */
export const agentMinimums = (minimums: MinimumVersions): readonly AgentMinimum[] =>
  [...minimums].map(([name, version]) => ({ class: name, rank: versionRank(version) }))

interface StoredMinimums {
  readonly minimums: MinimumVersions
  /** Of the portal's document; 0 as long as there is none. */
  readonly version: number
}

async function storedMinimums({
  frontEnd,
  store,
}: MinimumsContext): Promise<Result<StoredMinimums, StoreTrouble>> {
  const { versions, statedByFile } = frontEnd.minimums()
  const found = await store.documents.find(MINIMUMS_DOCUMENT)
  if (!found.ok) return found
  const { body, version = 0 } = found.value ?? {}
  if (statedByFile || body === undefined) return ok({ minimums: versions, version })
  const read = readMinimums(body)
  if (!read.ok) return unreadable(MINIMUMS_DOCUMENT, read.failure)
  return ok({ minimums: read.value, version })
}

const unreadable = (key: string, faults: readonly Fault[]) =>
  unreadableDocument(key, {
    found: faults.map(({ at }) => at).join(', '),
    wanted: 'a document that this version wrote',
  })

const version = Type.Integer({ description: '0 as long as it was never set.' })
const locked = Type.Boolean({ description: 'Set by the configuration file.' })

function addAgentMinimumRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, frontEnd } = context
  const shape = strictObject({
    minimums: Type.Array(
      strictObject({
        class: stringEnum(CLIENT_CLASSES),
        version: Type.String({
          maxLength: 60,
          description: 'The oldest release that can authenticate, such as 10.1.',
        }),
      }),
      { maxItems: CLIENT_CLASSES.length },
    ),
  })
  defineRoute(app, {
    route: 'GET /api/settings/agent-minimums',
    role: 'viewer',
    tag: 'settings',
    summary:
      "The oldest agents that can authenticate, per class: the file's, the portal's, or the profile's.",
    response: strictObject({ ...shape.properties, locked, version }),
    handle: async () => {
      const stored = await storedMinimums(context)
      if (!stored.ok) return stored
      const { version } = stored.value
      const minimums = [...stored.value.minimums].map(([name, oldest]) => ({
        class: name,
        version: versionText(oldest),
      }))
      return ok({
        body: { minimums, locked: frontEnd.minimums().statedByFile, version },
        version,
      })
    },
  })
  defineRoute(app, {
    route: 'PUT /api/settings/agent-minimums',
    role: 'administrator',
    tag: 'settings',
    summary:
      'Set all of them; they decide which devices count as "Client agents must upgrade". A class that is left out has none.',
    body: shape,
    response: strictObject({ version }),
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      if (frontEnd.minimums().statedByFile) return setByFile('the oldest agent of each class')
      const faults = body.minimums.flatMap(({ class: name, version }, at): readonly Fault[] => [
        ...(parseMinimum(version) === undefined
          ? [{ at: `minimums.${at}.version`, message: MINIMUM_WANTED }]
          : []),
        ...(body.minimums.findIndex((one) => one.class === name) < at
          ? [{ at: `minimums.${at}.class`, message: 'is there twice' }]
          : []),
      ])
      if (faults.length > 0) return invalidData(faults, 'the oldest agents')
      const stored = Object.fromEntries(body.minimums.map((one) => [one.class, one.version]))
      const put = await store.documents.put(
        actor,
        { name: MINIMUMS_DOCUMENT, body: stored },
        expected,
      )
      if (!put.ok) return put
      return ok({ body: { version: put.value.version }, version: put.value.version })
    },
  })
}

const MINIMUM_WANTED =
  'wanted up to four numbers with dots between them, such as 10.1: four digits each, the fourth three'

function addApprovalModelRoutes(app: FastifyInstance, context: AdminContext): void {
  const { store, frontEnd } = context
  const model = stringEnum(
    APPROVAL_MODELS,
    'off asks for no approval; auto approves every fit certificate; manual waits for Approve; manual-external does, and keeps the outside closed once certificates are required, too.',
  )
  defineRoute(app, {
    route: 'GET /api/settings/approval-model',
    role: 'viewer',
    tag: 'settings',
    summary: 'How devices come to be approved.',
    response: strictObject({ model, locked, version }),
    handle: async () => {
      const found = await store.documents.find(APPROVAL_DOCUMENT)
      if (!found.ok) return found
      const { body, version = 0 } = found.value ?? {}
      const read = body === undefined ? ok(DEFAULT_APPROVAL) : readApprovalModel(body)
      if (!read.ok) return unreadable(APPROVAL_DOCUMENT, read.failure)
      const stated = frontEnd.approvalModel()
      return ok({
        body: { model: stated ?? read.value, locked: stated !== undefined, version },
        version,
      })
    },
  })
  defineRoute(app, {
    route: 'POST /api/settings/approval-model/preview',
    role: 'viewer',
    tag: 'settings',
    summary: 'Which devices would meet another verdict under a model; nothing is changed.',
    body: strictObject({ model }),
    response: previewShape,
    fails: [409],
    handle: async ({ body }) => {
      if (frontEnd.approvalModel() !== undefined) return setByFile('the approval model')
      return await previewAnswer(context, { step: { kind: 'approval-model', model: body.model } })
    },
  })
  defineRoute(app, {
    route: 'PUT /api/settings/approval-model',
    role: 'administrator',
    tag: 'settings',
    summary: 'Choose how devices come to be approved. Who is approved already stays so.',
    body: strictObject({ model }),
    response: strictObject({ model, version }),
    versioned: true,
    fails: [409],
    handle: async ({ actor, body, expected }) => {
      if (frontEnd.approvalModel() !== undefined) return setByFile('the approval model')
      const stored = { name: APPROVAL_DOCUMENT, body: { model: body.model } }
      const put = await store.documents.put(actor, stored, expected)
      if (!put.ok) return put
      const { version } = put.value
      return ok({ body: { model: body.model, version }, version })
    },
  })
}
