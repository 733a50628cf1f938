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

/** How many columns of a terminal a text takes; colours take none. */
export const visibleWidth = (text: string): number =>
  Array.from(stripVTControlCharacters(text), columnsOf).reduce((sum, width) => sum + width, 0)

/** How many columns of a terminal one character takes. */
export function columnsOf(character: string): number {
  if (MARK.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** Drawn on the character before. */
const MARK = /^[\p{Mn}\p{Me}]/u
/** East Asian Wide and Fullwidth (Unicode UAX #11), as far as properties say it; the halfwidth forms are not. */
const WIDE =
  /^(?![\uFF61-\uFFDC])[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\p{Emoji_Presentation}\u3000-\u303E\u30FB\u30FC\uFF01-\uFF60\uFFE0-\uFFE6]/u

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
