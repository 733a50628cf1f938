/**
 * Answers of the admin API in columns. On a terminal a table fits its width: ids are as short as they tell the rows of that
 * list apart, long cells are cut. Where a program reads, or with --wide, everything is whole, so that it is stable.
 */
import type { Instant } from '../kernel/types.ts'
import { localTimeText, timeColumn, withTimes } from './local-time.ts'
import type { Terminal } from './terminal.ts'
import { columnsOf, padded, replaceControlCharacters, visibleWidth } from './text-layout.ts'

/** Where a table is shown. */
export interface View {
  /** Undefined: nothing is cut. */
  readonly columns: number | undefined
  readonly timeZone: string
  readonly ellipsis: string
}

/** What stands in a table or beside the name of a fact. */
export type Cell = boolean | number | string | null | DayCell | IdCell | TimeCell | WholeCell

/** A day in UTC, of a time in RFC 3339: the days of a certificate are the same in every zone. */
interface DayCell {
  readonly day: string | null
}

interface IdCell {
  readonly id: string | null
}

/** A time in RFC 3339, told in the zone of the terminal. */
interface TimeCell {
  readonly time: string | null
}

/** What is copied from the table into another command: never cut. */
interface WholeCell {
  readonly whole: string
}

export const dayCell = (day: string | null): DayCell => ({ day })
export const idCell = (id: string | null): IdCell => ({ id })
export const timeCell = (time: string | null): TimeCell => ({ time })
export const wholeCell = (whole: string): WholeCell => ({ whole })

/** A terminal as tables need it. */
export const viewOf = ({ columns, timeZone, signs }: Terminal, isWide: boolean): View => ({
  columns: isWide ? undefined : columns,
  timeZone,
  ellipsis: signs.ellipsis,
})

/** Rows under heads, each column as wide as its widest cell; what came from outside is made harmless. */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  view: View,
): readonly string[] {
  const columns = heads.map((head, at) =>
    columnOf(
      head,
      rows.map((row) => row[at] ?? null),
      view,
    ),
  )
  const widths = fittingWidths(columns, view)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => padded(cutTo(cell, widths[at] ?? 0, view.ellipsis), widths[at] ?? 0))
      .join(GAP)
      .trimEnd()
  return [
    line(columns.map(({ head }) => head)),
    ...rows.map((_, row) => line(columns.map(({ cells }) => cells[row] ?? ''))),
    ...(rows.length === 0 ? ['none'] : []),
  ]
}

