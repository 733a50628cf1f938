/**
 * The figures of a run of `npm run bench`, as `--write` keeps them beside the page: what the page, the picture and the
 * judgement are made of.
 */

/** Median, least and most of the rounds. */
export type Spread = readonly [median: number, least: number, most: number]

export interface FigureRow {
  readonly id: string
  readonly title: string
  /** Microseconds of CPU time per unit, or KiB. */
  readonly unit: 'us' | 'us per MB' | 'KiB'
  /** By the name of the candidate; one that cannot do the work has none. */
  readonly values: Readonly<Record<string, Spread>>
}

export interface FigureColumn {
  readonly name: string
  readonly title: string
  readonly version: string
}

/** What was measured, when, where and how often. */
export interface MeasuredRun {
  /** The day, as YYYY-MM-DD. */
  readonly taken: string
  readonly commit: string
  readonly rounds: number
  /** 1, or a part of the units where the run was a trial. */
  readonly scale: number
  readonly machine: string
  readonly columns: readonly FigureColumn[]
}

export interface Figures extends MeasuredRun {
  readonly rows: readonly FigureRow[]
}

/** Whose figures the others are divided by. */
export const REFERENCE = 'nginx'

/** Sums up the samples of a row. Throws when a candidate has none. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((one, other) => one - other).map(rounded)
  const [least, most] = [sorted[0], sorted.at(-1)]
  const [lower, upper] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ]
  if (least === undefined || most === undefined || lower === undefined || upper === undefined) {
    throw new Error('found no samples, wanted one per round')
  }
  return [rounded((lower + upper) / 2), least, most]
}

/** The median of a candidate as a multiple of the reference's; undefined where one of them has none. */
export function ratioIn(
  row: FigureRow,
  name: string,
  reference: string = REFERENCE,
): number | undefined {
  const [value] = row.values[name] ?? []
  const [of] = row.values[reference] ?? []
  return value === undefined || of === undefined ? undefined : value / of
}

/** How far the rounds lie apart, as a part of their median. */
export const spreadIn = ([median, least, most]: Spread): number => (most - least) / median

/** Three digits are more than a run can tell. */
const rounded = (value: number): number => Number(value.toPrecision(4))
