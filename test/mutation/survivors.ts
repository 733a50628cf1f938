/**
 * Why a survivor may live: for each there is an argument in `survivors.json` that no input can tell it from the real
 * code. An argument about a mutant that dies, or is not there, is a lie by now.
 */
import { readFileSync } from 'node:fs'
import type { Mutant } from './instrument.ts'
import type { Verdict } from './play.ts'

/** Names a mutant by what stays the same when lines move. */
export interface Argument extends Pick<Mutant, 'file' | 'within' | 'code' | 'change'> {
  readonly why: string
}

/** The argued survivors. */
export function readArguments(path: string): readonly Argument[] {
  return JSON.parse(readFileSync(path, 'utf8')) as readonly Argument[]
}

/** Holds verdicts and arguments against each other; arguments about other files are left alone. */
export function settle(
  verdicts: readonly Verdict[],
  given: readonly Argument[],
  files: readonly string[],
): {
  readonly unargued: readonly Verdict[]
  readonly stale: readonly { readonly mutant: Argument; readonly why: string }[]
} {
  const argued = new Set(given.filter(({ why }) => why !== '').map(keyOf))
  const survivors = verdicts.filter(({ killer }) => killer === undefined)
  const alive = new Set(survivors.map(({ mutant }) => keyOf(mutant)))
  const known = new Set(verdicts.map(({ mutant }) => keyOf(mutant)))
  return {
    unargued: survivors.filter(({ mutant }) => !argued.has(keyOf(mutant))),
    stale: given
      .filter((mutant) => files.includes(mutant.file) && !alive.has(keyOf(mutant)))
      .map((mutant) => ({
        mutant,
        why: known.has(keyOf(mutant)) ? 'the mutant dies' : 'there is no such mutant',
      })),
  }
}

const keyOf = ({ file, within, code, change }: Omit<Argument, 'why'>): string =>
  JSON.stringify([file, within, code, change])
