/** Counts of a day that are told apart by listener, row and code, up to a bound for each day. */

/** A count of a day; what else it has belongs to `mergeRows`. */
export interface DayRow {
  readonly day: number
  readonly listener: string
  readonly route: string
  readonly code: string
  readonly requests: number
}

/** How rows of one table are told apart and added up. */
export interface DayRowKind<Row extends DayRow> {
  readonly keyOf: (row: Omit<Row, 'requests'>) => string
  readonly merge: (row: Row, before: Row) => Row
}

/** Adds up rows that are alike. */
export function mergeRows<Row extends DayRow>(
  rows: readonly Row[],
  { keyOf, merge }: DayRowKind<Row>,
): readonly Row[] {
  const merged = new Map<string, Row>()
  for (const row of rows) {
    const key = keyOf(row)
    const before = merged.get(key)
    merged.set(key, before === undefined ? row : merge(row, before))
  }
  return [...merged.values()]
}

/** Names what a day has no row left for after no listener: it is counted, and not told apart. */
export function withinDayBound<Row extends DayRow>(
  wanted: readonly Row[],
  there: readonly Omit<Row, 'requests'>[],
  kind: DayRowKind<Row>,
): readonly Row[] {
  const known = new Set(there.map(kind.keyOf))
  const perDay = new Map<number, number>()
  for (const { day } of there) perDay.set(day, (perDay.get(day) ?? 0) + 1)
  const bounded = wanted.map((row) => {
    const many = perDay.get(row.day) ?? 0
    if (known.has(kind.keyOf(row))) return row
    if (many >= ROWS_PER_DAY) return { ...row, listener: '', route: '', code: '' }
    perDay.set(row.day, many + 1)
    return row
  })
  return mergeRows(bounded, kind)
}

/**
 * Listeners and rows are the configuration's, and codes are a closed list: a large table on some listeners has a few
 * hundred rows that refuse with a few codes each. More than that comes of rows that are renamed all day.
 */
export const ROWS_PER_DAY = 1000
