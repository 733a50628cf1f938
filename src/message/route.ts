/**
 * Which row of the route table a request meets. Rows are an allow list: what no row matches is not served.
 *
 * The rule, in the order in which it is applied:
 * 1. Of the admitting rows whose pattern matches the path, the most specific pattern owns it: an exact path before
 *    any prefix, a longer prefix before a shorter one. Other rows have no say, also when the owner does not list
 *    the method: narrowing the methods of a path must not hand the others to a wider, laxer row.
 * 2. A denied row that matches path and method wins, unless the owner's pattern is more specific. At equal
 *    patterns denied wins. So a hole in a denied area is cut only by a row that names it.
 * 3. Admitting rows match exactly. Denied rows also match other spellings that a careless server might take for the
 *    same path: other case, and a slash at the end. Comparing loosely may only ever narrow.
 */
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import type { RouteClass } from '../decide/policy.ts'
import { parseTarget, type Target } from './target.ts'

/** One row, as an operator or a preset wrote it. */
export interface RouteRow {
  readonly id: string
  /** `/exact`, or `/prefix/*` for the prefix and everything below it; in decoded form. */
  readonly path: string
  /** `undefined` is every method but TRACE, which would show a device what we say about it; `GET` includes HEAD. */
  readonly methods: readonly string[] | undefined
  readonly class: RouteClass
}

/** Rows, made ready for looking up. Built with the snapshot. */
export interface RouteTable<Row extends RouteRow = RouteRow> {
  readonly admitting: PatternIndex<Row>
  readonly denied: PatternIndex<Row>
}

/** Rows by pattern; a prefix stands without its `/*`, so that `/*` is the empty string. */
interface PatternIndex<Row> {
  readonly exact: ReadonlyMap<string, PatternRows<Row>>
  readonly prefixes: ReadonlyMap<string, PatternRows<Row>>
  /** Segments of the longest prefix: no look-up goes deeper, however long a path a device makes up. */
  readonly depth: number
}

/** The rows of one pattern; the more specific the pattern, the higher its rank. */
interface PatternRows<Row> {
  readonly rank: number
  readonly rows: readonly Row[]
}

/** Sorts rows for look-up, or says what is wrong with each. An empty table serves nothing. */
export function routeTable<Row extends RouteRow>(
  rows: readonly Row[],
): Result<RouteTable<Row>, readonly Fault[]> {
  const faults = rows.flatMap((row, index) => rowFaults(row, rows.slice(0, index)))
  if (faults.length > 0) return fail(faults)
  return ok({
    admitting: indexRows(
      rows.filter(({ class: kind }) => kind !== 'denied'),
      (pattern) => pattern,
    ),
    denied: indexRows(
      rows.filter(({ class: kind }) => kind === 'denied'),
      loose,
    ),
  })
}

/** Why a request meets no row. */
export type NoRoute =
  | { readonly kind: 'route-unknown' }
  /** Servers that fold characters would read a path that meets another row. */
  | { readonly kind: 'look-alike' }

/** The row that a request meets, by each reading of its path. */
export function routeOf<Row extends RouteRow>(
  table: RouteTable<Row>,
  method: string,
  { path, folded }: Pick<Target, 'path' | 'folded'>,
): Result<Row, NoRoute> {
  const row = findRoute(table, method, path)
  if (folded !== undefined && findRoute(table, method, folded) !== row) {
    return fail({ kind: 'look-alike' })
  }
  return row === undefined ? fail({ kind: 'route-unknown' }) : ok(row)
}

/** The row that a path meets. */
export function findRoute<Row extends RouteRow>(
  table: RouteTable<Row>,
  method: string,
  path: string,
): Row | undefined {
  const owner = mostSpecific(table.admitting, path)
  const denied = deniedRows(table.denied, method, path)
  if (denied !== undefined && denied.rank >= (owner?.rank ?? 0)) {
    return rowFor(denied, method)
  }
  return owner === undefined ? undefined : rowFor(owner, method)
}

function deniedRows<Row extends RouteRow>(
  index: PatternIndex<Row>,
  method: string,
  path: string,
): PatternRows<Row> | undefined {
  if (index.exact.size === 0 && index.prefixes.size === 0) return undefined
  return mostSpecific(index, loose(path), (match) => rowFor(match, method) !== undefined)
}

