/** Finds the one item of a list that a word means: by its whole name, or by a beginning of its id that it alone has. */
import { fail, ok, type Result } from '../../kernel/types.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { unknownNameText } from '../text-layout.ts'
import type { CommandContext } from './command-context.ts'

/** A list, and how its items are called. */
export interface Listed<Item> {
  /** Where the API lists them. */
  readonly path: string
  /** What one of them is: `saved query`. */
  readonly what: string
  /** The command that prints the list. */
  readonly command: string
  readonly idOf: (item: Item) => string
  /** What people call it; not always its own alone. */
  readonly nameOf: (item: Item) => string
}

/** Finds it, or prints what the word could mean; several are refused with their ids. */
export async function findListed<Item>(
  context: CommandContext,
  word: string,
  { path, what, command, idOf, nameOf }: Listed<Item>,
): Promise<Result<Item, ExitCode>> {
  const listed = await context.get<{ readonly items: readonly Item[] }>(path)
  if (!listed.ok) return listed
  const { items } = listed.value.body
  const meanings: readonly ((item: Item) => boolean)[] = [
    (item) => idOf(item) === word,
    (item) => nameOf(item) === word,
    // Of a name the whole: who mistypes one must not meet another.
    (item) => idOf(item).startsWith(word),
  ]
  const matches = meanings.map((is) => items.filter(is)).find((some) => some.length > 0) ?? []
  const [only] = matches
  if (only !== undefined && matches.length === 1) return ok(only)
  if (only !== undefined) {
    context.printRefusal([
      `'${word}' may mean several`,
      ...matches.slice(0, MAX_SHOWN).map((item) => `  ${idOf(item)}  ${nameOf(item)}`),
      'next: write more of the id',
    ])
    return fail(EXIT.usage)
  }
  const unknown = `there is no ${what} '${word}'`
  const names = [...new Set(items.map(nameOf))]
  context.printRefusal([
    names.length === 0 ? unknown : unknownNameText(unknown, word, names),
    `next: see \`${command}\``,
  ])
  return fail(EXIT.no)
}

/** Enough to see what is meant, few enough to read. */
const MAX_SHOWN = 10
