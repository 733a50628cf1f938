/**
 * Points in time for people: in their own time zone, with UTC beside it. Programs get RFC 3339 in UTC.
 */
import { isoText, type Instant } from '../kernel/types.ts'

/** How exactly a time is told. */
export type Precision = 'minute' | 'second'

/** `2026-11-29 21:41 +01:00 (20:41Z)`; in UTC once, `2026-11-29 20:41Z`; the day too where it is another one in UTC. */
export function localTimeText(
  instant: Instant,
  timeZone: string,
  precision: Precision = 'minute',
): string {
  const offset = offsetOf(instant, timeZone)
  const [day, time] = dayAndTime(instant, precision)
  if (offset === 0) return `${day} ${time}Z`
  const [localDay, localTime] = dayAndTime((instant + offset) as Instant, precision)
  const utc = localDay === day ? `${time}Z` : `${day} ${time}Z`
  return `${localDay} ${localTime} ${offsetText(offset)} (${utc})`
}

/** A column of times in a table. */
export interface TimeColumn {
  /** Stands behind the head of the column: the offset from UTC that all cells have, or that each says its own. */
  readonly zone: string
  readonly cells: readonly (string | undefined)[]
}

/** Times as short as a table needs them, without UTC beside: the head says how far from it they are. */
export function timeColumn(
  instants: readonly (Instant | undefined)[],
  timeZone: string,
): TimeColumn {
  const shown = instants.map((instant) => {
    if (instant === undefined) return undefined
    const offset = offsetOf(instant, timeZone)
    const text = dayAndTime((instant + offset) as Instant, 'minute').join(' ')
    return { text, offset: offset === 0 ? 'UTC' : offsetText(offset) }
  })
  const offsets = [...new Set(shown.flatMap((one) => (one === undefined ? [] : [one.offset])))]
  const [only = 'UTC'] = offsets
  if (offsets.length <= 1) return { zone: only, cells: shown.map((one) => one?.text) }
  // Summer and winter time in one list.
  return {
    zone: 'local',
    cells: shown.map((one) => one && `${one.text} ${one.offset}`),
  }
}

/** A sentence of a module that knows no zones, with its times told as `timeText` does. */
export const withTimes = (sentence: string, timeText: (instant: Instant) => string): string =>
  sentence.replaceAll(RFC_3339, (text) => {
    const instant = Date.parse(text)
    // What others wrote may only look like a time: month 13.
    return Number.isNaN(instant) ? text : timeText(instant as Instant)
  })

const RFC_3339 = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/gu

/** The time zone of this machine or of TZ; UTC where that is none. */
export function systemTimeZone(): string {
  // A TZ that is no zone leaves it undefined, or `Etc/Unknown`; the clock of the process is UTC then.
  const { timeZone }: { timeZone: string | undefined } = new Intl.DateTimeFormat().resolvedOptions()
  return timeZone === undefined || timeZone === 'Etc/Unknown' ? 'UTC' : timeZone
}

/** Milliseconds east of UTC. */
function offsetOf(instant: Instant, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/u.exec(name ?? '') ?? []
  if (sign === undefined) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
}

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / MINUTE_MS
  const two = (count: number): string => String(count).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

function dayAndTime(instant: Instant, precision: Precision): readonly [string, string] {
  const [day = '', time = ''] = isoText(instant).split('T')
  return [day, time.slice(0, precision === 'minute' ? 5 : 8)]
}

const MINUTE_MS = 60_000
