/**
 * Ports of the server that an operator closes once every device has left them (S0-16), and can open again.
 */
import type { Selectable } from 'kysely'
import { fail, ok, type Instant } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome, StoreFailure } from '../failure.ts'
import { booleanColumn, instantColumn, enumColumn } from '../schema/row.ts'
import type { Db, Tx, Tables } from '../schema/tables.ts'
import { unidentifiedOn } from '../callers/sync-port-callers.ts'
import { ABSENT, checkVersion, findRow, type ExpectedVersion } from '../versioned-rows.ts'
import { PORT_STATES, type PortState } from '../schema/vocabulary.ts'

/** The name of the legacy port on which devices check in without a certificate (S0-08). */
export const SYNC_PORT = 'sync'

/** Returns the sync port among the ports that were ever switched. */
export const syncPortIn = (ports: readonly StoredPort[]): StoredPort | undefined =>
  ports.find(({ name }) => name === SYNC_PORT)

/** A `StoredPort` is a port that was switched at least once. */
export interface StoredPort {
  readonly name: string
  readonly state: PortState
  /** Whether it was closed although devices were pending. */
  readonly forced: boolean
  readonly version: number
  readonly updatedAt: Instant
}

export class Ports {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** The ports that were ever switched; one that is not listed is open. */
  list(): Answer<readonly StoredPort[]> {
    return this.#transactions.read(async (db) => {
      const rows = await db.selectFrom('ports').selectAll().orderBy('name').execute()
      return rows.map(readPort)
    })
  }

  /** What keeps a port from being closed, by the same counts that closing it goes by. */
  blockers(listener: string, since: Instant): Answer<PortBlockers> {
    return this.#transactions.read((db) => countBlockers(db, listener, since))
  }

  /**
   * Closes a port: refused while devices are pending, or while connections on `listener` could not be told to be a
   * known device, unless forced. Counted in the same transaction, so that no device slips in between.
   */
  close(
    actor: Actor,
    name: string,
    { expected, force, listener, since, over }: CloseRequest,
  ): Outcome<StoredPort> {
    return this.#setPort(actor, name, {
      expected,
      state: 'closed',
      forced: force,
      over,
      check: async (tx) => {
        const blockers = await countBlockers(tx, listener, since)
        if (force || (blockers.pending === 0 && blockers.unidentified === 0)) return undefined
        return { kind: 'devices-pending', ...blockers }
      },
    })
  }

  open(actor: Actor, name: string, expected: ExpectedVersion): Outcome<StoredPort> {
    return this.#setPort(actor, name, { expected, state: 'open', forced: false })
  }

  #setPort(actor: Actor, name: string, change: PortChange): Outcome<StoredPort> {
    const { expected, state, forced, over, check } = change
    return this.#transactions.change<StoredPort>(actor, async (tx, now) => {
      const row = await findRow(tx, 'ports', name)
      const found = checkVersion(row ?? ABSENT, expected, { what: 'port', key: name })
      if (!found.ok) return found
      const refused = await check?.(tx)
      if (refused !== undefined) return fail(refused)
      const version = found.value.version + 1
      const after = { name, state, forced: Number(forced), version, updated_at: now }
      await tx
        .insertInto('ports')
        .values(after)
        .onConflict((one) => one.column('name').doUpdateSet(after))
        .execute()
      return ok({
        value: readPort(after),
        entries: [
          {
            action: state === 'closed' ? 'port.close' : 'port.open',
            subject: name,
            before: row === undefined ? 'open' : readPort(row).state,
            after: { state, forced, over },
          },
        ],
        notices: [{ topic: 'port', subject: name }],
      })
    })
  }
}

/** How a port is closed; `expected` 0 is for a port that was never switched. */
export interface CloseRequest {
  readonly expected: ExpectedVersion
  readonly force: boolean
  /** The listener behind the port, as sightings name it. */
  readonly listener: string
  /** Connections from before this do not count: they may have been anybody's. */
  readonly since: Instant
  /** What was overridden, for the audit trail. */
  readonly over?: unknown
}

/** Whom a port still waits for. */
export interface PortBlockers {
  /** Devices whose migration to the device port has not ended. */
  readonly pending: number
  /** Connections that carried octets both ways and could not be told to be a known device. */
  readonly unidentified: number
}

interface PortChange {
  readonly expected: ExpectedVersion
  readonly state: PortState
  readonly forced: boolean
  readonly over?: unknown
  readonly check?: (tx: Tx) => Promise<StoreFailure | undefined>
}

/** Row → port. */
export function readPort(row: Selectable<Tables['ports']>): StoredPort {
  const at = { table: 'ports', key: row.name, row }
  return {
    name: row.name,
    state: enumColumn(at, 'state', PORT_STATES),
    forced: booleanColumn(at, 'forced'),
    version: row.version,
    updatedAt: instantColumn(at, 'updated_at'),
  }
}

async function countBlockers(db: Db, listener: string, since: Instant): Promise<PortBlockers> {
  return {
    pending: await pendingDevices(db),
    unidentified: await unidentifiedOn(db, listener, since),
  }
}

/** Devices whose migration to the device port has not ended. */
export async function pendingDevices(db: Db): Promise<number> {
  const { devices } = await db
    .selectFrom('devices')
    .select(({ fn }) => fn.countAll<number>().as('devices'))
    .where('migration', '=', 'pending')
    .executeTakeFirstOrThrow()
  return devices
}
