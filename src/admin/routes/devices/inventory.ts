/**
 * The list of devices that should be there (S1-03): without it nobody can count those that never came.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import { ok, type Fault, type Result } from '../../../kernel/types.ts'
import type { By } from '../../../store/transactions.ts'
import { INVENTORY_LIMIT, type InventoryEntry } from '../../../store/devices/inventory.ts'
import { define, type Answered, type CallFailure } from '../../define-route.ts'
import { checkEntries, INVENTORY_COLUMNS, readInventoryCsv } from './inventory-csv.ts'
import { faulty } from '../../refused.ts'
import { record, text, word } from '../../schemas.ts'
import type { Office } from '../../context.ts'

const imported = record({
  entries: Type.Integer({ description: 'Read and without fault.' }),
  added: Type.Integer(),
  updated: Type.Integer(),
  linked: Type.Integer({ description: 'Of these, devices that were seen already.' }),
  dry_run: Type.Boolean(),
})

const dryRun = Type.Boolean({ default: false, description: 'Only look for faults.' })

const entry = record({
  id: text(200, 'The id under which the management server knows the device.'),
  name: Type.Optional(text(200)),
  class: Type.Optional(word(CLIENT_CLASSES)),
  agent: Type.Optional(text(200)),
  agent_version: Type.Optional(text(60)),
  pending: Type.Optional(
    Type.Boolean({ description: 'It checks in on the sync port and has still to move.' }),
  ),
})

/** Adds the calls. */
export function inventoryCalls(app: FastifyInstance, office: Office): void {
  define(
    app,
    {
      method: 'POST',
      path: '/api/inventory',
      role: 'operator',
      tag: 'inventory',
      summary: `Import up to ${INVENTORY_LIMIT} devices; doing it again changes nothing more. All of them, or none.`,
      body: record({
        devices: Type.Array(entry, { maxItems: INVENTORY_LIMIT }),
        dry_run: Type.Optional(dryRun),
      }),
      answer: imported,
      fails: [409, 413, 422],
    },
    async ({ by, body }) => {
      const located = body.devices.map((it, index) => ({ at: `devices.${index}`, entry: it }))
      return await taken(office, by, { read: checkEntries(located), dryRun: body.dry_run ?? false })
    },
  )
  define(
    app,
    {
      method: 'POST',
      path: '/api/inventory/csv',
      role: 'operator',
      tag: 'inventory',
      summary: 'The same from CSV, with every fault and its line.',
      body: record({
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
      answer: imported,
      fails: [409, 413, 422],
    },
    async ({ by, body }) => {
      const { csv, first_line: firstLine = 1, dry_run: dryRun = false } = body
      return await taken(office, by, { read: readInventoryCsv(csv, firstLine), dryRun })
    },
  )
}

interface Taking {
  readonly read: Result<readonly InventoryEntry[], readonly Fault[]>
  readonly dryRun: boolean
}

async function taken(
  { store }: Office,
  by: By,
  { read, dryRun }: Taking,
): Promise<Result<Answered<Static<typeof imported>>, CallFailure>> {
  if (!read.ok) return faulty(bounded(read.failure), 'the inventory')
  const entries = read.value.length
  const none = { entries, added: 0, updated: 0, linked: 0 }
  if (dryRun || entries === 0) return ok({ body: { ...none, dry_run: dryRun } })
  const done = await store.inventory.import(by, read.value)
  return done.ok ? ok({ body: { entries, ...done.value, dry_run: false } }) : done
}

function bounded(faults: readonly Fault[]): readonly Fault[] {
  const more = faults.length - MOST_FAULTS
  if (more <= 0) return faults
  const rest = { at: 'further', message: `${more} more of them: correct these first` }
  return [...faults.slice(0, MOST_FAULTS), rest]
}

/** What somebody corrects in one sitting. */
const MOST_FAULTS = 200
