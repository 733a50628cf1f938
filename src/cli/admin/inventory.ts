/** `tfe inventory import`: a list of any length, in parts, looked at whole before any of it is taken. */
import { countText } from '../../kernel/count-text.ts'
import type { CommandResult } from '../command-environment.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import type { CommandContext } from './command-context.ts'
import { readInput } from '../read-input.ts'

interface ImportCounts {
  readonly entries: number
  readonly added: number
  readonly updated: number
  readonly linked: number
}

interface Chunk {
  readonly path: string
  readonly body: object
}

export async function importFile(context: CommandContext): Promise<CommandResult> {
  const file = context.argument(0)
  const octets = readInput(file, 'an inventory')
  if (!octets.ok) return octets.failure
  const text = octets.value.toString('utf8')
  const chunks = /\.json$/iu.test(file) ? jsonChunks(text) : csvChunks(text)
  if (chunks === undefined) return `${file} is no JSON list of devices`
  const tried = await sendChunks(context, chunks, true)
  if (typeof tried === 'number') return tried
  if (context.options.has('check'))
    return context.print(tried, [`${countText(tried.entries, 'device')}, no fault`])
  const done = await sendChunks(context, chunks, false)
  if (typeof done === 'number') return done
  const { entries, added, updated, linked } = done
  return context.print(done, [
    `${countText(entries, 'device')}: ${added} added, ${updated} updated; ${countText(linked, 'of them was', 'of them were')} seen already`,
  ])
}

/** Sends every part; with `dryRun` goes on after a fault, so that all of them are told. */
async function sendChunks(
  context: CommandContext,
  chunks: readonly Chunk[],
  dryRun: boolean,
): Promise<ImportCounts | ExitCode> {
  let sum: ImportCounts = { entries: 0, added: 0, updated: 0, linked: 0 }
  let ended: ExitCode = EXIT.ok
  for (const { path, body } of chunks) {
    const response = await context.request<ImportCounts>({
      method: 'POST',
      path,
      body: { ...body, dry_run: dryRun },
    })
    if (!response.ok) {
      if (!dryRun || response.failure !== EXIT.no) return response.failure
      ended = response.failure
      continue
    }
    const one = response.value.body
    sum = {
      entries: sum.entries + one.entries,
      added: sum.added + one.added,
      updated: sum.updated + one.updated,
      linked: sum.linked + one.linked,
    }
  }
  return ended === EXIT.ok ? sum : ended
}

/** Each part has the column names above it, and says where it begins; a cell in quotes stays whole. */
function csvChunks(text: string): readonly Chunk[] {
  const records = csvRecords(text)
  const [head, ...rest] = records
  if (head === undefined) return [{ path: CSV, body: { csv: text === '' ? '\n' : text } }]
  const chunks: Chunk[] = []
  for (let at = 0; at < Math.max(rest.length, 1); at += CHUNK_SIZE) {
    const some = rest.slice(at, at + CHUNK_SIZE)
    const csv = [head, ...some].map((one) => one.text).join('\n')
    // The column names count as a line of the part, and stand somewhere else in the file.
    const first = (some[0]?.line ?? 2) - head.text.split('\n').length
    chunks.push({ path: CSV, body: { csv: `${csv}\n`, first_line: Math.max(1, first) } })
  }
  return chunks
}

interface CsvRecord {
  readonly text: string
  readonly line: number
}

function csvRecords(text: string): readonly CsvRecord[] {
  const records: CsvRecord[] = []
  let open: { text: string; line: number } | undefined
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const whole: { text: string; line: number } =
      open === undefined
        ? { text: line, line: index + 1 }
        : { text: `${open.text}\n${line}`, line: open.line }
    const quotes = whole.text.split('"').length - 1
    if (quotes % 2 === 0 || whole.text.length > MAX_RECORD_LENGTH) {
      // An empty line stays, so that the lines behind it keep their numbers.
      records.push(whole)
      open = undefined
    } else open = whole
  }
  if (open !== undefined) records.push(open)
  while (records.at(-1)?.text === '') records.pop()
  return records
}

function jsonChunks(text: string): readonly Chunk[] | undefined {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(list)) return undefined
  const devices: readonly unknown[] = list
  const chunks: Chunk[] = []
  for (let at = 0; at < Math.max(devices.length, 1); at += CHUNK_SIZE) {
    chunks.push({ path: '/api/inventory', body: { devices: devices.slice(at, at + CHUNK_SIZE) } })
  }
  return chunks
}

const CSV = '/api/inventory/csv'
/** Devices in one call: some 200 KB, well below what the admin API takes, and a second's work there. */
const CHUNK_SIZE = 2000
/** Past this a quote was forgotten, and the admin API says so. */
const MAX_RECORD_LENGTH = 5000
