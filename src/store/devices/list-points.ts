/**
 * Where the certificates under each enrollment setting say that their revocation list is: what a setting without a list
 * is warned of.
 */
import { HOUR_MS, type Instant } from '../../kernel/types.ts'
import { caWord } from '../../fleet/evidence.ts'
import type { Sighting } from '../../fleet/sighting.ts'
import type { Tx } from '../schema/tables.ts'

/** Notes what a batch names; returns the settings under which a place is new. */
export async function writeListPoints(
  tx: Tx,
  sightings: readonly Sighting[],
): Promise<readonly string[]> {
  const named = namedPoints(sightings)
  if (named.size === 0) return []
  const settings = [...named.keys()]
  const rows = await tx
    .selectFrom('setting_list_points')
    .selectAll()
    .where('setting', 'in', settings)
    .execute()
  // A setting that was never in this store, of a replica that is not up to date, has no place to keep them in.
  const there = await tx
    .selectFrom('enrollment_settings')
    .select('name')
    .where('name', 'in', settings)
    .execute()
  const isNew = new Set<string>()
  for (const { name: setting } of there) {
    const known = new Map(
      rows.filter((row) => row.setting === setting).map(({ url, last_seen }) => [url, last_seen]),
    )
    for (const [url, at] of named.get(setting) ?? []) {
      const before = known.get(url)
      if (before === undefined) {
        if (known.size >= POINTS_PER_SETTING) continue
        known.set(url, at)
        await tx.insertInto('setting_list_points').values({ setting, url, last_seen: at }).execute()
        isNew.add(setting)
      } else if (at - before >= HOUR_MS) {
        await tx
          .updateTable('setting_list_points')
          .set({ last_seen: at })
          .where('setting', '=', setting)
          .where('url', '=', url)
          .execute()
      }
    }
  }
  return [...isNew]
}

/** Only what a CA in force has signed for a certificate that was accepted. */
function namedPoints(sightings: readonly Sighting[]): Map<string, Map<string, Instant>> {
  const named = new Map<string, Map<string, Instant>>()
  for (const { certificate, verdict, code, at } of sightings) {
    const { setting, listUrl, sound } = certificate ?? {}
    if (setting === undefined || listUrl === undefined || sound !== true) continue
    if (caWord(verdict, code) !== 'accepted') continue
    const points = named.get(setting) ?? new Map<string, Instant>()
    const before = points.get(listUrl)
    if (before === undefined || before < at) points.set(listUrl, at)
    named.set(setting, points)
  }
  return named
}

/** A CA names one place, or one for each part of a large fleet; a person reads some. */
const POINTS_PER_SETTING = 8
