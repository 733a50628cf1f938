/**
 * Devices that may stay in "No authentication info" (S2-09): known hosts, such as the server itself, that run no client
 * and so will never show a certificate. An administrator marks them; the mark tells no verdict anything.
 */
import type { Selectable } from 'kysely'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import { inList } from '../engine/bulk-rows.ts'
import type { Answer, Outcome } from '../failure.ts'
import type { Tables } from '../schema/tables.ts'
import type { Actor, Transactions } from '../transactions.ts'
import { findRow } from '../versioned-rows.ts'

/** Why a device may stay in "No authentication info", and who said so. */
export interface SilentDevice {
  readonly device: string
  readonly note: string
  readonly markedBy: string
  readonly markedAt: Instant
}

export class SilentDevices {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** The marks of some devices, by device. */
  among(devices: readonly string[]): Answer<ReadonlyMap<string, SilentDevice>> {
    return this.#transactions.read(async (db) => {
      const rows = await db
        .selectFrom('silent_devices')
        .selectAll()
        .where('device', 'in', inList(this.#transactions.dialect, devices))
        .execute()
      return new Map(rows.map((row) => [row.device, readSilentDevice(row)]))
    })
  }

  /** Marks a device, or writes another note; a mark has no effect on one that tried to authenticate. */
  mark(actor: Actor, device: string, note: string): Outcome<SilentDevice> {
    return this.#transactions.change<SilentDevice>(actor, async (tx, now) => {
      const known = await findRow(tx, 'devices', device)
      if (known === undefined) return fail({ kind: 'not-found', what: 'device', key: device })
      const row = { device, note, marked_by: actor.who, marked_at: now }
      await tx
        .insertInto('silent_devices')
        .values(row)
        .onConflict((one) => one.column('device').doUpdateSet(row))
        .execute()
      const value = readSilentDevice(row)
      return ok({
        value,
        entries: [{ action: 'device.mark-silent', subject: device, after: value }],
      })
    })
  }

  /** Takes the mark away; a device without one stays as it is. */
  unmark(actor: Actor, device: string): Outcome<void> {
    return this.#transactions.change<void>(actor, async (tx) => {
      const known = await findRow(tx, 'devices', device)
      if (known === undefined) return fail({ kind: 'not-found', what: 'device', key: device })
      const before = await findRow(tx, 'silent_devices', device)
      if (before === undefined) return ok({ value: undefined })
      await tx.deleteFrom('silent_devices').where('device', '=', device).execute()
      const entry = { action: 'device.unmark-silent', subject: device }
      return ok({ value: undefined, entries: [{ ...entry, before: readSilentDevice(before) }] })
    })
  }
}

const readSilentDevice = (row: Selectable<Tables['silent_devices']>): SilentDevice => ({
  device: row.device,
  note: row.note,
  markedBy: row.marked_by,
  markedAt: row.marked_at as Instant,
})