/** The most specific claim on a path, among those that pass the test. */
function mostSpecific<Row>(
  { exact, prefixes, depth }: PatternIndex<Row>,
  path: string,
  passes: (match: PatternRows<Row>) => boolean = () => true,
): PatternRows<Row> | undefined {
  const whole = exact.get(path)
  if (whole !== undefined && passes(whole)) return whole
  let found: PatternRows<Row> | undefined
  for (let segments = 0, end = 0; segments <= depth; segments++) {
    const match = prefixes.get(path.slice(0, end))
    if (match !== undefined && passes(match)) found = match
    if (end === path.length) break
    const slash = path.indexOf('/', end + 1)
    end = slash === -1 ? path.length : slash
  }
  return found
}

function rowFor<Row extends RouteRow>({ rows }: PatternRows<Row>, method: string): Row | undefined {
  return (
    rows.find(({ methods }) => methods?.includes(method)) ??
    // What may be read may be asked about (RFC 9110 §9.3.2).
    rows.find(({ methods }) => method === 'HEAD' && methods?.includes('GET')) ??
    rows.find((row) => row.methods === undefined && (method !== 'TRACE' || row.class === 'denied'))
  )
}

function indexRows<Row extends RouteRow>(
  rows: readonly Row[],
  spelling: (pattern: string) => string,
): PatternIndex<Row> {
  const [exact, prefixes] = [
    new Map<string, PatternRows<Row>>(),
    new Map<string, PatternRows<Row>>(),
  ]
  let depth = 0
  for (const row of rows) {
    const isPrefix = row.path.endsWith('/*')
    const key = spelling(isPrefix ? row.path.slice(0, -2) : row.path)
    const segments = key.split('/').length - 1
    const claims = isPrefix ? prefixes : exact
    const neighbours = claims.get(key)?.rows ?? []
    claims.set(key, { rank: isPrefix ? segments : EXACT, rows: [...neighbours, row] })
    if (isPrefix) depth = Math.max(depth, segments)
  }
  return { exact, prefixes, depth }
}

const EXACT = Number.MAX_SAFE_INTEGER

/** Other case, other Unicode spelling, a slash at the end: what a careless server takes for the same path. */
function loose(path: string): string {
  const folded = ASCII.test(path)
    ? path.toLowerCase()
    : path.normalize('NFKC').toUpperCase().toLowerCase()
  return folded.endsWith('/') ? folded.slice(0, -1) : folded
}

const ASCII = /^[\x20-\x7e]*$/

function rowFaults(row: RouteRow, earlier: readonly RouteRow[]): readonly Fault[] {
  const wrong = patternFault(row.path)
  if (wrong !== undefined) return [{ at: row.id, message: `found path ${row.path}, ${wrong}` }]
  const rival = earlier.find((other) => clash(row, other))
  if (rival === undefined) return []
  const taken = `found path ${row.path} with methods that row ${rival.id} takes`
  return [{ at: row.id, message: `${taken}, wanted each method of a path in one row` }]
}

/** Of two rows for the same requests one would be dead, by their order or by rule 2, unnoticed. */
function clash(one: RouteRow, other: RouteRow): boolean {
  const denied = [one, other].filter((row) => row.class === 'denied')
  if (denied.length === 2) return false
  if (denied.length === 0) return one.path === other.path && overlap(one, other)
  if (loose(one.path) !== loose(other.path)) return false
  return denied.some(({ methods }) => methods === undefined) || overlap(one, other)
}

/** Some methods beside all methods are no overlap: the row that lists the method goes first. */
function overlap(one: RouteRow, other: RouteRow): boolean {
  if (one.methods === undefined) return other.methods === undefined
  return one.methods.some((method) => other.methods?.includes(method) === true)
}

/** A pattern must be a path that a request can have; any other would never match, unnoticed. */
function patternFault(pattern: string): string | undefined {
  if (pattern === '/*') return undefined
  const base = pattern.endsWith('/*') ? pattern.slice(0, -2) : pattern
  if (!base.startsWith('/')) return 'wanted one that begins with /'
  if (base.includes('*')) return 'wanted * only as the last segment, as in /devices/*'
  if (pattern.endsWith('//*')) return 'wanted no empty segment'
  if (!base.isWellFormed()) return 'wanted valid Unicode'
  const parsed = parseTarget(encodeURI(base))
  if (!parsed.ok)
    return `which no request can have (${parsed.failure.kind}), wanted it decoded and plain`
  if (parsed.value.folded !== undefined) {
    return `which some servers read as ${parsed.value.folded}, wanted it so that all read the same`
  }
  return parsed.value.path === base ? undefined : 'wanted it without a query'
}
