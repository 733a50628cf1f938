/**
 * Keys and signed ids that lead to a device on refused evidence alone, in a store that a program before decision 29 wrote:
 * who they are, and their way out.
 */
import { fail, ok, type Instant } from '../../kernel/types.ts'
import { refusedLinks, type RefusedLink } from '../../fleet/refused-links.ts'
import { inList } from '../engine/bulk-rows.ts'
import type { Dialect } from '../engine/engine.ts'
import type { Outcome } from '../failure.ts'
import { boundedLimit, pageOf, parseCursor, type Page, type PageRequest } from '../page.ts'
import type { Db, Tx } from '../schema/tables.ts'
import type { Actor, AuditEntry, ChangeNotice, Transactions } from '../transactions.ts'
import { idSubject, keySubject } from './approvals.ts'
import { readCertificate, readDevice, type Device } from './device.ts'
import { blankDevice, newDeviceId } from './device-draft.ts'
import { signedIdsOfDevices } from './ids-by-device.ts'

/** A link, and the device that it leads to. */
export interface DeviceLink extends RefusedLink {
  readonly device: Device
}

/** Which link is meant. */
export interface LinkName extends Pick<RefusedLink, 'kind' | 'value'> {
  readonly device: string
}

/** What became of links that were to be undone. */
export interface UndoOutcome {
  readonly undone: readonly LinkName[]
  /** They stand on other evidence by now, or are gone. */
  readonly left: readonly LinkName[]
}

export class DeviceLinks {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /**
   * One page, by device: `limit` devices are looked at. Blocked devices are left out: a link to them refuses, and to undo
   * it would let a key go.
   */
  async refused(request: PageRequest): Outcome<Page<DeviceLink>> {
    const cursor = parseCursor(request.after, 'string')
    if (!cursor.ok) return cursor
    const { dialect } = this.#transactions
    return await this.#transactions.read(async (db) => {
      const ids = await candidates(db, String(cursor.value?.[0] ?? ''), request.limit)
      const page = pageOf(ids, request, { item: (id) => id, cursor: (id) => [id, ''] })
      return { items: await linksOf(db, dialect, page.items), next: page.next }
    })
  }

  /**
   * Undoes links, as far as they still stand on refused evidence alone: the device forgets the key or id, and a client with
   * that key is a device of its own from its next request on.
   */
  undoRefused(actor: Actor, links: readonly LinkName[]): Outcome<UndoOutcome> {
    if (links.length > LINK_LIMIT) {
      const found = links.length
      return Promise.resolve(fail({ kind: 'too-many', what: 'device', found, limit: LINK_LIMIT }))
    }
    const { dialect } = this.#transactions
    return this.#transactions.change<UndoOutcome>(actor, async (tx, now) => {
      const devices = [...new Set(links.map(({ device }) => device))]
      const standing = await linksOf(tx, dialect, devices)
      const wanted = new Set(links.map(nameOf))
      const undone = standing.filter((one) => wanted.has(nameOf({ ...one, device: one.device.id })))
      const entries: AuditEntry[] = []
      const notices: ChangeNotice[] = []
      for (const id of devices) {
        const mine = undone.filter(({ device }) => device.id === id)
        const [first] = mine
        if (first === undefined) continue
        const named = (kind: RefusedLink['kind']) =>
          mine.filter((one) => one.kind === kind).map(({ value }) => value)
        const [keys, ids] = [named('key'), named('signed-id')]
        await unlink(tx, { dialect, device: first.device, keys, ids, now })
        entries.push({ action: 'device.unlink', subject: id, before: { keys, signed_ids: ids } })
        // Its keys and ids by name: snapshots hold them as approved.
        for (const subject of [id, ...keys.map(keySubject), ...ids.map(idSubject)]) {
          notices.push({ topic: 'approval', subject })
        }
      }
      const done = new Set(undone.map((one) => nameOf({ ...one, device: one.device.id })))
      const value = {
        undone: links.filter((one) => done.has(nameOf(one))),
        left: links.filter((one) => !done.has(nameOf(one))),
      }
      return ok({ value, entries, notices })
    })
  }
}

/** Links in one call: a few statements per device, and a transaction of well under a second. */
const LINK_LIMIT = 1000

const nameOf = ({ device, kind, value }: LinkName): string => `${device}\n${kind}\n${value}`

/** Devices with a sound certificate that names an id and was refused, in the order of their ids. */
async function candidates(db: Db, after: string, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('device_keys')
    // CROSS: SQLite keeps this order of the tables, and so finds the rows in the order of the pages.
    .crossJoin('certificates')
    .select('device_keys.device')
    .distinct()
    .whereRef('certificates.key', '=', 'device_keys.key')
    .where('certificates.sound', '=', 1)
    .where('certificates.verdict', '<>', 'admit')
    .where('certificates.signed_ids', '<>', '[]')
    .where('device_keys.device', '>', after)
    .orderBy('device_keys.device')
    .limit(boundedLimit(limit) + 1)
    .execute()
  return rows.map(({ device }) => device)
}

async function linksOf(
  db: Db,
  dialect: Dialect,
  ids: readonly string[],
): Promise<readonly DeviceLink[]> {
  if (ids.length === 0) return []
  const listed = inList(dialect, ids)
  const devices = await db
    .selectFrom('devices')
    .selectAll()
    .where('id', 'in', listed)
    .where('approval', '<>', 'blocked')
    .orderBy('id')
    .execute()
  const keys = await db
    .selectFrom('device_keys')
    .select(['device', 'key'])
    .where('device', 'in', listed)
    .orderBy('first_seen')
    .orderBy('key')
    .execute()
  const signed = await signedIdsOfDevices(db, dialect, ids)
  const certificates = await db
    .selectFrom('device_keys')
    .innerJoin('certificates', 'certificates.key', 'device_keys.key')
    .selectAll('certificates')
    .select('device_keys.device')
    .where('device_keys.device', 'in', listed)
    .orderBy('certificates.first_seen')
    .orderBy('certificates.fingerprint')
    .execute()
  return devices.flatMap((row) => {
    const isIts = ({ device }: { readonly device: string }): boolean => device === row.id
    const found = refusedLinks({
      keys: keys.filter(isIts).map(({ key }) => key),
      signedIds: signed.filter(isIts).map(({ id }) => id),
      certificates: certificates.filter(isIts).map(readCertificate),
    })
    const device = readDevice(row)
    return found.map((link) => ({ ...link, device }))
  })
}

interface Unlinking {
  readonly dialect: Dialect
  readonly device: Device
  readonly keys: readonly string[]
  readonly ids: readonly string[]
  readonly now: Instant
}

async function unlink(tx: Tx, { dialect, device, keys, ids, now }: Unlinking): Promise<void> {
  await tx.deleteFrom('device_keys').where('key', 'in', inList(dialect, keys)).execute()
  await tx.deleteFrom('signed_ids').where('id', 'in', inList(dialect, ids)).execute()
  const { id, inventory, version } = device
  const isEntryOfAnother = inventory !== undefined && ids.includes(inventory.id)
  await tx
    .updateTable('devices')
    .set({
      version: version + 1,
      ...(isEntryOfAnother ? { inventory_id: null, inventory_name: null } : {}),
    })
    .where('id', '=', id)
    .execute()
  if (!isEntryOfAnother) return
  // The entry waits for its device again.
  const entry = { inventory_id: inventory.id, inventory_name: inventory.name ?? null }
  await tx
    .insertInto('devices')
    .values({ ...blankDevice(newDeviceId(now)), ...entry })
    .execute()
}
