/**
 * An account as text: sections of steps, each of which held, failed, or is only worth knowing. What a certificate says of
 * itself is shown without characters that move the cursor, and times in the zone of the terminal.
 */
import { localTimeText, withTimes } from '../local-time.ts'
import type { Terminal } from '../terminal.ts'
import { indented, replaceControlCharacters, twoColumns } from '../text-layout.ts'

/** A section as the admin API shows it. */
export interface ReportSection {
  readonly title: string
  readonly steps: readonly {
    readonly kind: 'yes' | 'no' | 'note'
    readonly text: string
    readonly facts: readonly { readonly name: string; readonly value: string }[]
    readonly more: readonly string[]
  }[]
}

export function reportText(
  sections: readonly ReportSection[],
  { paint, signs, timeZone }: Terminal,
): string {
  const shown = (text: string): string =>
    withTimes(replaceControlCharacters(text), (at) => localTimeText(at, timeZone, 'second'))
  const line = ({ kind, text, facts, more }: ReportSection['steps'][number]): string => {
    const sign = {
      yes: paint('good', signs.yes),
      no: paint('bad', signs.no),
      note: paint('dim', signs.note),
    }
    const width = signs[kind].length + 3
    const rows = twoColumns(facts.map(({ name, value }) => [shown(name), shown(value)]))
    return [
      `  ${sign[kind]} ${shown(text)}`,
      ...indented([...rows, ...more.map(shown)], ' '.repeat(width)),
    ].join('\n')
  }
  return sections
    .filter(({ steps }) => steps.length > 0)
    .map(({ title, steps }) => `${paint('bold', shown(title))}\n${steps.map(line).join('\n')}\n\n`)
    .join('')
}
