/**
 * JSON for programs, and for the person who looks at it on a terminal.
 */
import { HIDDEN_CHARACTERS } from './text-layout.ts'

/**
 * A document as text. Control and formatting characters are escaped, which JSON leaves as they are from U+007F on: a name
 * that a device chose moves no cursor and turns no line around, and a program reads what was written.
 */
export const jsonText = (document: unknown): string =>
  // A line break outside of a string is layout; inside of one JSON has escaped it.
  `${JSON.stringify(document, undefined, 2).replaceAll(HIDDEN_CHARACTERS, (it) => (it === '\n' ? it : escaped(it)))}\n`

const escaped = (character: string): string =>
  // By UTF-16 unit: beyond U+FFFF JSON writes two.
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
