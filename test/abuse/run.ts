/**
 * `npm run test:abuse`: what strangers do to the front end and to nginx beside it, from one address and from fifty, while a device
 * with a fit certificate calls ten times a second through each. Then an orderly end under load. Prints what was served, and
 * ends with 1 when the device was not served throughout, worse than by nginx, or the memory was above its bound.
 *   npm run test:abuse -- [--seconds N]    how long each attack lasts once it stands, 8 unless told
 */
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { fleet } from '../support/front-ends/product.ts'
import type { AttackOrder } from './attack-thread.ts'
import { ATTACKS, type AttackKind } from './attacks.ts'
import { calls, type Calls } from './device-calls.ts'
import { startFrontEnd, startNginx, type Target } from './servers.ts'
import { stopUnderLoad } from './stop-under-load.ts'

/** What the serving process may hold, in octets. */
const BOUND = 512 * 1024 * 1024
/** The attack has this long to open what it opens. */
const BEGIN_MS = 4000
const at = process.argv.indexOf('--seconds')
const LENGTH_MS = (at === -1 ? 8 : Number(process.argv[at + 1])) * 1000

if (process.platform !== 'linux') {
  console.error('found no /proc and no 127.0.0.x to call from: this wants Linux')
  process.exit(2)
}
const ONE: readonly string[] = ['127.0.0.9']
const FIFTY = Array.from({ length: 50 }, (_, index) => `127.0.0.${index + 10}`)

process.exitCode = (await measure()) ? 0 : 1

async function measure(): Promise<boolean> {
  // One for each: what one of them lets an attack take from its upstream must not slow the other.
  await using ourUpstream = await startUpstream()
  await using theirUpstream = await startUpstream()
  await using frontEnd = await startFrontEnd(ourUpstream.port)
  await using nginx = await startNginx(theirUpstream.port)
  let isWell = true
  console.log(
    `attack, addresses${' '.repeat(19)} | server | served | longest wait | open | most memory`,
  )
  for (const kind of ATTACKS) {
    for (const addresses of [ONE, FIFTY]) {
      const [ours, theirs] = await Promise.all([
        underAttack(frontEnd, kind, addresses),
        underAttack(nginx, kind, addresses),
      ])
      const isRowWell = ours.calls.failed <= theirs.calls.failed && ours.peak <= BOUND
      isWell &&= isRowWell && ours.calls.failed === 0
      for (const row of [ours, theirs]) show(kind, addresses, row)
    }
  }
  for (const target of [frontEnd, nginx]) {
    const { asked, lost } = await stopUnderLoad(target)
    console.log(`an orderly end under load: ${target.name} lost ${lost} of ${asked} requests`)
    if (target === frontEnd) isWell &&= lost === 0
  }
  return isWell
}

async function startUpstream(): Promise<AsyncDisposable & { readonly port: number }> {
  const { keyPem: key, chainPem: cert } = fleet.upstreamServer
  const thread = new Worker(new URL('upstream-thread.ts', import.meta.url), {
    workerData: { key, cert },
  })
  const [port] = (await once(thread, 'message')) as [number]
  return {
    port,
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}

interface Row {
  readonly name: string
  readonly calls: Calls
  readonly open: number
  readonly peak: number
}

async function underAttack(
  target: Target,
  kind: AttackKind,
  addresses: readonly string[],
): Promise<Row> {
  const order: AttackOrder = { index: ATTACKS.indexOf(kind), port: target.port, addresses }
  const attackers = new Worker(new URL('attack-thread.ts', import.meta.url), { workerData: order })
  let open = 0
  attackers.on('message', (count: number) => {
    open = count
  })
  // It has begun; its thread takes a while to start.
  await once(attackers, 'message')
  let peak = 0
  const sampler = setInterval(() => {
    peak = Math.max(peak, target.resident())
  }, 100)
  const result = await calls(target.port, BEGIN_MS + LENGTH_MS)
  clearInterval(sampler)
  await attackers.terminate()
  await pause(500)
  return { name: target.name, calls: result, open, peak }
}

function show(kind: AttackKind, { length }: readonly string[], row: Row): void {
  const { asked, failed, longest, why } = row.calls
  const cells = [
    `${kind.name}, ${length}`.padEnd(36),
    row.name.padEnd(6),
    `${asked - failed} of ${asked}`,
    `${longest.toFixed(0)} ms`,
    `${row.open}`,
    `${(row.peak / 2 ** 20).toFixed(0)} MB`,
    ...why,
  ]
  console.log(cells.join(' | '))
}
