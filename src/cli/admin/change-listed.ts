/** A change of something that is read as an item of a list, and has no call of its own to read it. */
import type { CommandResult } from '../command-environment.ts'
import type { ApiRequest } from './client.ts'
import type { CommandContext } from './command-context.ts'

/** The change, and where what it changes is listed. */
export interface ListedChange<Item, Body> {
  readonly list: string
  readonly is: (item: Item) => boolean
  readonly request: Omit<ApiRequest, 'match'>
  readonly lines: (body: Body) => readonly string[]
  /** Stands for an answer without a body. */
  readonly done?: object
}

/**
 * Changes an item in the version just read. One that is not in the list is asked for all the same, as what is not there
 * yet: the API says what it says of an unknown name, or makes it.
 */
export async function changeListed<Item extends { readonly version: number }, Body = undefined>(
  context: CommandContext,
  { list, is, request, lines, done }: ListedChange<Item, Body>,
): Promise<CommandResult> {
  const found = await context.get<{ readonly items: readonly Item[] }>(list)
  if (!found.ok) return found.failure
  const version = found.value.body.items.find(is)?.version ?? ABSENT
  return await context.run<Body>({ ...request, match: `"${version}"` }, lines, done)
}

const ABSENT = 0
