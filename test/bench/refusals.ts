/**
 * A flood of refusals, 10,000 a second from 50 addresses for a minute, beside devices that are admitted: what is refused
 * of a known device meanwhile, also at one of these addresses, and of a quiet address, is found by its reference
 * afterwards, each refusal is kept or counted, the store stays within its bound, and requests that are admitted wait
 * hardly longer than without the flood.
 *   node scripts/node26.mjs test/bench/refusals.ts [--seconds 60] [--rate 10000] [--addresses 50] [--workers 1]
 *     [--rows 20000] [--quiet 15] [--requests 50]
 * The flood enters where the front end hands over what it refused: sockets that bring 10,000 requests a second, and both
 * ends of their TLS, want more than two cores. The devices, those that are refused among them, call over real TLS.
 * Fails when one of these is not so.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Instant } from '../../src/kernel/types.ts'
import { readStore } from '../../src/store/store.ts'
import { mintLeaf, type Leaf } from '../support/certificates/mint.ts'
import type { RefusalLoad } from '../support/devices/synthetic-refusals.ts'
import { fleet } from '../support/front-ends/product.ts'
import { answerTo, referenceIn } from '../support/http/one-request.ts'
import { serveProcess, type ServeProcess } from '../support/front-ends/serve-process.ts'
import { checkIn, quickUpstream, someDevices } from './check-in-load.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '10000' },
    addresses: { type: 'string', default: '50' },
    workers: { type: 'string', default: '1' },
    rows: { type: 'string', default: '20000' },
    quiet: { type: 'string', default: '15' },
    requests: { type: 'string', default: '50' },
  },
})
const [SECONDS, RATE, ADDRESSES] = [values.seconds, values.rate, values.addresses].map(Number)
const [WORKERS, ROWS, QUIET] = [values.workers, values.rows, values.quiet].map(Number)
/** Of a row with the longest names that this fleet has, its indexes included; and what a store holds besides, WAL included. */
const [OCTETS_PER_ROW, OCTETS_BESIDES] = [1000, 12_000_000]
/** What of the 99th percentile the flood may add: twice as long, or what one transaction of the store takes. */
const [TIMES, MORE_MS] = [2, 50]
const HOST = join(import.meta.dirname, '../support/devices/synthetic-refusals-process.ts')
const folder = mkdtempSync(join(tmpdir(), 'tfe-bench-refusals-'))
const devices = someDevices(20)
const DAY = 86_400_000
const known = mintLeaf({
  issuer: fleet.devices,
  name: 'known and expired',
  notBefore: Date.now() - 400 * DAY,
  notAfter: Date.now() - 60 * DAY,
})
let isWell = true

