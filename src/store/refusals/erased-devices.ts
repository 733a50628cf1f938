/**
 * Devices that were forgotten, for as long as something of before may still be on its way into the store: processes gather
 * what devices meet before they pass it on, and another replica that cannot reach the store keeps it longer. Without this
 * the next batch would bring an erased device back. What is kept is a digest, which does not show the id; a person who has
 * the store and knows an id can tell by it that its device was forgotten within the last week.
 */
import { hash } from 'node:crypto'
import type { NotKeptRefusals, RefusalBatch } from '../../fleet/kept-refusal.ts'
import type { Sighting } from '../../fleet/sighting.ts'
import type { Tx } from '../schema/tables.ts'
import type { DeviceMarks } from './erase-refusals.ts'

/** Notes that a device is forgotten now. */
export async function noteErasure(tx: Tx, { keys, ids }: DeviceMarks, now: number): Promise<void> {
  const digests = [...new Set([...keys.map(keyDigest), ...ids.map(idDigest)])]
  for (let start = 0; start < digests.length; start += CHUNK) {
    await tx
      .insertInto('erased_devices')
      .values(digests.slice(start, start + CHUNK).map((digest) => ({ digest, at: now })))
      .onConflict((conflict) => conflict.column('digest').doUpdateSet({ at: now }))
      .execute()
  }
}

/** Deletes what was noted too long ago to matter, and by a clock that was so far ahead that it never would be. */
export async function deleteErasures(tx: Tx, now: number): Promise<void> {
  await tx
    .deleteFrom('erased_devices')
    .where((eb) => eb.or([eb('at', '<', now - KEPT_MS), eb('at', '>', now + KEPT_MS)]))
    .execute()
}

/** A batch without what forgotten devices met before they were. */
export async function withoutErased(
  tx: Tx,
  sightings: readonly Sighting[],
  now: number,
): Promise<readonly Sighting[]> {
  const erased = await erasedSince(tx, sightings, now)
  if (erased === undefined) return sightings
  return sightings.filter(({ at, certificate, reportedId }) => {
    const { key, signedIds = [] } = certificate ?? {}
    const ids = reportedId === undefined ? signedIds : [...signedIds, reportedId]
    return !erased.wasAfter(at, { keys: key === undefined ? [] : [key], ids })
  })
}

/** Does the same with refusals, and with counts of those that were not kept. */
export async function refusalsWithoutErased(
  tx: Tx,
  { refusals, notKept }: RefusalBatch,
  now: number,
): Promise<RefusalBatch> {
  const dated = [...refusals, ...notKept.map(({ first }) => ({ at: first }))]
  const erased = await erasedSince(tx, dated, now)
  if (erased === undefined) return { refusals, notKept }
  const isOwned = ({ known, owner, last }: NotKeptRefusals): boolean =>
    known && owner !== undefined && erased.wasAfter(last, { keys: [owner], ids: [] })
  return {
    refusals: refusals.filter(({ at, certificate }) => {
      const { key, signedIds = [] } = certificate ?? {}
      return !erased.wasAfter(at, { keys: key === undefined ? [] : [key], ids: signedIds })
    }),
    notKept: notKept.filter((one) => !isOwned(one)),
  }
}

interface Erased {
  /** Whether a device with one of these marks was forgotten after that. */
  wasAfter(at: number, marks: DeviceMarks): boolean
}

/** Undefined where no device was forgotten since the first of them: nearly always. */
async function erasedSince(
  tx: Tx,
  dated: readonly { readonly at: number }[],
  now: number,
): Promise<Erased | undefined> {
  const first = Math.min(...dated.map(({ at }) => at))
  if (first === Number.POSITIVE_INFINITY) return undefined
  const rows = await tx
    .selectFrom('erased_devices')
    .selectAll()
    .where('at', '>', first)
    // A clock that has been set back must not keep a device out until that time comes again.
    .where('at', '<=', now + AHEAD_MS)
    .execute()
  if (rows.length === 0) return undefined
  const times = new Map(rows.map(({ digest, at }) => [digest, at]))
  const wasAfter = (at: number, digest: string): boolean => (times.get(digest) ?? -1) > at
  return {
    wasAfter: (at, { keys, ids }) =>
      keys.some((key) => wasAfter(at, keyDigest(key))) ||
      ids.some((id) => wasAfter(at, idDigest(id))),
  }
}

const keyDigest = (key: string): string => hash('sha256', `key ${key}`)
const idDigest = (id: string): string => hash('sha256', `id ${id}`)

/** A replica that finds no store for longer has no room left for what it gathers. */
const KEPT_MS = 7 * 86_400_000
/** The clocks of replicas differ by less. */
const AHEAD_MS = 5 * 60_000
const CHUNK = 500
