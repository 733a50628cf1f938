/**
 * A lane plays one row after the other: a device connection of its own for each, a front end, and a raw upstream
 * that records every octet. Behind each row goes a harmless request, so that whatever a row left behind on the
 * connection to the upstream shows.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { clientTls, fleet, product, type Line } from '../support/front-ends/product.ts'
import { Device } from '../support/devices/device.ts'
import type { RawMessage } from '../support/http/raw-message.ts'
import { rawUpstream } from '../support/upstreams/raw-upstream.ts'
import { readRequests } from './http1-strict.ts'

/** What came of a row. */
export interface Played {
  /** The final answers the device got, before the connection ended. */
  readonly answers: readonly number[]
  /** What the upstream read, connection by connection; the harmless request is the last on the last. */
  readonly upstream: readonly string[]
  /** The harmless request got its answer. */
  readonly unharmed: boolean
  /** What the front end wrote down about the row; nothing when it keeps no record. */
  readonly records: readonly Line[]
}

export interface ReplayTarget extends AsyncDisposable {
  play(octets: string): Promise<Played>
}

/** A front end to play against. */
interface LaneFrontEnd extends AsyncDisposable {
  /** How a device calls it. */
  readonly calling: ConnectionOptions & { readonly port: number }
  /** Settles when everything about the row's connection is over, with what was written down. */
  settle(): Promise<readonly Line[]>
}

export const HOST = 'localhost'
/** The harmless request, as every front end sends it on. */
const VICTIM_LINE = 'GET /victim HTTP/1.1'
const VICTIM = `${VICTIM_LINE}\r\nHost: ${HOST}\r\n\r\n`

/** The product, its device routes open to every path. */
export async function productTarget(): Promise<ReplayTarget> {
  const recorder = await record()
  const frontEnd = await product({
    upstreamPort: recorder.port,
    rows: ['{ id: all, path: /*, class: device }'],
    // One connection: the harmless request must follow the row, or find the connection gone.
    upstreamLimits: ['connections: 1'],
    limits: ['headers: 3s', 'bodyIdle: 3s', 'idle: 3s'],
  })
  return targetOf(recorder, productFront(frontEnd))
}

/** A relay that looks at nothing: the control. */
export async function relayTarget(): Promise<ReplayTarget> {
  const recorder = await record()
  return targetOf(recorder, await relay(recorder.port))
}

async function targetOf(recorder: Recorder, frontEnd: LaneFrontEnd): Promise<ReplayTarget> {
  let victim = await Device.to(frontEnd.calling.port, frontEnd.calling)
  return {
    async play(octets) {
      const answers = await send(octets, frontEnd.calling)
      const records = await frontEnd.settle()
      if (victim.socket.destroyed || victim.socket.readableEnded) {
        victim = await Device.to(frontEnd.calling.port, frontEnd.calling)
      }
      victim.send(VICTIM)
      const unharmed = await victim.response().then(
        (answer) => answer.startLine === 'HTTP/1.1 200 OK' && victim.pending === '',
        () => false,
      )
      if (!unharmed) victim.disconnect()
      return { answers, records, unharmed, upstream: await recorder.take() }
    },
    async [Symbol.asyncDispose]() {
      await victim[Symbol.asyncDispose]()
      await frontEnd[Symbol.asyncDispose]()
      await recorder[Symbol.asyncDispose]()
    },
  }
}

/** Sends a row over a fresh connection and waits for its answers and for the end of the connection. */
async function send(
  octets: string,
  { port, ...options }: ConnectionOptions & { readonly port: number },
): Promise<readonly number[]> {
  await using device = await Device.to(port, options)
  device.send(octets)
  const answers: number[] = []
  const { requests } = readRequests(octets)
  // A client that sent nothing whole waits for nothing, and closes.
  for (const { method } of requests) {
    const answer = await next(device, method)
    if (answer === undefined) break
    answers.push(Number(answer.startLine.split(' ')[1]))
  }
  if (!device.socket.destroyed) device.socket.end()
  await device.ended
  for (let more = await next(device, ''); more !== undefined; more = await next(device, '')) {
    answers.push(Number(more.startLine.split(' ')[1]))
  }
  return answers
}

const next = (device: Device, method: string): Promise<RawMessage | undefined> =>
  device.response(method === 'HEAD' ? 'no-body' : 'response').catch(() => undefined)

function productFront(frontEnd: Awaited<ReturnType<typeof product>>): LaneFrontEnd {
  const known = new Set<unknown>()
  return {
    calling: clientTls(frontEnd.port, fleet.device),
    async settle() {
      const isNew = (line: Line): boolean =>
        line['msg'] === 'connection' && !known.has(line['connection'])
      const { connection, requests } = await frontEnd.waitForLine(isNew)
      known.add(connection)
      const records = (): readonly Line[] =>
        frontEnd.lines.filter(
          (line) => line['connection'] === connection && line['msg'] !== 'connection',
        )
      // A request's record may follow that of its connection.
      if (records().length < Number(requests)) {
        await frontEnd.waitForLine(() => records().length >= Number(requests))
      }
      return records()
    },
    [Symbol.asyncDispose]: () => frontEnd[Symbol.asyncDispose](),
  }
}

interface Recorder extends AsyncDisposable {
  readonly port: number
  /** Every octet since the last call, by connection, in the order in which they were opened. */
  take(): Promise<readonly string[]>
}

/** Answers every whole request, and remembers everything. */
async function record(): Promise<Recorder> {
  const open = new Map<TLSSocket, string[]>()
  const tls = {
    key: fleet.upstreamServer.keyPem,
    cert: fleet.upstreamServer.chainPem,
  }
  const upstream = await rawUpstream(tls, ({ socket }) => {
    const chunks: string[] = []
    let answered = 0
    open.set(socket, chunks)
    let all = ''
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      chunks.push(text)
      all += text
      const { requests, rest } = readRequests(all)
      for (; answered < requests.length; answered++) socket.write(ANSWER)
      if (rest.kind === 'malformed') socket.end()
    })
  })
  return {
    port: upstream.port,
    async take() {
      const carrier = [...open].find(([, chunks]) => chunks.join('').includes(VICTIM_LINE))?.[0]
      const taken: string[] = []
      for (const [socket, chunks] of open) {
        if (socket === carrier) continue
        // Whatever did not carry the harmless request is gone, or about to be; unless that one got lost.
        if (carrier !== undefined && !socket.closed) await once(socket, 'close')
        taken.push(chunks.splice(0).join(''))
        if (socket.closed) open.delete(socket)
      }
      if (carrier !== undefined) taken.push(open.get(carrier)?.splice(0).join('') ?? '')
      return taken.filter((text) => text !== '')
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** Ends TLS and passes on what it finds inside, both ways. */
async function relay(upstreamPort: number): Promise<LaneFrontEnd> {
  const sockets = new Set<Socket>()
  const server = createServer(
    { key: fleet.server.keyPem, cert: fleet.server.chainPem, allowHalfOpen: true },
    (device) => {
      const upstream = connect({
        host: '127.0.0.1',
        port: upstreamPort,
        servername: HOST,
        ca: fleet.upstreamCa.pem,
      })
      for (const [from, to] of [
        [device, upstream],
        [upstream, device],
      ] as const) {
        sockets.add(from)
        from.on('error', () => to.destroy()).pipe(to)
      }
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    calling: clientTls(port),
    settle: () => Promise.resolve([]),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
