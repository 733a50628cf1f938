/**
 * The list of devices that should be there (S1-03): without it those that never came cannot be counted.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import { ok, type Fault, type Result } from '../../../kernel/types.ts'
import type { Actor } from '../../../store/transactions.ts'
import { INVENTORY_LIMIT, type InventoryEntry } from '../../../store/devices/inventory.ts'
import { defineRoute, type RouteOutput, type RouteFailure } from '../../define-route.ts'
import { checkEntries, INVENTORY_COLUMNS, readInventoryCsv } from './inventory-csv.ts'
import { invalidData } from '../../refused.ts'
import { strictObject, text, stringEnum } from '../../schemas.ts'
import type { AdminContext } from '../../context.ts'

const imported = strictObject({
  entries: Type.Integer({ description: 'Read and without fault.' }),
  added: Type.Integer(),
  updated: Type.Integer(),
  linked: Type.Integer({ description: 'Of these, devices that were seen already.' }),
  dry_run: Type.Boolean(),
})

const dryRun = Type.Boolean({ default: false, description: 'Only look for faults.' })

const entry = strictObject({
  id: text(200, 'The id under which the management server knows the device.'),
  name: Type.Optional(text(200)),
  class: Type.Optional(stringEnum(CLIENT_CLASSES)),
  agent: Type.Optional(text(200)),
  agent_version: Type.Optional(text(60)),
  pending: Type.Optional(
    Type.Boolean({ description: 'It checks in on the sync port and has still to move.' }),
  ),
})

/** Adds the calls. */
export function addInventoryRoutes(app: FastifyInstance, context: AdminContext): void {
  defineRoute(app, {
    route: 'POST /api/inventory',
    role: 'operator',
    tag: 'inventory',
    summary: `Import up to ${INVENTORY_LIMIT} devices; doing it again changes nothing more. All of them, or none.`,
    body: strictObject({
      devices: Type.Array(entry, { maxItems: INVENTORY_LIMIT }),
      dry_run: Type.Optional(dryRun),
    }),
    response: imported,
    fails: [409, 413],
    handle: async ({ actor, body }) => {
      const located = body.devices.map((it, index) => ({ at: `devices.${index}`, entry: it }))
      return await importEntries(context, actor, {
        read: checkEntries(located),
        dryRun: body.dry_run ?? false,
      })
    },
  })
  defineRoute(app, {
    route: 'POST /api/inventory/csv',
    role: 'operator',
    tag: 'inventory',
    summary: 'The same from CSV, with every fault and its line.',
    body: strictObject({
      csv: Type.String({
        minLength: 1,
        maxLength: 900_000,
        description: `A line of column names (${INVENTORY_COLUMNS.join(', ')}), then one device a line.`,
      }),
      first_line: Type.Optional(
        Type.Integer({
          minimum: 1,
          default: 1,
          description:
            'Where in its file this part begins, for the faults; a large file comes in parts.',
        }),
      ),
      dry_run: Type.Optional(dryRun),
    }),
    response: imported,
    fails: [409, 413],
    handle: async ({ actor, body }) => {
      const { csv, first_line: firstLine = 1, dry_run: dryRun = false } = body
      return await importEntries(context, actor, { read: readInventoryCsv(csv, firstLine), dryRun })
    },
  })
}

interface ImportRequest {
  readonly read: Result<readonly InventoryEntry[], readonly Fault[]>
  readonly dryRun: boolean
}

async function importEntries(
  { store }: AdminContext,
  actor: Actor,
  { read, dryRun }: ImportRequest,
): Promise<Result<RouteOutput<Static<typeof imported>>, RouteFailure>> {
  if (!read.ok) return invalidData(bounded(read.failure), 'the inventory')
  const entries = read.value.length
  const none = { entries, added: 0, updated: 0, linked: 0 }
  if (dryRun || entries === 0) return ok({ body: { ...none, dry_run: dryRun } })
  const done = await store.inventory.import(actor, read.value)
  return done.ok ? ok({ body: { entries, ...done.value, dry_run: false } }) : done
}

function bounded(faults: readonly Fault[]): readonly Fault[] {
  const more = faults.length - MAX_FAULTS
  if (more <= 0) return faults
  const rest = { at: 'further', message: `${more} more of them: correct these first` }
  return [...faults.slice(0, MAX_FAULTS), rest]
}

/** As many as an administrator corrects at one time. */
const MAX_FAULTS = 200
