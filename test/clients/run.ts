/**
 * `npm run test:clients`: clients that keep TLS sessions enrol without a certificate, come back with one, renew it,
 * and come back with the next; every call twice, each time on a new connection. Prints a row for each client, TLS
 * version and setting of `resumption`; exit status 1 when a cell is wrong or a client is missing: a skipped row is
 * not a passed one.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { CLIENTS, VERSIONS, type ClientKind, type Walk } from './clients.ts'
import {
  mintMaterial,
  SETTINGS,
  startClientFrontEnd,
  type Material,
  type ClientFrontEnd,
} from './front-end.ts'
import { stepsOf } from './steps.ts'
import { cellOf, heldBack, judge, type Verdict } from './verdicts.ts'

/** Columns of the table, in characters. */
const WIDTHS = [24, 8, 5, 16, 16, 16, 16, 20]

const root = mkdtempSync(join(tmpdir(), 'tfe-clients-'))
const isWell = await runAll()
process.exitCode = isWell ? 0 : 1
if (isWell) rmSync(root, { recursive: true })
else console.log(`\nconfigurations and logs are left in ${root}`)

async function runAll(): Promise<boolean> {
  const material = mintMaterial(folder('material'))
  console.log('two calls to a cell: whom the upstream saw, or how it was refused; * is resumed\n')
  printRow(['client', 'TLS', '', 'enrols', 'comes back', 'renews', 'comes back', 'verdict'])
  const verdicts: Verdict[] = []
  for (const client of CLIENTS) {
    const version = await client.version()
    if (version === undefined) {
      const fault = `missing: apt-get install ${client.package}`
      printRow([client.name, '-', '-', '-', '-', '-', '-', fault])
      verdicts.push({ setting: 'auto', notes: [], faults: [fault] })
      continue
    }
    for (const tls of VERSIONS) {
      const about = { name: `${client.name} ${version}`, tls }
      await using frontEnd = await startClientFrontEnd(folder(client.name, tls), material)
      verdicts.push(...(await walks(client, about, { frontEnd, material })))
    }
  }
  const isNeedless = !heldBack(verdicts)
  if (isNeedless) console.log('\nno client is held back any more: `resumption: auto` may be on')
  return !isNeedless && verdicts.every(({ faults }) => faults.length === 0)
}

interface About {
  readonly name: string
  readonly tls: Walk['version']
}

/** One front end for both settings: no other client has a part in what happens to its tickets. */
async function walks(
  client: ClientKind,
  { name, tls }: About,
  { frontEnd, material }: { readonly frontEnd: ClientFrontEnd; readonly material: Material },
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const setting of SETTINGS) {
    const steps = stepsOf(setting, material)
    const walk = { port: frontEnd.ports[setting], ca: material.siteRoot, version: tls }
    const own = folder(client.name, tls, setting)
    try {
      await client.walk({ ...walk, visits: steps.flatMap(({ visits }) => visits), folder: own })
      const outcomes = []
      for (const { expected, visits } of steps) {
        const [one, other] = visits
        outcomes.push({
          expected,
          calls: [await frontEnd.outcomeOf(one.path), await frontEnd.outcomeOf(other.path)],
        })
      }
      const verdict = judge(setting, outcomes)
      verdicts.push(verdict)
      const says = [...verdict.faults, ...verdict.notes].join('; ') || 'ok'
      printRow([name, tls.slice('TLSv'.length), setting, ...outcomes.map(cellOf), says])
    } catch (error) {
      const fault = `the walk ended early: ${String(error)}`
      verdicts.push({ setting, notes: [], faults: [fault] })
      printRow([name, tls.slice('TLSv'.length), setting, '-', '-', '-', '-', fault])
    }
  }
  return verdicts
}

function folder(...names: readonly string[]): string {
  const path = join(root, ...names.map((name) => name.replaceAll(/\W+/g, '-')))
  mkdirSync(path, { recursive: true })
  return path
}

function printRow(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0)).join('  '))
}
