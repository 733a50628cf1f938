/** Differences between a configuration file and its store, as programs and people read them. */
import type { DifferenceItem } from '../state/difference-item.ts'
import { replaceControlCharacters } from './text-layout.ts'

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
