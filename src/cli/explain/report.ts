/**
 * An account of a judgement: sections of steps, each of which held, failed, or is only worth knowing.
 */
import { replaceControlCharacters, indented } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'

/** One thing that was looked at. */
export interface Step {
  readonly kind: 'yes' | 'no' | 'note'
  readonly text: string
  /** What belongs under it. */
  readonly more: readonly string[]
}

export interface Section {
  readonly title: string
  readonly steps: readonly Step[]
}

export const yes = (text: string, ...more: readonly string[]): Step => ({ kind: 'yes', text, more })
export const no = (text: string, ...more: readonly string[]): Step => ({ kind: 'no', text, more })
export const note = (text: string, ...more: readonly string[]): Step => ({
  kind: 'note',
  text,
  more,
})

/** An account as text. What a certificate says of itself is shown without characters that move the cursor. */
export function reportText(sections: readonly Section[], { paint, signs }: Terminal): string {
  const line = ({ kind, text, more }: Step): string => {
    const sign = {
      yes: paint('good', signs.yes),
      no: paint('bad', signs.no),
      note: paint('dim', signs.note),
    }
    const width = signs[kind].length + 3
    return [
      `  ${sign[kind]} ${replaceControlCharacters(text)}`,
      ...indented(more.map(replaceControlCharacters), ' '.repeat(width)),
    ].join('\n')
  }
  return sections
    .filter(({ steps }) => steps.length > 0)
    .map(
      ({ title, steps }) =>
        `${paint('bold', replaceControlCharacters(title))}\n${steps.map(line).join('\n')}\n\n`,
    )
    .join('')
}
