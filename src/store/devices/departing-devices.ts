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
import { unreachable } from '../../kernel/types.ts'
import type { Db } from '../schema/tables.ts'
import { MIGRATIONS } from '../schema/vocabulary.ts'
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

/** Tells where and how a device was met. `situationConditions` says the same in SQL. */
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

/** Whether a device is one of those; NULL, which is no, where its class or version is not known. */
export function departs({ cases, syncListener }: DepartingDevices): Expression<SqlBool> {
  if (cases.length === 0) return sql<SqlBool>`(1 = 0)`
  const all = cases.map((one) => {
    const parts = [
      sql`devices.class in (${sql.join(one.classes)})`,
      ...releaseConditions(one.releases),
      ...situationConditions(one, syncListener),
    ]
    return sql`(${sql.join(parts, sql` and `)})`
  })
  return sql<SqlBool>`(${sql.join(all, sql` or `)})`
}

/** The same as `situationOf`, as conditions; what may be anything is none. */
function situationConditions(
  { ports, migrations, cameWithout }: DepartingCase,
  syncListener: string | undefined,
): readonly RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = []
  if (ports.length < PORT_COUNT) {
    const any = ports.map((port) => portCondition(port, syncListener))
    conditions.push(sql`(${sql.join(any, sql` or `)})`)
  }
  if (migrations.length < MIGRATIONS.length) {
    conditions.push(sql`devices.migration in (${sql.join(migrations)})`)
  }
  if (cameWithout.length === 1) {
    const came = sql`(devices.last_seen = 0 and coalesce(devices.code, '') = ${WITHOUT_CERTIFICATE})`
    conditions.push(cameWithout.includes(true) ? came : sql`not ${came}`)
  }
  return conditions
}

/** On the sync port, elsewhere, or not known. */
const PORT_COUNT = 3

function portCondition(
  port: Situation['port'],
  syncListener: string | undefined,
): RawBuilder<unknown> {
  const onSync =
    syncListener === undefined ? sql`1 = 0` : sql`coalesce(devices.listener, '') = ${syncListener}`
  const isUnmet = sql`devices.last_seen = 0`
  const isPending = sql`devices.migration = 'pending'`
  switch (port) {
    case 'sync':
      return sql`((${isUnmet} and ${isPending}) or (not (${isUnmet}) and ${onSync}))`
    case 'https':
      return sql`(not (${isUnmet}) and not (${onSync}) and not (${isPending}))`
    case undefined:
      return sql`((${isUnmet} and not (${isPending})) or (not (${isUnmet}) and not (${onSync}) and ${isPending}))`
    default:
      return unreachable(port)
  }
}

/** How many devices depart in one way. */
export interface DepartureCount {
  readonly code: DepartureCode
  readonly devices: number
}

/** Counts them, each departure by the index that leads to the fewest; where none can depart there is none. */
export async function departureCounts(
  db: Db,
  departing: DepartingByCode,
): Promise<readonly DepartureCount[]> {
  if (departing.every(([, { cases }]) => cases.length === 0)) {
    return departing.map(([code]) => ({ code, devices: 0 }))
  }
  const counts = departing.map(
    ([code, meant]) =>
      sql`(select count(*) from devices where ${departs(meant)}) as ${sql.id(code)}`,
  )
  const counted = sql<Readonly<Record<string, number>>>`select ${sql.join(counts)}`
  const { rows } = await counted.execute(db)
  return departing.map(([code]) => ({ code, devices: rows[0]?.[code] ?? 0 }))
}

function releaseConditions(releases: ReleaseRange): readonly RawBuilder<unknown>[] {
  if (releases.kind === 'any') return []
  if (releases.kind === 'unknown') return [sql`devices.agent_rank is null`]
  const { from, below } = releases
  const least = from === undefined ? 0 : versionRank(from)
  return [
    sql`devices.agent_rank >= ${least}`,
    ...(below === undefined ? [] : [sql`devices.agent_rank < ${versionRank(below)}`]),
  ]
}

/** The code of a client that came without one (`decide/refusal.ts`). */
const WITHOUT_CERTIFICATE = 'no-certificate'
