/**
 * An inventory as an administrator uploads it → entries, or everything that is wrong with it at once, line by line.
 */
import { parse, type CsvError } from 'csv-parse/sync'
import { CLIENT_CLASSES, parseVersion, versionRank } from '../../../fleet/client.ts'
import { countText } from '../../../kernel/count-text.ts'
import { fail, ok, type Fault, type Result } from '../../../kernel/types.ts'
import type { InventoryEntry } from '../../../store/devices/inventory.ts'

/** One device as it was written; a cell that is empty says nothing. */
export interface RawEntry {
  readonly id: string
  readonly name?: string | undefined
  readonly class?: string | undefined
  readonly agent?: string | undefined
  readonly agent_version?: string | undefined
  readonly pending?: boolean | undefined
}

/** The columns that are understood; `id` has to be there. */
export const INVENTORY_COLUMNS = [
  'id',
  'name',
  'class',
  'agent',
  'agent_version',
  'pending',
] as const

/** Reads CSV (RFC 4180) with a line of column names; `firstLine` is that of the text in the file it was cut from. */
export function readInventoryCsv(
  text: string,
  firstLine = 1,
): Result<readonly InventoryEntry[], readonly Fault[]> {
  const faults: Fault[] = []
  const rows = parse(text, {
    bom: true,
    delimiter: delimiterOf(text),
    trim: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      const line = Number(error?.['lines'] ?? 1) + firstLine - 1
      faults.push({ at: `line ${line}`, message: `cannot be read as CSV: ${errorText(error)}` })
    },
  }) as unknown as readonly { readonly record: readonly string[]; readonly info: Info }[]
  const [head, ...body] = rows
  const columns = (head?.record ?? []).map((name) => name.toLowerCase().replaceAll(/[ -]/gu, '_'))
  const unknown = columns.filter((name) => !INVENTORY_COLUMNS.some((one) => one === name))
  const wanted = `wanted columns named ${INVENTORY_COLUMNS.join(', ')}`
  for (const name of unknown) {
    faults.push({ at: `line ${firstLine}`, message: `found the column ${quoted(name)}, ${wanted}` })
  }
  if (!columns.includes('id')) {
    faults.push({ at: `line ${firstLine}`, message: `found no column id, ${wanted}` })
  }
  // Below columns that mean nothing every line would be wrong in the same way.
  if (unknown.length > 0 || !columns.includes('id')) return fail(faults)
  const written = body.flatMap(({ record, info }): readonly LocatedEntry[] => {
    const at = `line ${info.lines + firstLine - 1}`
    if (record.length !== columns.length) {
      const message = `found ${countText(record.length, 'cell')}, wanted ${columns.length}`
      faults.push({ at, message })
      return []
    }
    const cells = new Map(columns.map((name, index) => [name, record[index] ?? '']))
    const pending = parseYesNo(cells.get('pending') ?? '')
    if (pending === 'neither') {
      faults.push({ at, message: `found pending ${quoted(cells.get('pending') ?? '')}, ${YES_NO}` })
      return []
    }
    const text = (name: string): string | undefined => cells.get(name) || undefined
    const entry = {
      id: cells.get('id') ?? '',
      name: text('name'),
      class: text('class'),
      agent: text('agent'),
      agent_version: text('agent_version'),
      pending,
    }
    return [{ at, entry }]
  })
  const checked = checkEntries(written)
  const all = checked.ok ? faults : [...faults, ...checked.failure]
  return all.length > 0 ? fail(inOrder(all)) : checked
}

/** An entry, and where in the upload it stands. */
export interface LocatedEntry {
  readonly at: string
  readonly entry: RawEntry
}

/** Checks what was written, every fault at once. */
export function checkEntries(
  written: readonly LocatedEntry[],
): Result<readonly InventoryEntry[], readonly Fault[]> {
  const faults: Fault[] = []
  const firsts = new Map<string, string>()
  const entries = written.map(({ at, entry }): InventoryEntry => {
    const addFault = (message: string): unknown => faults.push({ at, message })
    const { id, agent_version: agentVersion, class: kind } = entry
    const version = agentVersion === undefined ? undefined : parseVersion(agentVersion)
    if (id === '') addFault('found no id, wanted the one that the management server knows')
    for (const text of [id, entry.name, entry.agent, agentVersion]) {
      if (text !== undefined && text.length > CELL_LENGTH) {
        addFault(`found a cell of ${text.length} characters, wanted at most ${CELL_LENGTH}`)
      }
      if (text !== undefined && /\p{Cc}/u.test(text)) addFault('found control characters in a cell')
    }
    if (kind !== undefined && !CLIENT_CLASSES.some((one) => one === kind)) {
      addFault(`found the class ${quoted(kind)}, wanted one of ${CLIENT_CLASSES.join(', ')}`)
    }
    if (agentVersion !== undefined && version === undefined) {
      addFault(`found the version ${quoted(agentVersion)}, wanted numbers and dots such as 10.1`)
    }
    const first = firsts.get(id)
    if (first !== undefined && id !== '')
      addFault(`found ${quoted(id)} again, it stands in ${first}`)
    else firsts.set(id, at)
    return {
      id,
      name: entry.name,
      class: kind,
      agent: entry.agent,
      agentVersion,
      agentRank: version === undefined ? undefined : versionRank(version),
      pending: entry.pending,
    }
  })
  return faults.length > 0 ? fail(faults) : ok(entries)
}

interface Info {
  readonly lines: number
}

/** Spreadsheets write what their country writes; the line of column names tells. */
function delimiterOf(text: string): string {
  const [head = ''] = text.split('\n', 1)
  return [',', ';', '\t'].find((one) => head.includes(one)) ?? ','
}

function parseYesNo(text: string): boolean | undefined | 'neither' {
  const word = text.toLowerCase()
  if (word === '') return undefined
  if (['true', 'yes', '1', 'pending'].includes(word)) return true
  return ['false', 'no', '0', 'none', 'success'].includes(word) ? false : 'neither'
}

const YES_NO = 'wanted yes or no'

const inOrder = (faults: readonly Fault[]): readonly Fault[] =>
  [...faults].sort((one, other) => lineOf(one) - lineOf(other))

const lineOf = ({ at }: Fault): number => Number(/\d+/u.exec(at)?.[0] ?? 0)

/** The parser's message names options of its own; its code is enough. */
const errorText = (error: CsvError | undefined): string =>
  (error?.code ?? 'unknown').replace(/^CSV_/u, '').replaceAll('_', ' ').toLowerCase()

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60))

/** As long as any id, name or agent that the API shows. */
const CELL_LENGTH = 200
