/**
 * Sightings in batches: read what the batch can touch, link in memory (`linking.ts`), write back in a handful of
 * statements. One transaction per batch.
 */
import { fail, ok, type Instant } from '../../kernel/types.ts'
import type { Transactions } from '../transactions.ts'
import type { Outcome, StoreFailure } from '../failure.ts'
import { loadKnown } from './load-known.ts'
import { plan, type LinkingPlan } from './linking.ts'
import type { Sighting } from '../../fleet/sighting.ts'
import { deleteErasures, withoutErased } from '../refusals/erased-devices.ts'
import { newDeviceId } from './device-draft.ts'
import { writeListPoints } from './list-points.ts'
import { deleteTraces, writePlan } from './write-plan.ts'
import { readEnforcement } from '../settings/enforcement.ts'
import { writeResults } from '../callers/attempt-results.ts'
import { writeExchanges } from '../callers/sync-port-callers.ts'
import { writeUnknown } from '../callers/write-unknown.ts'

/** A `RecordResult` says what became of a batch of sightings. */
export interface RecordResult {
  readonly sightings: number
  readonly newDevices: number
  readonly approvedThemselves: number
  /** Sightings with a certificate without a sound path, past the bound on those. */
  readonly dropped: number
  /** Seen without a certificate, and not to be told to be a known device. */
  readonly unidentified: number
}

export class Sightings {
  readonly #transactions: Transactions
  readonly #unsoundLimit: number
  constructor(transactions: Transactions, unsoundLimit = UNSOUND_LIMIT) {
    this.#transactions = transactions
    this.#unsoundLimit = unsoundLimit
  }

  /** Takes in a batch, all of it or nothing; a batch that failed may be given again. */
  record(batch: readonly Sighting[]): Outcome<RecordResult> {
    const found = batch.length
    if (found > BATCH_LIMIT) {
      return Promise.resolve(fail({ kind: 'too-many', what: 'device', found, limit: BATCH_LIMIT }))
    }
    const { dialect } = this.#transactions
    return this.#transactions.change<RecordResult>(AUTO_ACTOR, async (tx, now) => {
      const sightings = await withoutErased(tx, batch, now)
      const known = await loadKnown(tx, { dialect, sightings, unsoundLimit: this.#unsoundLimit })
      const planned = plan(sightings, known, { now, newId: () => newDeviceId(now) })
      await writePlan(tx, dialect, planned)
      await writeResults(tx, dialect, { sightings, saved: await readEnforcement(tx) })
      await writeUnknown(tx, dialect, planned.unknown)
      await writeExchanges(tx, dialect, planned.exchanges)
      const pointing = await writeListPoints(tx, sightings)
      const overlaid = planned.drafts.filter(({ overlay }) => overlay)
      return ok({
        value: recordResult(sightings, planned),
        notices: [
          ...overlaid.map(({ row }) => ({ topic: 'approval', subject: row.id }) as const),
          ...pointing.map((subject) => ({ topic: 'enrollment', subject }) as const),
        ],
      })
    })
  }

  /**
   * Deletes what unverified devices left behind: certificates without a sound path that were not seen since, and devices that
   * never had a sound one. What is blocked, approved or in the inventory stays. New ones fit under the bound again. Digests of
   * devices that were forgotten a week ago are deleted, too.
   */
  forgetUnverified(notSeenSince: Instant): Outcome<{ readonly devices: number }> {
    const { dialect } = this.#transactions
    return this.#transactions.write<{ readonly devices: number }, StoreFailure>(async (tx) => {
      await deleteErasures(tx, this.#transactions.clock.now())
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
      await deleteTraces(tx, dialect, ids)
      return ok({ devices: ids.length })
    })
  }
}

/** Not an administrator: what it does is no admin change, and leaves no audit row. */
const AUTO_ACTOR = { who: 'auto', from: 'sightings' }

function recordResult(sightings: readonly Sighting[], planned: LinkingPlan): RecordResult {
  const { drafts, unknown, dropped } = planned
  return {
    sightings: sum(sightings.map(({ count }) => count)),
    newDevices: drafts.filter(({ before, deleted }) => before === undefined && !deleted).length,
    approvedThemselves: drafts.filter(({ approvedItself }) => approvedItself).length,
    dropped,
    unidentified: sum(
      unknown.flatMap(({ sighting: { certificate, count } }) =>
        certificate === undefined ? count : [],
      ),
    ),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/**
 * Certificates without a sound path that are kept. Any client can make one per connection, and a store must not grow
 * by what clients make up; 10,000 are more than a fleet has devices in trouble at once.
 */
const UNSOUND_LIMIT = 10_000

/** Sightings in one call: some 3 MB as parameters, and a transaction of well under a second. */
const BATCH_LIMIT = 5000
