/**
 * Which devices are meant: the filters of lists, counts and saved queries, as SQL.
 */
import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'
import type { Instant } from '../../kernel/types.ts'
import { departs, type DepartingDevices } from './departing-devices.ts'
import { prefixEnd } from '../page.ts'
import { termOf } from './search-terms.ts'
import type { Tables } from '../schema/tables.ts'
import type { Approval, AuthenticationStatus, Migration, Verdict } from '../schema/vocabulary.ts'

/** All of them have to hold; what is left out holds for everybody. */
export interface DeviceFilter {
  readonly approval?: Approval | undefined
  readonly awaiting?: boolean | undefined
  readonly authentication?: AuthenticationStatus | undefined
  readonly migration?: Migration | undefined
  readonly class?: string | undefined
  /** Departs from the server's documents in one way. */
  readonly departing?: DepartingDevices | undefined
  readonly listener?: string | undefined
  readonly setting?: string | undefined
  readonly verdict?: Verdict | undefined
  readonly code?: string | undefined
  /** Seen at or after this. */
  readonly seenSince?: Instant | undefined
  /** Not seen at or after this; those never seen included. */
  readonly notSeenSince?: Instant | undefined
  /** Whether an imported inventory knows it. */
  readonly inInventory?: boolean | undefined
  /** Whether it may stay in "No authentication info" (S2-09). */
  readonly silent?: boolean | undefined
  /** Its last sound certificate ends at or after this. */
  readonly validAt?: Instant | undefined
  /** Its last sound certificate ends before this. */
  readonly endsBefore?: Instant | undefined
  /** Beginnings of words: an id, a fingerprint, a serial number, a name in the subject; every one has to be met. */
  readonly text?: string | undefined
  /** The beginning of the device's own id. */
  readonly id?: string | undefined
}

/** The oldest agent of a class that can do mutual authentication (S0-34, S0-45). */
export interface AgentMinimum {
  readonly class: string
  readonly rank: number
}

type DeviceExpressions = ExpressionBuilder<Tables, 'devices'>

/** The conditions of a filter, `text` apart. */
export function conditions(
  eb: DeviceExpressions,
  filter: DeviceFilter,
  minimums: readonly AgentMinimum[],
): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = []
  const { authentication } = filter
  for (const column of EQUALITY_COLUMNS) {
    const value = filter[column]
    if (value !== undefined) all.push(eb(`devices.${column}`, '=', value))
  }
  if (filter.departing !== undefined) all.push(departs(filter.departing))
  if (filter.awaiting !== undefined) all.push(eb('devices.awaiting', '=', Number(filter.awaiting)))
  if (authentication === 'must-upgrade') {
    // Said twice, because the first can be looked up.
    all.push(eb('devices.authentication', 'in', ['failed', 'no-info']), mustUpgrade(minimums))
  }
  if (authentication !== undefined && authentication !== 'must-upgrade') {
    all.push(
      eb('devices.authentication', '=', authentication),
      sql<SqlBool>`not ${mustUpgrade(minimums)}`,
    )
  }
  if (filter.seenSince !== undefined) all.push(eb('devices.last_seen', '>=', filter.seenSince))
  if (filter.notSeenSince !== undefined) {
    all.push(eb('devices.last_seen', '<', filter.notSeenSince))
  }
  if (filter.validAt !== undefined) all.push(eb('devices.not_after', '>=', filter.validAt))
  if (filter.endsBefore !== undefined) {
    all.push(eb('devices.not_after', '<', filter.endsBefore), eb('devices.not_after', '>', 0))
  }
  if (filter.id !== undefined) {
    all.push(eb('devices.id', '>=', filter.id), eb('devices.id', '<', prefixEnd(filter.id)))
  }
  if (filter.silent !== undefined) {
    const isMarked = eb.exists(
      eb
        .selectFrom('silent_devices')
        .select('silent_devices.device')
        .whereRef('silent_devices.device', '=', 'devices.id'),
    )
    all.push(filter.silent ? isMarked : eb.not(isMarked))
  }
  if (filter.inInventory !== undefined) {
    all.push(eb('devices.inventory_id', filter.inInventory ? 'is not' : 'is', null))
  }
  return all
}

const EQUALITY_COLUMNS = [
  'approval',
  'migration',
  'class',
  'listener',
  'setting',
  'verdict',
  'code',
] as const

/**
 * Whether the agent is too old to authenticate. One that did authenticate is not, whatever its version says. Worked
 * out when it is asked for, so that a new minimum holds for a million devices at once.
 */
export function mustUpgrade(minimums: readonly AgentMinimum[]): Expression<SqlBool> {
  if (minimums.length === 0) return sql<SqlBool>`(1 = 0)`
  const tooOld = minimums.map(
    (one) => sql`(devices.class = ${one.class} and devices.agent_rank < ${one.rank})`,
  )
  // NULL for an unknown class or version is no evidence.
  return sql<SqlBool>`(devices.authentication <> 'succeeded' and coalesce(${sql.join(tooOld, sql` or `)}, 1 = 0))`
}

/** The words of a search, the longest first: it leads to the fewest devices. */
export const searchWords = (text: string | undefined): readonly string[] =>
  [...new Set((text ?? '').split(/\s+/).map(termOf))]
    .filter((word) => word !== '')
    .sort((one, other) => other.length - one.length)
    .slice(0, 8)
