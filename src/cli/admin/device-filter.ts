/** What devices are narrowed to: by options, by a saved query, or by both. */
import type { Result } from '../../kernel/types.ts'
import type { Options } from '../command-environment.ts'
import type { ExitCode } from '../exit-code.ts'
import type { CommandContext } from './command-context.ts'
import { findListed } from './find-listed.ts'

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
  'departure',
  'listener',
  'setting',
  'verdict',
  'code',
  'in-inventory',
  'silent',
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

/** Finds the saved query that a word means. */
export const findQuery = (
  context: CommandContext,
  word: string,
): Promise<Result<SavedQueryItem, ExitCode>> =>
  findListed<SavedQueryItem>(context, word, {
    path: QUERIES,
    what: 'saved query',
    command: 'tfe queries list',
    idOf: ({ id }) => id,
    nameOf: ({ name }) => name,
  })
