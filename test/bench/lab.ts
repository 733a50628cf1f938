/**
 * What the front end costs beside nginx and HAProxy: CPU time per unit of work, measured by the lab.
 *   TFE_LAB=lab LAB_WORK=work node scripts/node26.mjs test/bench/lab.ts [--rounds 5] [--scen get,full13,full12]
 * TFE_LAB is the folder of the lab, LAB_WORK what its `setup` prepared. One worker, events and metrics on, started
 * as the image starts it; once with the lab's one device, once with devices that no server has seen before. Exit status
 * 1 when a ratio to nginx exceeds its limit or an error occurred, 2 when something is missing.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
// @ts-expect-error plain JavaScript, for Node 20
import { IMAGE_ENVIRONMENT, NODE_ENVIRONMENT, NODE_FLAGS } from '../../scripts/node26.mjs'

/** The lab counts its ports up from 8501 in the order of the names. */
const NAMES = ['nginx13', 'haproxy13', 'tfe']
const PORT = 8501 + NAMES.indexOf('tfe')

/** CPU per unit of work, as a multiple of nginx13's. Scenarios without a limit are shown, not judged. */
const LIMITS: Readonly<Record<string, number>> = { get: 3.2, full13: 1.75, full12: 1.75 }

// A thousand devices, and one for each connection that is still being opened when the thousandth is done.
const DEVICES = 1000
const SPARE_DEVICES = 100
/** The lab's own handshake scenarios make 1,200 connections; scaled so that each device connects once. */
const SCALE = DEVICES / 1200

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    scen: { type: 'string', default: 'get,full13,full12' },
  },
})
/** What ours is started with; the peers are started as their packages start them. */
const ENVIRONMENT: Readonly<Record<string, string>> = { ...NODE_ENVIRONMENT, ...IMAGE_ENVIRONMENT }

const lab = folderOf('TFE_LAB')
const work = folderOf('LAB_WORK')
demandAllocator()
const neverSeen = prepareNeverSeen()

const runs = [
  { title: 'one device', results: measure(work, []) },
  { title: `${DEVICES} devices never seen`, results: measure(neverSeen, ['--scale', `${SCALE}`]) },
]
const faults = runs.flatMap(({ title, results }) => report(title, results))
for (const fault of faults) console.log(fault)
process.exitCode = faults.length === 0 ? 0 : 1

interface Sample {
  readonly us: number
  readonly errors: number
  readonly warm_errors: number
}

/** Scenario → name → one sample per round, as the lab writes them. */
type Results = Readonly<Record<string, Readonly<Record<string, readonly Sample[]>>>>

