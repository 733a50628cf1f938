/**
 * The list of devices that should be there, from the management server or a CSV. What never showed a certificate is
 * counted because of it; nothing in it approves anybody.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import type { Book, By, Tx } from './book.ts'
import type { StoreFailure } from './failure.ts'
import { listOf } from './fed.ts'
import { blankDevice } from './draft.ts'
import { termOf } from './search-terms.ts'
import { newDeviceId } from './sightings.ts'

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

export interface Imported {
  readonly added: number
  readonly updated: number
  /** Of these, how many are devices that were seen already. */
  readonly linked: number
}

/** Entries in one call; a larger inventory comes in several. */
export const INVENTORY_LIMIT = 10_000

export class Inventory {
  readonly #book: Book
  constructor(book: Book) {
    this.#book = book
  }

  /** Adds and updates entries; of two with the same id the last counts. What the devices showed themselves is kept. */
  import(by: By, entries: readonly InventoryEntry[]): Promise<Result<Imported, StoreFailure>> {
    const found = entries.length
    if (found > INVENTORY_LIMIT) {
      return Promise.resolve(
        fail({ kind: 'too-many', what: 'device', found, limit: INVENTORY_LIMIT }),
      )
    }
    const last = [...new Map(entries.map((entry) => [entry.id, entry])).values()]
    const { dialect } = this.#book
    return this.#book.change<Imported, StoreFailure>(by, async (tx, now) => {
      const ids = last.map(({ id }) => id)
      const holders = await tx
        .selectFrom('devices')
        .select(['id', 'inventory_id'])
        .where('inventory_id', 'in', listOf(dialect, ids))
        .execute()
      const deviceOf = new Map(holders.map(({ id, inventory_id }) => [inventory_id ?? '', id]))
      const signed = await signers(tx, listOf(dialect, ids))
      const taken = new Set(holders.map(({ id }) => id))
      let linked = 0
      let added = 0
      for (const entry of last) {
        const seen = signed.get(entry.id)
        const known = deviceOf.get(entry.id)
        const device = known ?? (seen !== undefined && !taken.has(seen) ? seen : undefined)
        if (known === undefined && device !== undefined) linked += 1
        if (device === undefined) added += 1
        const id = device ?? newDeviceId(now)
        taken.add(id)
        await write(tx, { id, isNew: device === undefined, entry })
      }
      return ok({
        value: { added, updated: last.length - added, linked },
        entries: [
          {
            action: 'inventory.import',
            subject: 'inventory',
            after: { entries: last.length, added, linked },
          },
        ],
        touched: [],
      })
    })
  }
}

/** Devices for which a trusted CA signed one of these ids, and which are in no inventory yet. */
async function signers(
  tx: Tx,
  ids: ReturnType<typeof listOf>,
): Promise<ReadonlyMap<string, string>> {
  const rows = await tx
    .selectFrom('signed_ids')
    .innerJoin('devices', 'devices.id', 'signed_ids.device')
    .select(['signed_ids.id', 'signed_ids.device'])
    .where('signed_ids.id', 'in', ids)
    .where('devices.inventory_id', 'is', null)
    .execute()
  return new Map(rows.map(({ id, device }) => [id, device]))
}

interface Writing {
  readonly id: string
  readonly isNew: boolean
  readonly entry: InventoryEntry
}

async function write(tx: Tx, { id, isNew, entry }: Writing): Promise<void> {
  const facts = {
    inventory_id: entry.id,
    ...(entry.name === undefined ? {} : { inventory_name: entry.name }),
    ...(entry.class === undefined ? {} : { class: entry.class }),
    ...(entry.agent === undefined ? {} : { agent: entry.agent }),
    ...(entry.agentVersion === undefined ? {} : { agent_version: entry.agentVersion }),
    ...(entry.agentRank === undefined ? {} : { agent_rank: entry.agentRank }),
  }
  if (isNew) {
    await tx
      .insertInto('devices')
      .values({ ...blankDevice(id), ...facts })
      .execute()
  } else {
    await tx.updateTable('devices').set(facts).where('id', '=', id).execute()
  }
  if (entry.pending === true) {
    await tx
      .updateTable('devices')
      .set({ migration: 'pending' })
      .where('id', '=', id)
      .where('migration', '=', 'none')
      .execute()
  }
  const terms = [entry.id, ...(entry.name ?? '').split(/\s+/)].map(termOf)
  for (const term of new Set(terms.filter((one) => one !== ''))) {
    await tx
      .insertInto('search_terms')
      .values({ term, device: id })
      .onConflict((one) => one.doNothing())
      .execute()
  }
}
