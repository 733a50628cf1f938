/**
 * Settings that the portal edits where the configuration file leaves them out: the oldest agents that can
 * authenticate, and the approval model. Each is one document in the store.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { APPROVAL_MODELS } from '../../../fleet/approval.ts'
import { CLIENT_CLASSES, parseMinimum, rankOf, versionText } from '../../../fleet/client.ts'
import {
  APPROVAL_DOCUMENT,
  DEFAULT_APPROVAL,
  MINIMUMS_DOCUMENT,
  readApprovalModel,
  readMinimums,
} from '../../../fleet/stored-settings.ts'
import type { MinimumVersions } from '../../../fleet/readiness.ts'
import { fail, ok, type Fault, type Result } from '../../../kernel/types.ts'
import type { AgentMinimum } from '../../../store/devices/device-filter.ts'
import type { StoreFailure } from '../../../store/failure.ts'
import { define } from '../../define-route.ts'
import { faulty, setByFile } from '../../refused.ts'
import { record, word } from '../../schemas.ts'
import type { Office } from '../../context.ts'

/** Adds the calls. */
export function settingCalls(app: FastifyInstance, office: Office): void {
  minimumCalls(app, office)
  approvalCalls(app, office)
}

/** The oldest agents that count now: the file's, or else the portal's, or else the profile's. */
export async function minimumsOf(office: Office): Promise<Result<MinimumVersions, StoreFailure>> {
  const kept = await keptMinimums(office)
  return kept.ok ? ok(kept.value.minimums) : kept
}

/** The same as the store orders by them. */
export const ranked = (minimums: MinimumVersions): readonly AgentMinimum[] =>
  [...minimums].map(([name, version]) => ({ class: name, rank: rankOf(version) }))

interface KeptMinimums {
  readonly minimums: MinimumVersions
  /** Of the portal's document; 0 as long as there is none. */
  readonly version: number
}

async function keptMinimums({
  serving,
  store,
}: Office): Promise<Result<KeptMinimums, StoreFailure>> {
  const { versions, statedByFile } = serving.minimums()
  const found = await store.documents.find(MINIMUMS_DOCUMENT)
  if (!found.ok) return found
  const { body, version = 0 } = found.value ?? {}
  if (statedByFile || body === undefined) return ok({ minimums: versions, version })
  const read = readMinimums(body)
  if (!read.ok) return fail(strange(MINIMUMS_DOCUMENT, read.failure))
  return ok({ minimums: read.value, version })
}

/** Counting a fleet by a document that nobody understands would be a guess. */
const strange = (key: string, faults: readonly Fault[]): StoreFailure => ({
  kind: 'unknown-row',
  table: 'documents',
  key,
  column: 'body',
  found: faults.map(({ at }) => at).join(', '),
  wanted: 'a document that this version wrote',
})

const version = Type.Integer({ description: '0 as long as nobody has set it.' })
const locked = Type.Boolean({ description: 'Set by the configuration file.' })

function minimumCalls(app: FastifyInstance, office: Office): void {
  const { store, serving } = office
  const shape = record({
    minimums: Type.Array(
      record({
        class: word(CLIENT_CLASSES),
        version: Type.String({
          maxLength: 60,
          description: 'The oldest release that can authenticate, such as 10.1.',
        }),
      }),
      { maxItems: CLIENT_CLASSES.length },
    ),
  })
  define(
    app,
    {
      method: 'GET',
      path: '/api/settings/agent-minimums',
      role: 'viewer',
      tag: 'settings',
      summary:
        "The oldest agents that can authenticate, per class: the file's, the portal's, or the profile's.",
      answer: record({ ...shape.properties, locked, version }),
    },
    async () => {
      const kept = await keptMinimums(office)
      if (!kept.ok) return kept
      const { version } = kept.value
      const minimums = [...kept.value.minimums].map(([name, oldest]) => ({
        class: name,
        version: versionText(oldest),
      }))
      return ok({
        body: { minimums, locked: serving.minimums().statedByFile, version },
        version,
      })
    },
  )
  define(
    app,
    {
      method: 'PUT',
      path: '/api/settings/agent-minimums',
      role: 'administrator',
      tag: 'settings',
      summary:
        'Set all of them; they decide which devices count as "Client agents must upgrade". A class that is left out has none.',
      body: shape,
      answer: record({ version }),
      versioned: true,
      fails: [409, 422],
    },
    async ({ by, body, expected }) => {
      if (serving.minimums().statedByFile) return setByFile('the oldest agent of each class')
      const faults = body.minimums.flatMap(({ class: name, version }, at): readonly Fault[] => [
        ...(parseMinimum(version) === undefined
          ? [{ at: `minimums.${at}.version`, message: MINIMUM_WANTED }]
          : []),
        ...(body.minimums.findIndex((one) => one.class === name) < at
          ? [{ at: `minimums.${at}.class`, message: 'is there twice' }]
          : []),
      ])
      if (faults.length > 0) return faulty(faults, 'the oldest agents')
      const kept = Object.fromEntries(body.minimums.map((one) => [one.class, one.version]))
      const put = await store.documents.put(by, { name: MINIMUMS_DOCUMENT, body: kept }, expected)
      if (!put.ok) return put
      return ok({ body: { version: put.value.version }, version: put.value.version })
    },
  )
}

const MINIMUM_WANTED =
  'wanted up to four numbers with dots between them, such as 10.1: four digits each, the fourth three'

function approvalCalls(app: FastifyInstance, office: Office): void {
  const { store, serving } = office
  const model = word(
    APPROVAL_MODELS,
    'off asks nobody; auto approves a sound certificate of the current CA; manual waits for Approve; manual-external only for devices from outside.',
  )
  define(
    app,
    {
      method: 'GET',
      path: '/api/settings/approval-model',
      role: 'viewer',
      tag: 'settings',
      summary: 'How devices come to be approved.',
      answer: record({ model, locked, version }),
    },
    async () => {
      const found = await store.documents.find(APPROVAL_DOCUMENT)
      if (!found.ok) return found
      const { body, version = 0 } = found.value ?? {}
      const read = body === undefined ? ok(DEFAULT_APPROVAL) : readApprovalModel(body)
      if (!read.ok) return fail(strange(APPROVAL_DOCUMENT, read.failure))
      const stated = serving.approvalModel()
      return ok({
        body: { model: stated ?? read.value, locked: stated !== undefined, version },
        version,
      })
    },
  )
  define(
    app,
    {
      method: 'PUT',
      path: '/api/settings/approval-model',
      role: 'administrator',
      tag: 'settings',
      summary: 'Choose how devices come to be approved. Who is approved already stays so.',
      body: record({ model }),
      answer: record({ model, version }),
      versioned: true,
      fails: [409, 422],
    },
    async ({ by, body, expected }) => {
      if (serving.approvalModel() !== undefined) return setByFile('the approval model')
      const kept = { name: APPROVAL_DOCUMENT, body: { model: body.model } }
      const put = await store.documents.put(by, kept, expected)
      if (!put.ok) return put
      const { version } = put.value
      return ok({ body: { model: body.model, version }, version })
    },
  )
}
