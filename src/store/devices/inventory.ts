/**
 * The list of devices that should be there, from the management server or a CSV. What never showed a certificate is
 * counted because of it; nothing in it approves anybody.
 */
import { fail, ok } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Outcome } from '../failure.ts'
import { inList, writerOf } from '../engine/bulk-rows.ts'
import { blankDevice, newDeviceId, type DeviceRow } from './device-draft.ts'
import type { Dialect } from '../engine/engine.ts'
import { DEVICE_COLUMNS } from './write-plan.ts'
import { termOf } from './search-terms.ts'
import type { Tx } from '../schema/tables.ts'

/** One line of an inventory. */
export interface InventoryEntry {
  /** The id under which the management server knows the device. */
  readonly id: string
  readonly name?: string | undefined
  readonly class?: string | undefined
  readonly agent?: string | undefined
  readonly agentVersion?: string | undefined
  readonly agentRank?: number | undefined
  /** It checks in on the sync port and has still to move (S0-45). */
  readonly pending?: boolean | undefined
}

export interface ImportCounts {
  readonly added: number
  readonly updated: number
  /** Of these, how many are devices that were seen already. */
  readonly linked: number
}

/** Entries in one call; a larger inventory comes in several. */
export const INVENTORY_LIMIT = 10_000

export class Inventory {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Adds and updates entries; of two with the same id the last counts. What the devices showed themselves is kept. */
  import(actor: Actor, entries: readonly InventoryEntry[]): Outcome<ImportCounts> {
    const found = entries.length
    if (found > INVENTORY_LIMIT) {
      return Promise.resolve(
        fail({ kind: 'too-many', what: 'device', found, limit: INVENTORY_LIMIT }),
      )
    }
    const last = [...new Map(entries.map((entry) => [entry.id, entry])).values()]
    const { dialect } = this.#transactions
    return this.#transactions.change<ImportCounts>(actor, async (tx, now) => {
      const matches = await findMatches(
        tx,
        dialect,
        last.map(({ id }) => id),
      )
      const fresh: DeviceRow[] = []
      const old: DeviceRow[] = []
      const terms: { readonly term: string; readonly device: string }[] = []
      let linked = 0
      for (const entry of last) {
        const before = matches.byInventoryId.get(entry.id) ?? matches.bySignedId.get(entry.id)
        // A device that proved two ids stands for the first of them; the other waits for one of its own.
        const device =
          before?.inventory_id === null || before?.inventory_id === entry.id ? before : undefined
        if (device?.inventory_id === null) linked += 1
        const row = device ?? blankDevice(newDeviceId(now))
        applyEntry(row, entry)
        if (device === undefined) fresh.push(row)
        else old.push(row)
        for (const term of inventoryTerms(entry)) terms.push({ term, device: row.id })
      }
      const write = writerOf(tx, dialect)
      await write.update('devices', { key: 'id', shape: DEVICE_COLUMNS, rows: old })
      await write.insert('devices', { shape: { id: 'text', ...DEVICE_COLUMNS }, rows: fresh })
      const shape = { term: 'text', device: 'text' } as const
      await write.insert('search_terms', { shape, rows: terms, onConflict: 'do nothing' })
      const value = { added: fresh.length, updated: old.length, linked }
      const after = { entries: last.length, ...value }
      return ok({
        value,
        entries: [{ action: 'inventory.import', subject: 'inventory', after }],
      })
    })
  }
}

interface InventoryMatches {
  /** By inventory id, the devices that have the entry already. */
  readonly byInventoryId: ReadonlyMap<string, DeviceRow>
  /** By inventory id, the devices for which a trusted CA signed it. */
  readonly bySignedId: ReadonlyMap<string, DeviceRow>
}

async function findMatches(
  tx: Tx,
  dialect: Dialect,
  ids: readonly string[],
): Promise<InventoryMatches> {
  const byInventoryId = await tx
    .selectFrom('devices')
    .selectAll()
    .where('inventory_id', 'in', inList(dialect, ids))
    .execute()
  const bySignedId = await tx
    .selectFrom('signed_ids')
    .innerJoin('devices', 'devices.id', 'signed_ids.device')
    .selectAll('devices')
    .select('signed_ids.id as signed_id')
    .where('signed_ids.id', 'in', inList(dialect, ids))
    .execute()
  // One object per device, however many ids it proved.
  const rows = new Map(
    [...byInventoryId, ...bySignedId].map((row): [string, DeviceRow] => [row.id, row]),
  )
  const found = (id: string): readonly DeviceRow[] => {
    const row = rows.get(id)
    return row === undefined ? [] : [row]
  }
  return {
    byInventoryId: new Map(
      byInventoryId.flatMap(({ id, inventory_id }) =>
        found(id).map((row) => [inventory_id ?? '', row] as const),
      ),
    ),
    bySignedId: new Map(
      bySignedId.flatMap(({ id, signed_id }) => found(id).map((row) => [signed_id, row] as const)),
    ),
  }
}

/** What the device showed itself is kept: the inventory fills what is missing. */
function applyEntry(row: DeviceRow, entry: InventoryEntry): void {
  const seen = row.last_seen > 0
  row.inventory_id = entry.id
  row.inventory_name = entry.name ?? row.inventory_name
  row.class = (seen ? row.class : undefined) ?? entry.class ?? row.class
  if (!seen || row.agent === null) {
    row.agent = entry.agent ?? row.agent
    row.agent_version = entry.agentVersion ?? row.agent_version
    row.agent_rank = entry.agentRank ?? row.agent_rank
  }
  if (entry.pending === true && row.migration === 'none') row.migration = 'pending'
}

const inventoryTerms = ({ id, name }: InventoryEntry): readonly string[] =>
  [id, ...(name ?? '').split(/\s+/)].map(termOf).filter((term) => term !== '')
