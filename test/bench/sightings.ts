/**
 * 100,000 sightings a minute, fed into the ledgers of a `tfe serve` that answers 100 requests a second over mutual
 * TLS, and what has become of each of them in its SQLite store; then the same while another process locks the store.
 * The program is told to end as soon as all was fed, so what it still holds has to be written on the way out.
 *   node scripts/node26.mjs test/bench/sightings.ts [--minutes 5] [--devices 0] [--workers 1] [--outage 30]
 *     [--store FILE]
 * `--devices` are in the store before; `--store` names a file that is kept, and filled when it is not there. Fails when
 * a sighting or a request is lost.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Instant } from '../../src/kernel/types.ts'
import { openStore } from '../../src/store/store.ts'
import {
  fedObservation,
  syntheticKey,
  deviceNumberAt,
  type SightingLoad,
} from '../support/devices/synthetic-sightings.ts'
import { serveProcess, type ServeProcess } from '../support/front-ends/serve-process.ts'
import { checkIn, quickUpstream, someDevices } from './check-in-load.ts'

const PER_MINUTE = 100_000
const REQUESTS_PER_SECOND = 100
/** How long the outage's round goes on after it: what waits has to be written while more comes. */
const AFTERWARDS_SECONDS = 60

if (process.platform !== 'linux') {
  console.error('found no /proc: this measurement wants Linux')
  process.exit(1)
}
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    devices: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    outage: { type: 'string', default: '30' },
    store: { type: 'string' },
  },
})
const KNOWN = Number(values.devices)
const [WORKERS, OUTAGE] = [Number(values.workers), Number(values.outage)]
/** Each device has one key here. */
const ROWS = 'select key, sightings from device_keys join devices on devices.id = device'
const HOST = join(import.meta.dirname, '../support/devices/synthetic-sightings-process.ts')
const folder = mkdtempSync(join(tmpdir(), 'tfe-bench-sightings-'))
const file = values.store ?? join(folder, 'store.db')
const devices = someDevices(50)
let isWell = true
/** What each device was seen before this run, and in it; by the number of a fed one, by the key of a real one. */
const expected = new Map<string, number>()

