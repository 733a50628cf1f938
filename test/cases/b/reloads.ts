/**
 * B4: a reload with a file of 600,000 iterations under 200 requests a second holds up none of them and loses none, with one
 * process and with two workers. What requests wait with reloads and without is measured in turns, beside each other; a
 * machine that does other things besides tells nothing. The control opens the file on the thread that serves, as every
 * version did before.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, type Line } from '../../support/front-ends/product.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import type { Scene, Seen } from '../case.ts'
import { byOpenssl, PASSPHRASE } from './keystore-files.ts'

const RATE = 200
const DEVICES = 20
/** How long requests are sent in one turn, at least; a reload takes part of it. */
const TURN_MS = 4000
const TURNS = 3
/** The acceptance: no request waits this much longer than one waits without a reload. */
const LONGER_MS = 100
const IN_PLACE = join(import.meta.dirname, '../../support/front-ends/serve-in-place-process.ts')

const AS_WANTED = 'every reload applied, no worker killed, no request lost, none waits longer'
const IN_PLACE_COMES_TO =
  'every reload applied, no worker killed, no request lost, some wait longer'

/** Two identities in turn, so that each reload has a new one to serve with. */
function keystores(): readonly Buffer[] {
  return [1, 2].map(() => {
    const leaf = mintLeaf({
      issuer: fleet.serverCa,
      purposes: ['serverAuth'],
      dns: ['localhost'],
      ips: ['127.0.0.1'],
    })
    return byOpenssl(leaf, ['-iter', '600000']).bytes
  })
}

/** What one turn came to. */
interface Turn {
  readonly sent: number
  readonly lost: number
  /** What each that was answered has waited, from when it was due. */
  readonly waits: readonly number[]
}

/** Sends requests at the rate, each when it is due, whatever became of those before it. */
async function turn(port: number, during: Promise<unknown>): Promise<Turn> {
  const devices = await Promise.all(
    Array.from({ length: DEVICES }, () => Device.to(port, clientTls(port, fleet.device))),
  )
  const waits: number[] = []
  const state = { sent: 0, lost: 0, waits, isOver: false }
  const least = pause(TURN_MS)
  void Promise.all([during, least]).then(() => {
    state.isOver = true
  })
  const began = performance.now()
  const run = async (device: Device): Promise<void> => {
    while (!state.isOver) {
      const due = began + (state.sent * 1000) / RATE
      state.sent += 1
      await pause(Math.max(0, due - performance.now()))
      device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const answer = await device.response().catch(() => undefined)
      if (answer?.startLine !== 'HTTP/1.1 200 OK') {
        state.lost += 1
        return
      }
      waits.push(performance.now() - due)
    }
  }
  await Promise.all(devices.map(run))
  for (const device of devices) device.disconnect()
  return state
}

const isOutcome = ({ msg }: Line): boolean => String(msg).startsWith('reload ')

async function reloadsUnderLoad(workers: number, isInPlace: boolean): Promise<Seen> {
  const files = keystores()
  const listeners = (port: number): string => `
  devices:
    address: 127.0.0.1
    port: ${port}
    hosts: [localhost]
    certificates: [{ pkcs12: 'file:server.p12', passphrase: 'file:passphrase' }]
    routes: tested`
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using served = await serveProcess(upstream.port, {
    workers,
    yaml: {},
    ...(isInPlace ? { instead: async (config) => [IN_PLACE, config] } : {}),
  })
  const quiet: Turn[] = []
  const reloading: Turn[] = []
  writeFileSync(join(served.folder, 'passphrase'), PASSPHRASE, { mode: 0o600 })
  // The first requests of a process are slower than any later one.
  await turn(served.port, Promise.resolve())
  for (let index = 0; index < TURNS; index += 1) {
    quiet.push(await turn(served.port, Promise.resolve()))
    const bytes = files[index % files.length] ?? Buffer.alloc(0)
    writeFileSync(join(served.folder, 'server.p12'), bytes, { mode: 0o600 })
    served.writeConfiguration({ yaml: { listeners: listeners(served.port) } })
    reloading.push(await turn(served.port, reloaded(served, index + 1)))
  }
  return seenOf(served, quiet, reloading)
}

async function reloaded(served: ServeProcess, count: number): Promise<void> {
  await pause(TURN_MS / 8)
  served.child.kill('SIGHUP')
  await served.waitForLines(count, isOutcome)
}

async function seenOf(
  served: ServeProcess,
  quiet: readonly Turn[],
  reloading: readonly Turn[],
): Promise<Seen> {
  const outcomes = await served.waitForLines(TURNS, isOutcome)
  const applied = outcomes.filter(({ msg }) => msg === 'reload applied').length
  const killed = served.lines.filter(({ msg }) => String(msg).includes('worker is killed'))
  const lost = reloading.reduce((sum, one) => sum + one.lost, 0)
  const [without, during] = [waitsIn(quiet), waitsIn(reloading)]
  const isLonger = during.longest > without.longest + LONGER_MS
  return {
    seen: [
      applied === TURNS ? 'every reload applied' : `${applied} of ${TURNS} reloads applied`,
      killed.length === 0 ? 'no worker killed' : 'a worker killed',
      lost === 0 ? 'no request lost' : `${lost} requests lost`,
      isLonger ? 'some wait longer' : 'none waits longer',
    ].join(', '),
    measured: `without a reload ${without.text}; with one ${during.text}`,
  }
}

function waitsIn(turns: readonly Turn[]): { readonly longest: number; readonly text: string } {
  const waits = turns.flatMap((one) => one.waits).toSorted((one, other) => one - other)
  const longest = waits.at(-1) ?? Infinity
  const hundredth = Math.round(waits[Math.floor(waits.length * 0.99)] ?? Infinity)
  const each = turns.map((one) => Math.round(Math.max(...one.waits))).join(', ')
  const text = `at most ${each} ms in each turn, 99 of 100 at most ${hundredth} ms, of ${waits.length} requests`
  return { longest, text }
}

const sceneFor = (workers: number): Scene => ({
  isMeasured: true,
  cases: [
    {
      id: 'B4',
      what: `reloads with 600,000 iterations, ${RATE} requests a second, ${workers === 1 ? 'one process' : `${workers} workers`}`,
      expected: AS_WANTED,
      ...(workers === 1 ? { control: IN_PLACE_COMES_TO } : {}),
    },
  ],
  async play() {
    const seen = await reloadsUnderLoad(workers, false)
    if (workers > 1) return [seen]
    const control = await reloadsUnderLoad(workers, true)
    const measured = `${seen.measured}; control: ${control.measured}`
    return [{ seen: seen.seen, control: control.seen, measured }]
  },
})

export const RELOADS: readonly Scene[] = [sceneFor(1), sceneFor(2)]
