/** Differences between a configuration file and its store, as programs and people read them. */
import { differenceText, type FileDifference } from '../state/file-difference.ts'
import { replaceControlCharacters } from './text-layout.ts'

/** A difference as the admin API and `--json` have it. */
export interface DifferenceItem {
  readonly kind: string
  readonly at: string
  readonly subject: string
  readonly file: string
  readonly store: string
  readonly in_force: string
  readonly holds: boolean
  readonly commands: readonly string[]
  readonly text: string
}

export const differenceItem = (it: FileDifference): DifferenceItem => ({
  kind: it.kind,
  at: it.at,
  subject: it.subject,
  file: it.file,
  store: it.store,
  in_force: it.inForce,
  holds: it.holds,
  commands: it.commands,
  text: differenceText(it),
})

/** A line for each difference, then its commands, to be copied. */
export const differenceLines = (items: readonly DifferenceItem[]): readonly string[] =>
  items.length === 0
    ? ['no differences: the file and the store say the same']
    : items
        .flatMap(({ at, text, commands }) => [
          `${at}: ${text}`,
          ...commands.map((command) => `  ${command}`),
        ])
        .map(replaceControlCharacters)
