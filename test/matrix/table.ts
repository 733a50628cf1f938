/** The matrix as people read it: a line per situation, the exact text below it. */
import type { Played, PlayedGroup, Seen } from './play.ts'
import type { Expected, Group, Row } from './row.ts'

/** Columns of the table, in characters. */
const WIDTHS = [6, 65, 19, 6, 7, 30, 40]

/** A group with the verdict of each row, and how many of them are not well. */
export interface Judged {
  readonly text: string
  readonly rows: number
  readonly faults: number
}

/** Holds what was seen against what was expected. */
export function judged(
  { title, dangerous }: Group,
  { played, dangerous: announced }: PlayedGroup,
): Judged {
  const lines = [...Map.groupBy(played, ({ row }) => row).values()].flatMap(rowText)
  const wrong = played.filter((one) => faultsOf(one).length > 0).length
  const isAnnounced = announced.join() === dangerous.join()
  const announcement = isAnnounced
    ? dangerous.map((kind) => `       announced: tfe_dangerous{kind="${kind}"} 1`)
    : [`FAULT  tfe_dangerous: wanted ${dangerous.join()}, found ${announced.join()}`]
  return {
    text: [`\n${title}`, ...lines, ...announcement].join('\n'),
    rows: played.length,
    faults: wrong + (isAnnounced ? 0 : 1),
  }
}

/** The heads of the columns. */
export const heads = (): string =>
  columns(['', 'situation', 'servers', 'status', 'spoken', 'suite', 'metric that moved'])

/** Kinds of servers that did the same share a line. */
function rowText(played: readonly Played[]): readonly string[] {
  const same = Map.groupBy(played, (one) => JSON.stringify([one.seen, faultsOf(one)]))
  return [...same.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { row, seen } = first
    const faults = faultsOf(first)
    const cells = [
      faults.length === 0 ? 'ok' : 'FAULT',
      row.what,
      group.map(({ kind }) => kind).join(' '),
      String(seen.status),
      seen.protocol ?? '-',
      seen.suite ?? '-',
      seen.metrics.join(', ') || 'none',
    ]
    return [
      columns(cells),
      ...(seen.reason === undefined ? [] : [`       › ${seen.reason}`]),
      ...faults.map((fault) => `       ✗ ${fault}`),
    ]
  })
}

function faultsOf({ row, kind, seen }: Played): readonly string[] {
  const expected = expectedOf(row, kind)
  return FACTS.flatMap((fact) => {
    const [wanted, found] = [expected[fact], seen[fact]].map((one) => JSON.stringify(one))
    if (wanted === found || (wanted === undefined && SPOKEN.has(fact))) return []
    return [`${fact}: wanted ${wanted ?? 'nothing'}, found ${found ?? 'nothing'}`]
  })
}

const expectedOf = (row: Row, kind: Played['kind']): Expected => row.except?.[kind] ?? row.expected

const FACTS: readonly (keyof Seen)[] = ['status', 'protocol', 'suite', 'reason', 'metrics']
/** Left out of an expectation, these may be anything. */
const SPOKEN: ReadonlySet<keyof Seen> = new Set(['protocol', 'suite'])

const columns = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0))
    .join(' ')
    .trimEnd()
