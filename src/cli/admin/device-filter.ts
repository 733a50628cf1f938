/** What devices are narrowed to: by options, by a saved query, or by both. */
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { Options } from '../command-environment.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { unknownNameText } from '../text-layout.ts'
import type { CommandContext } from './command-context.ts'

/** A filter as the API takes it in a query and keeps it in a saved one. */
export type DeviceFilter = Readonly<Record<string, string>>

/** The conditions that the options state. */
export const filterOf = (options: Options): DeviceFilter =>
  Object.fromEntries(
    [...FILTER_OPTIONS].flatMap((name) => {
      const value = options.get(name)
      return value === undefined ? [] : [[name.replaceAll('-', '_'), value] as const]
    }),
  )

const FILTER_OPTIONS = [
  'approval',
  'awaiting',
  'authentication',
  'migration',
  'class',
  'listener',
  'setting',
  'verdict',
  'code',
  'in-inventory',
  'seen-since',
  'not-seen-since',
  'valid-at',
  'text',
] as const

/** A query that is saved under a name. */
export interface SavedQueryItem {
  readonly id: string
  readonly name: string
  readonly origin: string
  readonly query: DeviceFilter
  readonly created_by: string
  readonly created: string
  readonly version: number
}

export const QUERIES = '/api/queries'

/** Finds a saved query by its name, or by its id; one that is not there is told with the names of those that are. */
export async function findQuery(
  context: CommandContext,
  word: string,
): Promise<Result<SavedQueryItem, ExitCode>> {
  const listed = await context.get<{ readonly items: readonly SavedQueryItem[] }>(QUERIES)
  if (!listed.ok) return listed
  const { items } = listed.value.body
  const found = items.find(({ name }) => name === word) ?? items.find(({ id }) => id === word)
  if (found !== undefined) return ok(found)
  const what = `there is no saved query '${word}'`
  const names = items.map(({ name }) => name)
  context.printRefusal([
    names.length === 0 ? what : unknownNameText(what, word, names),
    'next: see `tfe queries list`',
  ])
  return fail(EXIT.no)
}