/** Facts under each other. */
export function formatFacts(
  rows: readonly (readonly [string, Cell])[],
  view: View,
): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${padded(name, width)}  ${factText(value, view)}`)
}

/** A time as the API sends it, in a sentence. */
export function timeText(time: string, { timeZone }: Pick<View, 'timeZone'>): string {
  const instant = instantOf(time)
  return instant === undefined ? replaceControlCharacters(time) : localTimeText(instant, timeZone)
}

/** A sentence as the API sends it, with its times as `timeText` tells them; what came from outside is made harmless. */
export const sentenceText = (sentence: string, { timeZone }: Pick<View, 'timeZone'>): string =>
  withTimes(replaceControlCharacters(sentence), (instant) => localTimeText(instant, timeZone))

/** As short as every one of them is still another one, and at least eight characters. */
export function shortestPrefixLength(ids: readonly string[]): number {
  const distinct = [...new Set(ids)]
  const longest = Math.max(0, ...distinct.map((id) => id.length))
  let length = MIN_ID
  while (
    length < longest &&
    new Set(distinct.map((id) => id.slice(0, length))).size < distinct.length
  ) {
    length += 1
  }
  return length
}

interface Column {
  readonly head: string
  readonly cells: readonly string[]
  /** Whether half of a cell still says something. */
  readonly mayBeCut: boolean
}

function columnOf(head: string, cells: readonly Cell[], view: View): Column {
  if (cells.some((it) => isTime(it))) {
    const times = cells.map((it) => (isTime(it) ? instantOf(it.time) : undefined))
    const { zone, cells: texts } = timeColumn(times, view.timeZone)
    const shown = texts.map((text, at) => text ?? unreadTime(cells[at] ?? null))
    return { head: `${head} (${zone})`, cells: shown, mayBeCut: false }
  }
  if (cells.some((it) => isDay(it))) {
    const shown = cells.map((it) => plainText(isDay(it) ? (it.day?.slice(0, 10) ?? null) : it))
    return { head: `${head} (UTC)`, cells: shown, mayBeCut: false }
  }
  if (cells.some((it) => isId(it))) {
    const whole = cells.map((it) => plainText(isId(it) ? it.id : it))
    const length = view.columns === undefined ? Infinity : shortestPrefixLength(whole)
    return { head, cells: whole.map((id) => id.slice(0, length)), mayBeCut: false }
  }
  const mayBeCut = cells.every((it) => typeof it !== 'number' && !isWhole(it))
  return { head, cells: cells.map(plainText), mayBeCut }
}

/** Takes from the widest column until the line fits, or nothing is left that could be cut. */
function fittingWidths(columns: readonly Column[], { columns: limit }: View): readonly number[] {
  const widths = columns.map(({ head, cells }) => Math.max(head.length, ...cells.map(visibleWidth)))
  if (limit === undefined) return widths
  const total = (): number =>
    widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
  for (let excess = total() - limit; excess > 0; excess = total() - limit) {
    const cuttable = columns.flatMap(({ head, mayBeCut }, at) => {
      const floor = Math.max(MIN_CUT, head.length)
      return mayBeCut && (widths[at] ?? 0) > floor ? [{ at, floor, width: widths[at] ?? 0 }] : []
    })
    const [widest, next] = cuttable.toSorted((one, other) => other.width - one.width)
    if (widest === undefined) break
    const until = Math.max(widest.floor, next?.width ?? 0, widest.width - excess)
    widths[widest.at] = Math.min(widest.width - 1, until)
  }
  return widths
}

function cutTo(text: string, width: number, ellipsis: string): string {
  if (visibleWidth(text) <= width) return text
  let kept = ''
  let left = width - ellipsis.length
  for (const character of text) {
    left -= columnsOf(character)
    if (left < 0) break
    kept += character
  }
  return `${kept}${ellipsis}`
}

function factText(value: Cell, view: View): string {
  if (isTime(value)) return value.time === null ? NOTHING : timeText(value.time, view)
  if (isDay(value))
    return value.day === null ? NOTHING : `${plainText(value.day.slice(0, 10))} (UTC)`
  return plainText(isId(value) ? value.id : value)
}

const unreadTime = (cell: Cell): string => plainText(isTime(cell) ? cell.time : null)

function plainText(value: Cell): string {
  if (isWhole(value)) return replaceControlCharacters(value.whole)
  const isNothing = value === null || typeof value === 'object'
  return isNothing ? NOTHING : replaceControlCharacters(String(value))
}

const isWhole = (cell: Cell): cell is WholeCell =>
  typeof cell === 'object' && cell !== null && 'whole' in cell

const isTime = (cell: Cell): cell is TimeCell =>
  typeof cell === 'object' && cell !== null && 'time' in cell
const isDay = (cell: Cell): cell is DayCell =>
  typeof cell === 'object' && cell !== null && 'day' in cell
const isId = (cell: Cell): cell is IdCell =>
  typeof cell === 'object' && cell !== null && 'id' in cell

function instantOf(time: string | null): Instant | undefined {
  const instant = time === null ? NaN : Date.parse(time)
  return Number.isNaN(instant) ? undefined : (instant as Instant)
}

const NOTHING = '-'
const GAP = '  '
/** Fewer would soon mean several. */
const MIN_ID = 8
/** A name of which less is left says nothing. */
const MIN_CUT = 12
