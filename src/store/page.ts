import { fail, ok, type Result } from '../kernel/types.ts'
import type { ChangeRefusal } from './failure.ts'

/** Which part of a long list is asked for: what follows `after`, at most `limit`. */
export interface PageRequest {
  /** 1 to 1,000; more than people read at once, and little enough to hold in memory. */
  readonly limit: number
  /** The `next` of the page before. */
  readonly after?: string | undefined
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Undefined on the last page. */
  readonly next: string | undefined
}

/** What a cursor holds: where in the list's order the page before ended. */
export type Cursor = readonly [number | string, string]

/** Reads a cursor; it comes from the network and is nothing but a place in an order. */
export function parseCursor(
  text: string | undefined,
  first: 'number' | 'string',
): Result<Cursor | undefined, ChangeRefusal> {
  if (text === undefined) return ok(undefined)
  const bad = fail<ChangeRefusal>({ kind: 'bad-cursor', found: text.slice(0, 80) })
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return bad
  }
  if (!Array.isArray(value) || value.length !== 2) return bad
  const [position, tie]: unknown[] = value
  if (!isPlainText(tie)) return bad
  if (first === 'string' && isPlainText(position)) return ok([position, tie])
  return first === 'number' && Number.isSafeInteger(position) ? ok([Number(position), tie]) : bad
}

/** PostgreSQL takes neither NUL nor half a surrogate pair, and no place in any order holds one. */
const isPlainText = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')

/** A page out of one row more than was asked for. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  { limit }: PageRequest,
  { item, cursor }: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => Cursor },
): Page<Item> {
  const shown = rows.slice(0, boundedLimit(limit))
  const last = shown.at(-1)
  const more = rows.length > shown.length && last !== undefined
  return {
    items: shown.map(item),
    next: more ? Buffer.from(JSON.stringify(cursor(last))).toString('base64url') : undefined,
  }
}

export const boundedLimit = (limit: number): number =>
  Math.min(Math.max(1, Math.floor(limit)), 1000)

/** Behind every text that begins with a prefix: U+10FFFF is the last there is, in octets as well. */
export const prefixEnd = (prefix: string): string => `${prefix}\u{10FFFF}`
