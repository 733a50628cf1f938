/**
 * Text in columns, and parts of sentences, as help pages and answers need it.
 */
import { stripVTControlCharacters } from 'node:util'
import { closestMatch } from '../kernel/closest-match.ts'

/** A name and what is said of it. */
export type Row = readonly [string, string]

/** Rows of two columns, the first as wide as its widest cell; colours do not count. */
export function twoColumns(rows: readonly Row[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([cell]) => visibleWidth(cell)))
  return rows.map(([cell, rest]) => `  ${padded(cell, width)}  ${rest}`.trimEnd())
}

/** Pads to a width that ignores colours. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - visibleWidth(text)))

const visibleWidth = (text: string): number => stripVTControlCharacters(text).length

export const indented = (lines: readonly string[], by = '  '): readonly string[] =>
  lines.map((line) => (line === '' ? '' : by + line))

/** Ends a sentence about a name that nothing has. */
export function unknownNameText(what: string, name: string, names: readonly string[]): string {
  const suggestion = closestMatch(name, names)
  return `${what}; ${suggestion === undefined ? `there is ${names.join(', ')}` : `did you mean ${suggestion}?`}`
}

/** What came from outside, safe to show: control and formatting characters would move the cursor or turn the text around. */
export const replaceControlCharacters = (text: string): string =>
  text.replaceAll(HIDDEN_CHARACTERS, '\uFFFD')

/** What does something to a terminal in place of being shown: controls (C0 and C1), formatting (bidi), line separators. */
export const HIDDEN_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