try {
  await using upstream = await quickUpstream()
  const without = await round('without the flood', upstream.port, QUIET ?? 0, 0)
  const flooded = await round('with the flood', upstream.port, SECONDS ?? 0, RATE ?? 0)
  const bound = Math.max(without * TIMES, without + MORE_MS)
  check('99th percentile of admitted requests', `${flooded.toFixed(1)} ms`, {
    isMet: flooded <= bound,
    wanted: `at most ${bound.toFixed(1)} ms, ${without.toFixed(1)} ms without the flood`,
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(isWell ? 0 : 1)

/** Gives the 99th percentile in milliseconds. */
async function round(name: string, upstream: number, seconds: number, rate: number) {
  const file = join(folder, `${rate}.db`)
  const load: RefusalLoad = {
    total: seconds * rate,
    perSecond: rate,
    addresses: ADDRESSES ?? 1,
  }
  await using frontEnd = await serveProcess(upstream, {
    workers: WORKERS ?? 1,
    upstreamLimits: ['connections: 128'],
    yaml: {
      store: ` { sqlite: ${JSON.stringify(file)} }`,
      refusals: ` { rows: ${ROWS} }`,
      log: ' { requests: false, connections: false }',
    },
    instead: (config) =>
      Promise.resolve([...process.execArgv, HOST, config, String(WORKERS), JSON.stringify(load)]),
  })
  console.log(`${name}, ${seconds} s, ${WORKERS} worker${WORKERS === 1 ? '' : 's'}`)
  const began = performance.now()
  const checking = checkIn(frontEnd.port, devices, Number(values.requests))
  const told: { readonly who: string; readonly reference: string }[] = []
  while (performance.now() - began < seconds * 1000) {
    // The address is one of the flood's, and the one behind them is not.
    told.push({ who: 'known', reference: await refusedAt(frontEnd, '127.0.0.1', known) })
    told.push({ who: 'quiet', reference: await refusedAt(frontEnd, '127.0.1.1') })
    await pause(1000)
  }
  const { latencies, failed } = await checking.stop()
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? Infinity
  check('  admitted requests that failed', `${failed.length} of ${latencies.length}`, {
    isMet: failed.length === 0,
    wanted: `none, the first ${failed[0] ?? ''}`,
  })
  if (rate > 0) await floodOver(frontEnd, load.total)
  frontEnd.child.kill('SIGTERM')
  const status = await frontEnd.exit
  check('  exit status', String(status), { isMet: status === 0, wanted: '0' })
  await found(file, told)
  // A device that gave up in the middle of its handshake is one, too.
  counted(file, load.total + told.length, failed.length)
  const octets = ['', '-wal'].reduce((all, end) => all + sizeOf(`${file}${end}`), 0)
  const bound = OCTETS_BESIDES + (ROWS ?? 0) * OCTETS_PER_ROW
  check('  the store on disk', megabytes(octets), {
    isMet: octets <= bound,
    wanted: `at most ${megabytes(bound)} for ${ROWS} rows`,
  })
  console.log(`  50th, 99th percentile              ${at(latencies, 0.5)}, ${at(latencies, 0.99)}`)
  return p99
}

/** One request over a connection of its own; gives the reference that the device was told. */
async function refusedAt({ port }: ServeProcess, address: string, leaf?: Leaf): Promise<string> {
  const answer = await answerTo('/device/x', { port, leaf, localAddress: address })
  const reference = referenceIn(answer)
  if (reference === undefined) throw new Error(`it was told ${answer}`)
  return reference
}

/** Waits until all of the flood has been refused: a machine that is busy is late. */
async function floodOver(frontEnd: ServeProcess, total: number): Promise<void> {
  for (let tried = 0; tried < 600; tried += 1) {
    const text = await frontEnd.fetchStatus('/metrics')
    const of = (name: string): number =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gmu'))].reduce(
        (all, [, value]) => all + Number(value),
        0,
      )
    if (of('tfe_refusals_kept_total') + of('tfe_refusals_not_kept_total') >= total) return
    await pause(500)
  }
}

async function found(
  path: string,
  told: readonly { readonly who: string; readonly reference: string }[],
): Promise<void> {
  const opened = await readStore({ kind: 'sqlite', path }, { now: () => Date.now() as Instant })
  if (!opened.ok) throw new Error(opened.failure.kind)
  for (const who of ['known', 'quiet']) {
    const asked = told.filter((one) => one.who === who)
    let many = 0
    for (const { reference } of asked) {
      const answer = await opened.value.refusals.find(reference)
      if (answer.ok && answer.value.kind === 'found') many += 1
    }
    const name = who === 'known' ? 'a known device' : 'a quiet address'
    check(`  found, of those of ${name}`, `${many} of ${asked.length}`, {
      isMet: many === asked.length && many > 0,
      wanted: 'all of them',
    })
  }
  await opened.value.close()
}

/** Each refusal is a row or counted as not kept, and no other is. */
function counted(path: string, least: number, more: number): void {
  const database = new DatabaseSync(path, { readOnly: true })
  const numberOf = (sql: string): number =>
    Number(Object.values(database.prepare(sql).get() ?? {})[0])
  const rows = numberOf('select count(*) from refusals')
  const notKept = numberOf('select coalesce(sum(refusals), 0) from refusals_not_kept')
  database.close()
  check('  kept, and counted as not kept', `${rows}, ${notKept}`, {
    isMet: rows + notKept >= least && rows + notKept <= least + more && rows <= (ROWS ?? 0),
    wanted: `${least} together and at most ${more} more, at most ${ROWS} kept`,
  })
}

function check(
  what: string,
  seen: string,
  { isMet, wanted }: { readonly isMet: boolean; readonly wanted: string },
): void {
  isWell &&= isMet
  console.log(`${what.padEnd(36)} ${seen}${isMet ? '' : `  ✗ wanted ${wanted}`}`)
}

function at(latencies: readonly number[], share: number): string {
  return `${(latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1)} ms`
}

function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(1)} MB`
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