function measure(folder: string, options: readonly string[]): Results {
  writeFileSync(join(folder, 'tfe.yaml'), JSON.stringify(configuration(), null, 2))
  const output = join(folder, 'results.json')
  const environment = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`)
  const program = [process.execPath, ...(NODE_FLAGS as readonly string[]), source('src/main.ts')]
  const others = Object.entries(process.env).filter(([name]) => !(name in ENVIRONMENT))
  const env = {
    ...Object.fromEntries(others),
    LAB_WORK: folder,
    LAB_DEVICES: `${DEVICES + SPARE_DEVICES}`,
    LAB_PKI: join(folder, 'pki'),
    LAB_EXTRA: `tfe=${['env', ...environment, ...program, 'serve', '--config', '@W@/tfe.yaml'].join(' ')}`,
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const choice = ['--only', NAMES.join(','), '--ref', 'nginx13', '--scen', values.scen]
  const args = [join(lab, 'bench.py'), ...choice, '--rounds', values.rounds, '--out', output]
  execFileSync('python3', [...args, ...options], { env, stdio: 'inherit' })
  return JSON.parse(readFileSync(output, 'utf8')) as Results
}

/** The lab's nginx as a configuration of ours: same certificates, same field, same verified upstream. */
function configuration() {
  const pki = (name: string): string => `file:${join(work, 'pki', name)}`
  return {
    profile: 'generic',
    workers: 1,
    store: { dangerousNone: true },
    enforcement: 'required',
    drain: '1s',
    trust: {
      enrollmentSettings: [{ name: 'lab', standing: 'current', chain: pki('root.pem') }],
    },
    listeners: {
      devices: {
        address: '127.0.0.1',
        port: PORT,
        hosts: ['localhost'],
        certificates: [{ chain: pki('server-ec.pem'), key: pki('server-ec.key') }],
        routes: 'all',
      },
    },
    routes: { all: { rows: [{ id: 'all', path: '/*', class: 'device' }] } },
    upstreams: {
      backend: {
        url: 'https://127.0.0.1:9443',
        // The lab's nginx keeps a connection for ten minutes; rounds of the others must not cost us ours.
        limits: { idle: '10m' },
        identity: { format: 'nginx', fields: { certificate: 'X-Client-Cert' } },
        tls: {
          hostname: 'backend.test',
          sni: 'backend.test',
          trust: { default: 'off', custom: [pki('root.pem')] },
        },
      },
    },
    metrics: { port: 0 },
    log: { level: 'info', requests: true, connections: true },
  }
}

/** The dynamic linker only warns of a library that it does not find, and what were measured then is not the image. */
function demandAllocator(): void {
  const { LD_PRELOAD: wanted = '' } = ENVIRONMENT
  const ask = `process.stdout.write(require('node:fs').readFileSync('/proc/self/maps', 'latin1'))`
  const env = { ...process.env, ...ENVIRONMENT }
  const loaded = execFileSync(process.execPath, ['-e', ask], { env, encoding: 'latin1' })
  if (loaded.includes(wanted)) return
  console.error(`${wanted} is not installed, and the image has it: apt-get install libmimalloc2.0`)
  process.exit(2)
}

/** A second work folder that shares everything with the first but the load generator. */
function prepareNeverSeen(): string {
  const folder = join(work, 'never-seen')
  mkdirSync(join(folder, 'run'), { recursive: true })
  for (const name of ['pki', 'www', 'node', 'trixie']) {
    if (!existsSync(join(folder, name))) symlinkSync(join(work, name), join(folder, name))
  }
  const output = ['-o', join(folder, 'loadgen')]
  const code = fileURLToPath(new URL('lab-devices.c', import.meta.url))
  execFileSync('gcc', ['-O2', '-I', lab, ...output, code, '-lssl', '-lcrypto'], {
    stdio: 'inherit',
  })
  return folder
}

/** Prints one line per scenario; answers what is beyond its limit. */
function report(title: string, results: Results): readonly string[] {
  console.log(`\n${title}: CPU per unit of work (median of ${values.rounds}), ratio to nginx13`)
  return Object.entries(results).flatMap(([scenario, byName]) => {
    const medians = NAMES.map((name) => median(byName[name] ?? []))
    const [nginx = Number.NaN, , tfe = Number.NaN] = medians
    const limit = LIMITS[scenario] ?? Number.POSITIVE_INFINITY
    const cells = NAMES.map((name, index) => {
      const us = medians[index] ?? Number.NaN
      return `${name} ${us.toFixed(0)} us (${(us / nginx).toFixed(2)})`
    })
    console.log(`${scenario.padEnd(8)} ${cells.join('   ')}   limit ${limit}`)
    const samples = Object.values(byName).flat()
    const errors = samples.reduce((sum, it) => sum + it.errors + it.warm_errors, 0)
    return [
      ...(tfe / nginx <= limit ? [] : [`${title}: ${scenario} is beyond ${limit} times nginx13`]),
      ...(errors === 0
        ? []
        : [`${title}: ${scenario} had ${errors} errors; it counts for nothing`]),
    ]
  })
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ us }) => us).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function folderOf(name: string): string {
  const path = process.env[name]
  if (path !== undefined && existsSync(path)) return resolve(path)
  console.error(
    `${name} must name a folder; found ${path ?? 'nothing'}. See the head of test/bench/lab.ts`,
  )
  return process.exit(2)
}

function source(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}
