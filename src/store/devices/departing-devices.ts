/**
 * Which devices depart from the server's documents (`fleet/departure.ts`): a row's situation, for one device and as SQL.
 * Worked out when it is asked for, so that a reload or a new word about the server holds for the whole fleet at once.
 */
import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely'
import { versionRank } from '../../fleet/client.ts'
import {
  departingCases,
  type DepartingCase,
  type ReleaseRange,
} from '../../fleet/departing-cases.ts'
import { DEPARTURES, type DepartureCode, type Situation } from '../../fleet/departure.ts'
import type { Installation } from '../../fleet/expectation.ts'
import type { Db } from '../schema/tables.ts'
import type { Device } from './device.ts'

/** The devices that are meant. */
export interface DepartingDevices {
  readonly cases: readonly DepartingCase[]
  /** The listener behind the sync port; undefined when there is none. */
  readonly syncListener: string | undefined
}

/** The devices that depart in each way; a list in the order of the codes. */
export type DepartingByCode = readonly (readonly [DepartureCode, DepartingDevices])[]

/** The devices that depart in one way. */
export const departingBy = (
  code: DepartureCode,
  installation: Installation | undefined,
  syncListener: string | undefined,
): DepartingDevices => ({ cases: departingCases(code, installation), syncListener })

/** The same for every departure. */
export const allDeparting = (
  installation: Installation | undefined,
  syncListener: string | undefined,
): DepartingByCode =>
  DEPARTURES.map((code) => [code, departingBy(code, installation, syncListener)])

/** Tells where and how a device was met. `sightedPort` and `situationKey` say the same in SQL. */
export function situationOf(
  { lastSeen, listener, migration, code }: SituationFacts,
  syncListener: string | undefined,
): Situation {
  const isMet = lastSeen !== undefined
  const cameWithout = !isMet && code === WITHOUT_CERTIFICATE
  if (!isMet) return { port: migration === 'pending' ? 'sync' : undefined, migration, cameWithout }
  if (listener === syncListener) return { port: 'sync', migration, cameWithout }
  // It may have been there under a name that the listener no longer has.
  return { port: migration === 'pending' ? undefined : 'https', migration, cameWithout }
}

type SituationFacts = Pick<Device, 'code' | 'lastSeen' | 'listener' | 'migration'>

/** Whether a device is one of those. */
export function departs({ cases, syncListener }: DepartingDevices): Expression<SqlBool> {
  if (cases.length === 0) return sql<SqlBool>`(1 = 0)`
  const all = cases.map(({ class: kind, releases, situations }) => {
    const keys = sql.join(situations.map(keyOf))
    return sql`(devices.class = ${kind} and ${isReleased(releases)} and ${situationKey(syncListener)} in (${keys}))`
  })
  // NULL for an unknown class or version is no evidence.
  return sql<SqlBool>`coalesce(${sql.join(all, sql` or `)}, 1 = 0)`
}

/** How many devices depart in one way. */
export interface DepartureCount {
  readonly code: DepartureCode
  readonly devices: number
}

/** Counts them in one walk through the fleet; where none can depart there is none. */
export async function departureCounts(
  db: Db,
  departing: DepartingByCode,
): Promise<readonly DepartureCount[]> {
  if (departing.every(([, { cases }]) => cases.length === 0)) {
    return departing.map(([code]) => ({ code, devices: 0 }))
  }
  const sums = departing.map(
    ([code, meant]) => sql`sum(case when ${departs(meant)} then 1 else 0 end) as ${sql.id(code)}`,
  )
  const counted = sql<
    Readonly<Record<string, number | null>>
  >`select ${sql.join(sums)} from devices`
  const { rows } = await counted.execute(db)
  return departing.map(([code]) => ({ code, devices: rows[0]?.[code] ?? 0 }))
}

function isReleased(releases: ReleaseRange): RawBuilder<unknown> {
  if (releases.kind === 'any') return sql`1 = 1`
  if (releases.kind === 'unknown') return sql`devices.agent_rank is null`
  const { from, below } = releases
  const least = from === undefined ? 0 : versionRank(from)
  return below === undefined
    ? sql`devices.agent_rank >= ${least}`
    : sql`(devices.agent_rank >= ${least} and devices.agent_rank < ${versionRank(below)})`
}

const keyOf = ({ port, migration, cameWithout }: Situation): string =>
  `${port ?? 'unknown'} ${migration} ${cameWithout ? 'without' : 'other'}`

const situationKey = (syncListener: string | undefined): RawBuilder<unknown> =>
  sql`(${sightedPort(syncListener)} || ' ' || devices.migration || ' ' ||
    case when devices.last_seen = 0 and devices.code = ${sql.lit(WITHOUT_CERTIFICATE)} then 'without' else 'other' end)`

function sightedPort(syncListener: string | undefined): RawBuilder<unknown> {
  const onSync =
    syncListener === undefined ? sql`` : sql`when devices.listener = ${syncListener} then 'sync'`
  return sql`case when devices.last_seen = 0 and devices.migration = 'pending' then 'sync'
    when devices.last_seen = 0 then 'unknown' ${onSync}
    when devices.migration = 'pending' then 'unknown' else 'https' end`
}

/** The code of a client that came without one (`decide/refusal.ts`). */
const WITHOUT_CERTIFICATE = 'no-certificate'
