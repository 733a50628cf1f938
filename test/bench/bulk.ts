/**
 * A gigabyte up and a gigabyte down through `tfe serve`, with a slow reader on the far side each time: what is not
 * taken must wait in the sender, not in our memory. Prints what the serving process held at most, and fails above
 * the bound or when an octet is not what it was.
 */
import { createHash, randomBytes, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { clientTls, fleet, productYaml, writeFiles } from '../support/front-ends/product.ts'
import { LineLog } from '../support/front-ends/serve-process.ts'
import { Program } from '../support/programs/program.ts'

const SIZE = 1_000_000_000
/** What the serving process may hold, in octets. */
const BOUND = 250_000_000
const SAMPLE_MS = 100
/** The slow side takes this much, and rests: about a minute for each direction. */
const [TAKES, RESTS_MS] = [8_000_000, 300]

if (process.platform !== 'linux') {
  console.error('found no /proc: this measurement wants Linux')
  process.exit(1)
}
process.exit((await measure()) ? 0 : 1)

async function measure(): Promise<boolean> {
  const received = new Map<string, Promise<string>>()
  await using upstream = await slowUpstream(received)
  await using frontEnd = await startServing(upstream.port)
  const idle = residentNow(frontEnd.pid)
  const results = [
    await watched('1 GB up', frontEnd.pid, async () => {
      const sent = await upload(frontEnd.port)
      return { sent, received: (await received.get('/device/up')) ?? 'nothing' }
    }),
    await watched('1 GB down', frontEnd.pid, async () => {
      const taken = await download(frontEnd.port)
      return { sent: (await received.get('/device/down')) ?? 'nothing', received: taken }
    }),
  ]
  console.log(`resident before the first request: ${inMegabytes(idle)} MB`)
  for (const { name, seconds, peak, same } of results) {
    const speed = (SIZE / 1e6 / seconds).toFixed(0)
    const octets = same ? 'every octet as it was' : 'OCTETS DIFFER'
    const bound = peak <= BOUND ? 'within' : 'ABOVE'
    console.log(
      `${name}: ${octets}, ${seconds.toFixed(0)} s at ${speed} MB/s, at most ${inMegabytes(peak)} MB resident, ${bound} ${inMegabytes(BOUND)} MB`,
    )
  }
  return results.every(({ peak, same }) => same && peak <= BOUND)
}

interface Result {
  readonly name: string
  readonly seconds: number
  /** Octets resident at most. */
  readonly peak: number
  readonly same: boolean
}

async function watched(
  name: string,
  pid: number,
  transfer: () => Promise<{ readonly sent: string; readonly received: string }>,
): Promise<Result> {
  let peak = residentNow(pid)
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentNow(pid))
  }, SAMPLE_MS)
  const begun = performance.now()
  try {
    const { sent, received } = await transfer()
    const seconds = (performance.now() - begun) / 1000
    return { name, seconds, peak, same: sent === received }
  } finally {
    clearInterval(sampler)
  }
}

/** A server that reads slowly and writes as fast as it may; both digests end up in `digests`, by target. */
async function slowUpstream(
  digests: Map<string, Promise<string>>,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(
    {
      key: fleet.upstreamServer.keyPem,
      cert: fleet.upstreamServer.chainPem,
      ca: fleet.upstreamCa.pem,
      requestCert: true,
    },
    (incoming, response) => {
      const digest = incoming.method === 'PUT' ? take(incoming, response) : give(response)
      // Reported where it is awaited; until then it must not end this process before it has tidied up.
      digest.catch(() => {})
      digests.set(incoming.url ?? '', digest)
    },
  )
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function take(incoming: IncomingMessage, response: ServerResponse): Promise<string> {
  const digest = await takeSlowly(incoming)
  response.end('taken')
  return digest
}

async function give(response: ServerResponse): Promise<string> {
  response.setHeader('Content-Length', SIZE)
  return writeAll(response)
}

async function upload(port: number): Promise<string> {
  const outgoing = request({
    ...clientTls(port, fleet.device),
    method: 'PUT',
    path: '/device/up',
    headers: { 'Content-Length': SIZE },
    agent: false,
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  const digest = await writeAll(outgoing)
  const [answer] = await answered
  answer.resume()
  return answer.statusCode === 200 ? digest : `status ${answer.statusCode}`
}

async function download(port: number): Promise<string> {
  const outgoing = request({ ...clientTls(port, fleet.device), path: '/device/down', agent: false })
  outgoing.end()
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return takeSlowly(answer)
}

/** Writes a gigabyte that repeats nothing for a megabyte, as fast as it is taken; gives its digest. */
async function writeAll(sink: Writable): Promise<string> {
  const digest = createHash('sha256')
  const block = randomBytes(1 << 20)
  for (let left = SIZE; left > 0;) {
    // Another block each time, so that none can stand for another.
    block.writeUInt32LE(left, 0)
    const piece = Buffer.from(block.subarray(0, Math.min(left, block.length)))
    left -= piece.length
    digest.update(piece)
    if (!sink.write(piece)) await once(sink, 'drain')
  }
  sink.end()
  return named(digest, SIZE)
}

async function takeSlowly(source: Readable): Promise<string> {
  const digest = createHash('sha256')
  let taken = 0
  let sinceRest = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    digest.update(chunk)
    taken += chunk.length
    sinceRest += chunk.length
    if (sinceRest < TAKES) continue
    sinceRest = 0
    await pause(RESTS_MS)
  }
  return named(digest, taken)
}

function named(digest: Hash, octets: number): string {
  return `${octets} ${digest.digest('hex')}`
}

interface ServedFrontEnd extends AsyncDisposable {
  readonly port: number
  /** The process that serves, which is not the one that was started. */
  readonly pid: number
}

/** `tfe serve` as an operator starts it, with one worker. */
async function startServing(upstreamPort: number): Promise<ServedFrontEnd> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-bulk-'))
  writeFiles(folder)
  const config = join(folder, 'tfe.yaml')
  writeFileSync(config, productYaml({ upstreamPort, workers: 1 }))
  const root = join(import.meta.dirname, '../..')
  const args = ['scripts/node26.mjs', 'src/main.ts', 'serve', '--config', config]
  const program = new Program(process.execPath, args, { cwd: root, isShown: true })
  const { ports } = await new LineLog(program).serving()
  return {
    port: (ports as Readonly<Record<string, number>>)['devices'] ?? 0,
    pid: childOf(program.child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      await program.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The one child of a process. */
function childOf(parent: number): number {
  const isChild = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
    } catch {
      return false // gone since it was listed
    }
  }
  const [pid, ...others] = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && isChild(name),
  )
  if (pid === undefined || others.length > 0) throw new Error(`no only child of ${parent}`)
  return Number(pid)
}

/** Octets of physical memory that a process holds. */
function residentNow(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function inMegabytes(octets: number): string {
  return (octets / 1e6).toFixed(0)
}
