/**
 * Where what a preview foretold and what was met differ: a verdict that changed unnamed, and one that was named and did not
 * change so.
 */
import type { AlteredVerdict } from '../../../src/state/preview/preview.ts'
import type { Verdicts } from './real-judge.ts'

/** What alters, by row. */
export type Altered = ReadonlyMap<string, string>

/** What is met before and after. */
export const text = ({ before, after }: Pick<AlteredVerdict, 'after' | 'before'>): string =>
  [before, after]
    .map(({ admitted, code }) => `${admitted ? 'admits' : 'refuses'} ${code}`)
    .join(' → ')

/** What a preview foretells of one device or class. */
export const foretold = (verdicts: readonly AlteredVerdict[]): Altered =>
  new Map(verdicts.flatMap((one) => one.rows.map((row) => [row, text(one)])))

/** What is really met. */
export interface RealDifferences {
  readonly all: number
  readonly altered: Altered
  /** Every verdict, for telling why one was foretold otherwise. */
  readonly texts: Altered
}

/** Compares what is met before a change and after it. */
export function differences(before: Verdicts, after: Verdicts): RealDifferences {
  const texts = new Map<string, string>()
  const altered = new Map<string, string>()
  for (const [row, was] of before) {
    const is = after.get(row)
    if (is === undefined) throw new Error('no change takes a row away')
    const told = text({ before: was, after: is })
    texts.set(row, told)
    if (was.admitted !== is.admitted || was.code !== is.code) altered.set(row, told)
  }
  return { all: before.size, altered, texts }
}

/** A row on which the two differ: unnamed where nothing was told of it. */
export interface Disagreement {
  readonly row: string
  readonly told: string | undefined
  readonly real: string | undefined
}

/** Finds all of them. */
export function disagreements(told: Altered, { altered, texts }: RealDifferences): Disagreement[] {
  const rows = new Set([...told.keys(), ...altered.keys()])
  return [...rows]
    .filter((row) => told.get(row) !== altered.get(row))
    .map((row) => ({ row, told: told.get(row), real: texts.get(row) }))
}
