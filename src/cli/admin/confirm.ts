/**
 * Asking somebody. A change that is dangerous says what it does before it is confirmed, also where nobody can be
 * asked and the confirmation stands on the command line.
 */
import { EXIT } from '../exit-code.ts'
import type { Desk, End } from './command-context.ts'

/** Has each sentence confirmed: by `yes` on a terminal, else by one --confirm for each. */
export async function confirmed(desk: Desk, sentences: readonly string[]): Promise<true | End> {
  const { terminal, options } = desk
  const given = Number(options.get('confirm') ?? 0)
  for (const [at, sentence] of sentences.entries()) {
    desk.note([sentence])
    if (at < given) continue
    if (terminal.ask === undefined) {
      const flags = sentences.map(() => '--confirm').join(' ')
      return `this has to be confirmed, and there is nobody to ask: add ${flags}`
    }
    const answer = await terminal.ask('type yes to go on: ')
    if (answer.trim() !== 'yes') return left(desk)
  }
  return true
}

/** Has a phrase typed, or taken from --phrase. */
export async function typedPhrase(desk: Desk, phrase: string): Promise<Result> {
  const given = desk.options.get('phrase')
  if (given !== undefined) return { kind: 'typed', text: given }
  const { ask } = desk.terminal
  if (ask === undefined) {
    const end = `this takes a phrase, and there is nobody to ask: add --phrase '${phrase}'`
    return { kind: 'end', end }
  }
  const text = (await ask(`type \`${phrase}\` to go on: `)).trim()
  return text === phrase ? { kind: 'typed', text } : { kind: 'end', end: left(desk) }
}

type Result =
  { readonly kind: 'typed'; readonly text: string } | { readonly kind: 'end'; readonly end: End }

function left({ terminal }: Desk): End {
  terminal.err('tfe: nothing was changed\n')
  return EXIT.no
}
