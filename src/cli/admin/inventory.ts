/** `tfe inventory import`: a list of any length, in parts, looked at whole before any of it is taken. */
import { readFileSync } from 'node:fs'
import { EXIT, type ExitCode } from '../exit-code.ts'
import type { Desk, End } from './command-context.ts'

/** What each action does. */
export const INVENTORY = { import: importFile } as const

interface Imported {
  readonly entries: number
  readonly added: number
  readonly updated: number
  readonly linked: number
}

interface Part {
  readonly path: string
  readonly body: object
}

async function importFile(desk: Desk): Promise<End> {
  const file = desk.arg(0)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`
  }
  const parts = /\.json$/iu.test(file) ? jsonParts(text) : csvParts(text)
  if (parts === undefined) return `${file} is no JSON list of devices`
  const tried = await sent(desk, parts, true)
  if (typeof tried === 'number') return tried
  if (desk.options.has('check')) return desk.print(tried, [`${tried.entries} devices, no fault`])
  const done = await sent(desk, parts, false)
  if (typeof done === 'number') return done
  const { entries, added, updated, linked } = done
  return desk.print(done, [
    `${entries} devices: ${added} added, ${updated} updated; ${linked} of them were seen already`,
  ])
}

/** Sends every part; with `dryRun` goes on after a fault, so that all of them are told. */
async function sent(
  desk: Desk,
  parts: readonly Part[],
  dryRun: boolean,
): Promise<Imported | ExitCode> {
  let sum: Imported = { entries: 0, added: 0, updated: 0, linked: 0 }
  let ended: ExitCode = EXIT.fine
  for (const { path, body } of parts) {
    const told = await desk.ask<Imported>({
      method: 'POST',
      path,
      body: { ...body, dry_run: dryRun },
    })
    if (!told.ok) {
      if (!dryRun || told.failure !== EXIT.no) return told.failure
      ended = told.failure
      continue
    }
    const one = told.value.body
    sum = {
      entries: sum.entries + one.entries,
      added: sum.added + one.added,
      updated: sum.updated + one.updated,
      linked: sum.linked + one.linked,
    }
  }
  return ended === EXIT.fine ? sum : ended
}

/** Each part has the column names above it, and says where it begins; a cell in quotes stays whole. */
function csvParts(text: string): readonly Part[] {
  const records = recordsOf(text)
  const [head, ...rest] = records
  if (head === undefined) return [{ path: CSV, body: { csv: text === '' ? '\n' : text } }]
  const parts: Part[] = []
  for (let at = 0; at < Math.max(rest.length, 1); at += PART) {
    const some = rest.slice(at, at + PART)
    const csv = [head, ...some].map((one) => one.text).join('\n')
    // The column names count as a line of the part, and stand somewhere else in the file.
    const first = (some[0]?.line ?? 2) - head.text.split('\n').length
    parts.push({ path: CSV, body: { csv: `${csv}\n`, first_line: Math.max(1, first) } })
  }
  return parts
}

interface Record {
  readonly text: string
  readonly line: number
}

function recordsOf(text: string): readonly Record[] {
  const records: Record[] = []
  let open: { text: string; line: number } | undefined
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const whole: { text: string; line: number } =
      open === undefined
        ? { text: line, line: index + 1 }
        : { text: `${open.text}\n${line}`, line: open.line }
    const quotes = whole.text.split('"').length - 1
    if (quotes % 2 === 0 || whole.text.length > LONGEST_RECORD) {
      // An empty line stays, so that the lines behind it keep their numbers.
      records.push(whole)
      open = undefined
    } else open = whole
  }
  if (open !== undefined) records.push(open)
  while (records.at(-1)?.text === '') records.pop()
  return records
}

function jsonParts(text: string): readonly Part[] | undefined {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(list)) return undefined
  const devices: readonly unknown[] = list
  const parts: Part[] = []
  for (let at = 0; at < Math.max(devices.length, 1); at += PART) {
    parts.push({ path: '/api/inventory', body: { devices: devices.slice(at, at + PART) } })
  }
  return parts
}

const CSV = '/api/inventory/csv'
/** Devices in one call: some 200 KB, well below what the office takes, and a second's work there. */
const PART = 2000
/** Past this a quote was forgotten, and the office says so. */
const LONGEST_RECORD = 5000
