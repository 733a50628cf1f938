/**
 * `npm run test:consumers`: four clients by three servers. Each client comes with a device certificate and
 * without one; each server says whom it believes it is talking to. Prints twelve rows; exit status 1 when a
 * cell is wrong, or when a client or a server is missing: a skipped row is not a passed one.
 */
import { mkdirSync, mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Answer, CLIENTS, type ClientKind } from './clients.ts'
import { DEVICE_PATH, OPEN_PATH, startFrontEnd } from './front-end.ts'
import { type IdentityFiles, type Material, mintMaterial } from './material.ts'
import { SERVERS } from './servers.ts'
import { judgeOpen, judgeRefused, judgeVouched, type Verdict } from './verdicts.ts'

/** Columns of the table, in characters. */
const WIDTHS = [16, 8, 40, 30, 12]

const root = mkdtempSync(join(tmpdir(), 'tfe-consumers-'))
chmodSync(root, 0o755) // Apache httpd gives up being root and must still find its page
const isWell = await runAll()
process.exitCode = isWell ? 0 : 1
if (isWell) rmSync(root, { recursive: true })
else console.log(`\nconfigurations and logs are left in ${root}`)

async function runAll(): Promise<boolean> {
  const material = mintMaterial(folder('material'))
  await using stack = new AsyncDisposableStack()
  const behind = []
  for (const { name, identity, isInstalled, start } of SERVERS) {
    if (!isInstalled()) continue
    const { port, program } = await start(folder(name), material)
    stack.use(program)
    behind.push({ name, identity, port })
  }
  let urls: Urls = new Map()
  if (behind.length > 0) {
    const frontEnd = await startFrontEnd(behind, folder('front-end'), material)
    stack.use(frontEnd.program)
    urls = frontEnd.urls
  }
  printRow([
    'client',
    'server',
    'device route, certificate',
    'device route, none',
    'open route',
    'verdict',
  ])
  let faults = 0
  for (const client of CLIENTS) faults += await printRowsOf(client, urls, material)
  return faults === 0
}

/** Where devices reach each server, by its name. */
type Urls = ReadonlyMap<string, string>

/** Prints a row per server; answers how many of them are not well. */
async function printRowsOf(client: ClientKind, urls: Urls, material: Material): Promise<number> {
  const version = await client.version()
  const own = folder(client.name)
  if (version !== undefined) await client.prepare(own)
  let faults = 0
  for (const server of SERVERS) {
    const url = urls.get(server.name)
    const missing = [
      version === undefined ? client : undefined,
      url === undefined ? server : undefined,
    ]
    const packages = missing.flatMap((kind) => (kind === undefined ? [] : [kind.package]))
    const call = (path: string, identity: IdentityFiles | undefined): Promise<Answer> =>
      client.call({ url: `${url}${path}`, ca: material.siteRoot, identity, folder: own })
    const cells =
      packages.length > 0
        ? [{ cell: '-', fault: `missing: apt-get install ${packages.join(' ')}` }]
        : [
            await judged(call(DEVICE_PATH, material.device), (it) => judgeVouched(it, material)),
            await judged(call(DEVICE_PATH, undefined), judgeRefused),
            await judged(call(OPEN_PATH, undefined), judgeOpen),
          ]
    const found = cells.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
    const shown = [0, 1, 2].map((index) => cells[index]?.cell ?? '-')
    printRow([`${client.name} ${version ?? ''}`, server.name, ...shown, found.join('; ') || 'ok'])
    faults += found.length
  }
  return faults
}

/** A client that gets no answer is a fault of that cell, not the end of the run. */
function judged(answer: Promise<Answer>, judge: (answer: Answer) => Verdict): Promise<Verdict> {
  return answer.then(judge, (error: Error) => ({ cell: 'no answer', fault: error.message.trim() }))
}

function folder(name: string): string {
  const path = join(root, name)
  mkdirSync(path, { recursive: true })
  return path
}

function printRow(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0)).join('  '))
}
