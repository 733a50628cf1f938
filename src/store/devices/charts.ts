/**
 * The numbers behind every chart (S2-09, S2-17, S4-03): how many devices are alike in all that charts show.
 */
import type { AgentMinimum } from './device-filter.ts'
import { booleanColumn, enumColumn } from '../schema/row.ts'
import {
  APPROVALS,
  AUTHENTICATIONS,
  MIGRATIONS,
  type Approval,
  type AuthenticationStatus,
  type Migration,
} from '../schema/vocabulary.ts'

/** Devices that are alike. */
export interface ChartCell {
  readonly class: string | undefined
  readonly authentication: AuthenticationStatus
  readonly approval: Approval
  readonly awaiting: boolean
  readonly migration: Migration
  readonly devices: number
}

/** Devices that are alike, down to the version of their agent, as SQL counts them. */
export interface ChartRow {
  readonly class: string | null
  readonly authentication: string
  readonly approval: string
  readonly awaiting: number
  readonly migration: string
  readonly agent_rank: number | null
  readonly devices: number
}

/** Counted rows → cells; whether an agent is too old is decided here as `mustUpgrade` does in SQL. */
export function chartCells(
  rows: readonly ChartRow[],
  minimums: readonly AgentMinimum[],
): readonly ChartCell[] {
  const oldest = new Map(minimums.map(({ class: name, rank }) => [name, rank]))
  const cells = new Map<string, ChartCell>()
  for (const row of rows) {
    const cell = cellOf(row, oldest)
    const name = JSON.stringify({ ...cell, devices: 0 })
    cells.set(name, { ...cell, devices: cell.devices + (cells.get(name)?.devices ?? 0) })
  }
  return [...cells.values()]
}

function cellOf(row: ChartRow, oldest: ReadonlyMap<string, number>): ChartCell {
  const at = { table: 'devices', key: `of class ${row.class ?? 'unknown'}`, row }
  const stored = enumColumn(at, 'authentication', AUTHENTICATIONS)
  const minimum = row.class === null ? undefined : oldest.get(row.class)
  const tooOld = minimum !== undefined && row.agent_rank !== null && row.agent_rank < minimum
  return {
    class: row.class ?? undefined,
    authentication: tooOld && stored !== 'succeeded' ? 'must-upgrade' : stored,
    approval: enumColumn(at, 'approval', APPROVALS),
    awaiting: booleanColumn(at, 'awaiting'),
    migration: enumColumn(at, 'migration', MIGRATIONS),
    devices: row.devices,
  }
}
