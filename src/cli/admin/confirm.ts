/**
 * Asks for a confirmation. A dangerous change says what it does before it is confirmed, also where there is no terminal
 * to ask at and the confirmation stands on the command line.
 */
import type { CommandResult } from '../command-environment.ts'
import type { CommandContext } from './command-context.ts'

/** Has each sentence confirmed: by `yes` on a terminal, else by one --confirm for each. */
export async function confirmAll(
  context: CommandContext,
  sentences: readonly string[],
): Promise<true | CommandResult> {
  const { terminal, options } = context
  const given = Number(options.get('confirm') ?? 0)
  for (const [at, sentence] of sentences.entries()) {
    context.printNotice([sentence])
    if (at < given) continue
    if (terminal.ask === undefined) {
      const flags = sentences.map(() => '--confirm').join(' ')
      return `this has to be confirmed, and there is no terminal to ask at: add ${flags}`
    }
    const answer = await terminal.ask('type yes to go on: ')
    if (answer.trim() !== 'yes') return context.printUnchanged()
  }
  return true
}

/** Has a phrase typed, or taken from --phrase. */
export async function readPhrase(context: CommandContext, phrase: string): Promise<PhraseResult> {
  const given = context.options.get('phrase')
  if (given !== undefined) return { kind: 'typed', text: given }
  const { ask } = context.terminal
  if (ask === undefined) {
    const end = `this takes a phrase, and there is no terminal to ask at: add --phrase '${phrase}'`
    return { kind: 'end', end }
  }
  const text = (await ask(`type \`${phrase}\` to go on: `)).trim()
  return text === phrase ? { kind: 'typed', text } : { kind: 'end', end: context.printUnchanged() }
}

type PhraseResult =
  | { readonly kind: 'typed'; readonly text: string }
  | { readonly kind: 'end'; readonly end: CommandResult }
