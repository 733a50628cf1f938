/**
 * Sightings in batches: read what the batch can touch, link in memory (`linking.ts`), write back in a handful of
 * statements. One transaction per batch.
 */
import { randomBytes } from 'node:crypto'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { Transactions } from '../transactions.ts'
import type { StoreFailure } from '../failure.ts'
import { inList } from '../engine/bulk-rows.ts'
import { loadKnown } from './load-known.ts'
import { plan, type LinkingPlan } from './linking.ts'
import type { Sighting } from '../../fleet/sighting.ts'
import { BATCH_LIMIT, UNSOUND_LIMIT, type RecordResult } from './sighting.ts'
import { writePlan, writeTallies } from './write-plan.ts'

export class Sightings {
  readonly #transactions: Transactions
  readonly #unsoundLimit: number
  constructor(transactions: Transactions, unsoundLimit = UNSOUND_LIMIT) {
    this.#transactions = transactions
    this.#unsoundLimit = unsoundLimit
  }

  /** Takes in a batch, all of it or nothing; a batch that failed may be given again. */
  record(sightings: readonly Sighting[]): Promise<Result<RecordResult, StoreFailure>> {
    const found = sightings.length
    if (found > BATCH_LIMIT) {
      return Promise.resolve(fail({ kind: 'too-many', what: 'device', found, limit: BATCH_LIMIT }))
    }
    const { dialect } = this.#transactions
    return this.#transactions.change<RecordResult, StoreFailure>(AUTO_ACTOR, async (tx, now) => {
      const known = await loadKnown(tx, { dialect, sightings, unsoundLimit: this.#unsoundLimit })
      const planned = plan(sightings, known, { now, newId: () => newDeviceId(now) })
      await writePlan(tx, dialect, planned)
      await writeTallies(tx, dialect, sightings)
      const overlaid = planned.drafts.filter(({ overlay }) => overlay)
      return ok({
        value: recordResult(sightings, planned),
        notices: overlaid.map(({ row }) => ({ topic: 'approval', subject: row.id })),
      })
    })
  }

  /**
   * Deletes what unverified devices left behind: certificates without a sound path that were not seen since, and devices that
   * never had a sound one. What is blocked, approved or in the inventory stays. New ones fit under the bound again.
   */
  forgetUnverified(
    notSeenSince: Instant,
  ): Promise<Result<{ readonly devices: number }, StoreFailure>> {
    const { dialect } = this.#transactions
    return this.#transactions.write<{ readonly devices: number }, StoreFailure>(async (tx) => {
      await tx
        .deleteFrom('certificates')
        .where('sound', '=', 0)
        .where('last_seen', '<', notSeenSince)
        .execute()
      const unverified = await tx
        .deleteFrom('devices')
        .where('not_after', '=', 0)
        .where('approval', '=', 'unapproved')
        .where('inventory_id', 'is', null)
        .where('last_seen', '<', notSeenSince)
        .returning('id')
        .execute()
      const ids = unverified.map(({ id }) => id)
      for (const table of ['device_keys', 'signed_ids', 'search_terms'] as const) {
        await tx.deleteFrom(table).where('device', 'in', inList(dialect, ids)).execute()
      }
      return ok({ devices: ids.length })
    })
  }
}

/** Not an administrator: what it does is no admin change, and leaves no audit row. */
const AUTO_ACTOR = { who: 'auto', from: 'sightings' }

function recordResult(sightings: readonly Sighting[], planned: LinkingPlan): RecordResult {
  const { drafts, unidentified, dropped } = planned
  return {
    sightings: sum(sightings.map(({ count }) => count)),
    newDevices: drafts.filter(({ before }) => before === undefined).length,
    approvedThemselves: drafts.filter(({ approvedItself }) => approvedItself).length,
    dropped,
    unidentified: sum(unidentified.map(({ sightings }) => sightings)),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Grows with time, so that new devices are written side by side; the rest is chance. */
export const newDeviceId = (now: Instant): string =>
  `${now.toString(36).padStart(9, '0')}${randomBytes(8).readBigUInt64BE().toString(36).padStart(13, '0')}`