try {
  await using upstream = await quickUpstream()
  const rounds = [
    { name: 'undisturbed', seconds: Number(values.minutes) * 60, outage: 0 },
    ...(OUTAGE > 0
      ? [{ name: 'with an outage', seconds: 10 + OUTAGE + AFTERWARDS_SECONDS, outage: OUTAGE }]
      : []),
  ]
  for (const one of rounds) await round(one, upstream.port)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(isWell ? 0 : 1)

interface Round {
  readonly name: string
  readonly seconds: number
  /** Seconds. */
  readonly outage: number
}

async function round({ name, seconds, outage }: Round, upstreamPort: number): Promise<void> {
  const total = Math.round((seconds * PER_MINUTE) / 60)
  // A new fleet comes twice; of a known one, every hundredth is new.
  const newDevices = Math.ceil(KNOWN === 0 ? total / 2 : total / 100)
  const load: SightingLoad = { known: KNOWN, newDevices, total, perSecond: PER_MINUTE / 60 }
  await using frontEnd = await serveProcess(upstreamPort, {
    workers: WORKERS,
    // As the product has it; the tests' own limit is for tests.
    upstreamLimits: ['connections: 128'],
    yaml: {
      store: ` { sqlite: ${JSON.stringify(file)} }`,
      log: ' { requests: false, connections: false }',
    },
    instead: async (config) => {
      await fill()
      if (expected.size === 0) readExpected()
      return [...process.execArgv, HOST, config, String(WORKERS), JSON.stringify(load)]
    },
  })
  const began = performance.now()
  const checking = checkIn(frontEnd.port, devices, REQUESTS_PER_SECOND)
  const watched = watch(frontEnd)
  const away = outage === 0 ? undefined : await lockedFor(frontEnd, outage)
  await pause(seconds * 1000 - (performance.now() - began))
  const checked = await checking.stop()
  const goal = total + checked.answered
  for (;;) {
    const { recorded, buffered, dropped } = await countsOf(frontEnd)
    if (recorded + buffered + dropped >= goal) break
    if (performance.now() - began > seconds * 1000 + 60_000) break
    await pause(500)
  }
  const seen = watched.stop()
  const rss = peaksOf(frontEnd.child.pid ?? 0)
  const { dropped, recorded } = await countsOf(frontEnd)
  const drainBegan = performance.now()
  frontEnd.child.kill('SIGTERM')
  const status = await frontEnd.exit
  const drained = performance.now() - drainBegan
  for (let place = 0; place < total; place += 1)
    note(syntheticKey(deviceNumberAt(place, load), load), 1)
  for (const [key, many] of checked.perKey) note(key, many)
  const { stored, wrong, rows } = comparison()
  const before = [...expected.values()].reduce((sum, one) => sum + one, 0) - goal
  const lost = goal - (stored - before)
  const { latencies, failed, answered } = checked
  const at = (share: number): string =>
    `${(latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1)} ms`
  isWell &&= lost === 0 && wrong === 0 && failed.length === 0 && dropped === 0 && status === 0
  say(
    `${name}, ${seconds} s, ${WORKERS} worker${WORKERS === 1 ? '' : 's'}, begun with ${KNOWN} devices`,
    '',
  )
  say('  sightings fed, and requests', `${total} and ${answered}, of ${newDevices} new devices`)
  say('  stored', `${stored - before} (${recorded} before the end), in ${rows} devices`)
  say('  lost; devices with another count', `${lost}; ${wrong}`)
  say('  dropped, as the metric says', `${dropped}`)
  say('  waited at most', `${seen.most} sightings`)
  if (away !== undefined) {
    say('  /readyz during the outage', away.remark)
    say('  after it', await away.caughtUp)
  }
  say(
    '  requests that failed',
    failed.length === 0 ? 'none' : `${failed.length}, the first ${failed[0]}`,
  )
  say('  latency p50, p99, worst', `${at(0.5)}, ${at(0.99)}, ${at(0.999999)}`)
  say('  drained in', `${drained.toFixed(0)} ms`)
  say('  memory at most', rss)
  say('  store', `${(statSync(file).size / 1e6).toFixed(0)} MB`)
}

function note(key: string, many: number): void {
  expected.set(key, (expected.get(key) ?? 0) + many)
}

/** Fills the store up to the devices that shall be known. */
async function fill(): Promise<void> {
  const opened = await openStore(
    { kind: 'sqlite', path: file },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  const store = opened.value
  const count = await store.devices.count({}, [])
  const began = performance.now()
  for (let start = count.ok ? count.value : 0; start < KNOWN; start += 5000) {
    const many = Math.min(5000, KNOWN - start)
    const at = (Date.now() - 86_400_000) as Instant
    const batch = Array.from({ length: many }, (_, index) => {
      const observation = fedObservation(start + index, at, { known: KNOWN })
      return { ...observation, count: 1, ...observation.describe() }
    })
    const done = await store.sightings.record(batch)
    if (!done.ok) throw new Error(done.failure.kind)
    if ((start + many) % 100_000 === 0) {
      console.error(
        `${start + many} devices known after ${((performance.now() - began) / 1000).toFixed(0)} s`,
      )
    }
  }
  await store.close()
}

/** Asks for what waits, once a second: asking makes workers tell at once what they would have gathered. */
function watch(frontEnd: ServeProcess) {
  let most = 0
  const timer = setInterval(() => {
    countsOf(frontEnd).then(
      ({ buffered }) => {
        most = Math.max(most, buffered)
      },
      // It has ended since.
      () => {},
    )
  }, 1000)
  return {
    stop() {
      clearInterval(timer)
      return { most }
    },
  }
}

async function countsOf(frontEnd: ServeProcess) {
  const text = await frontEnd.fetchStatus('/metrics')
  const of = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    recorded: of('tfe_sightings_recorded_total'),
    buffered: of('tfe_sightings_buffered'),
    dropped: of('tfe_sightings_dropped_total'),
  }
}

/** Another process has the store to itself; what is asked for readiness says so. */
async function lockedFor(frontEnd: ServeProcess, seconds: number) {
  await pause(10_000)
  const script = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1], { timeout: 60_000 })
    database.exec('begin exclusive')
    console.log('locked')
    setTimeout(() => database.close(), Number(process.argv[2]) * 1000)`
  const lockHolder = spawn(process.execPath, ['-e', script, file, String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(lockHolder, 'exit')
  await once(lockHolder.stdout, 'data')
  let remark = 'nothing'
  const timer = setInterval(() => {
    void frontEnd.fetchStatus('/readyz').then((text) => {
      const [first, second] = text.trim().split('\n')
      if (first !== 'ready') remark = `NOT READY: ${text}`
      else if (second !== undefined && !remark.startsWith('NOT')) remark = second
    })
  }, 1000)
  await gone
  clearInterval(timer)
  const freed = performance.now()
  if (!remark.includes('another process holds the store')) isWell = false
  return { remark, caughtUp: caughtUp(frontEnd, freed) }
}

async function caughtUp(frontEnd: ServeProcess, freed: number): Promise<string> {
  const took = (): number => (performance.now() - freed) / 1000
  while (took() < AFTERWARDS_SECONDS - 5) {
    const { buffered } = await countsOf(frontEnd)
    // Two seconds' worth are always on their way.
    const isCalm =
      buffered < PER_MINUTE / 30 && (await frontEnd.fetchStatus('/readyz')).trim() === 'ready'
    if (isCalm) return `all that waited was stored within ${took().toFixed(1)} s`
    await pause(200)
  }
  return `still catching up after ${took().toFixed(0)} s`
}

function readExpected(): void {
  const database = new DatabaseSync(file, { readOnly: true })
  for (const { key, sightings } of database.prepare(ROWS).iterate()) {
    expected.set(String(key), Number(sightings))
  }
  database.close()
}

function comparison(): { readonly stored: number; readonly wrong: number; readonly rows: number } {
  const database = new DatabaseSync(file, { readOnly: true })
  let [stored, wrong, rows] = [0, 0, 0]
  for (const { key, sightings } of database.prepare(ROWS).iterate()) {
    rows += 1
    stored += Number(sightings)
    if (expected.get(String(key)) !== Number(sightings)) wrong += 1
  }
  database.close()
  return { stored, wrong: wrong + Math.max(0, expected.size - rows), rows }
}

/** What each process of the program held at most. */
function peaksOf(pid: number): string {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const peakOf = (one: string): string => {
    const status = readFileSync(`/proc/${one}/status`, 'utf8')
    return `${Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024)} MiB`
  }
  const workers = children.filter((one) => one !== '').map(peakOf)
  return [peakOf(String(pid)), ...workers].join(', its workers ')
}

function say(what: string, result: string): void {
  console.log(result === '' ? what : `${what.padEnd(36)} ${result}`)
}
