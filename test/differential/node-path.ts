/**
 * Node's path: the smallest front end around Node's own `http.Server` and undici's `Client`, with the options and the rules of
 * connections that ours had before it read and wrote HTTP/1.1 itself. It is a second reading of the same octets.
 *
 * In one thing it follows ours, so that nothing else is compared than reading and writing: requests are answered one after the
 * other, and what is wrong behind them when they are answered.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { Client, type Dispatcher } from 'undici'
import type { RequestMessage } from '../../src/http1/message.ts'
import { judge, type Judged } from './judge.ts'
import { BODY_BYTES, HEADER_BYTES } from './limits.ts'
import type { MemorySocket } from './memory-socket.ts'
import type { Path } from './play.ts'

/** Makes the path: one server for all connections. */
export function nodePath(): Path {
  const connections = new WeakMap<object, DeviceConnection>()
  const of = (socket: object): DeviceConnection => {
    const connection = connections.get(socket)
    if (connection === undefined) throw new Error('a request came over no connection')
    return connection
  }
  const server = strictServer()
  const requested =
    (awaitsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) =>
      of(request.socket).arrived({ request, response, awaitsContinue })
  server.on('request', requested(false))
  server.on('checkContinue', requested(true))
  server.on('checkExpectation', requested(false))
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
    of(socket).unparsable(statusOf(code))
  })
  server.on('connect', (_, socket) => {
    of(socket).unparsable(501)
    socket.resume()
  })
  return {
    open(device, connect) {
      connections.set(device, new DeviceConnection(device, connect))
      server.emit('connection', device)
    },
    [Symbol.dispose]: () => void server.close(),
  }
}

function strictServer(): Server {
  const server = createServer({
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    maxHeaderSize: HEADER_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: false,
  })
  server.maxHeadersCount = 0
  server.maxRequestsPerSocket = 0
  server.timeout = 0
  return server
}

/** What is answered to what is no request; undefined where the device is gone. */
function statusOf(code: string): number | undefined {
  if (!code.startsWith('HPE_') || code === 'HPE_INVALID_EOF_STATE') return undefined
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW' ? 413 : 400
}

interface NodeExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly awaitsContinue: boolean
}

/** One connection of a device, and the client of its upstream. */
class DeviceConnection {
  readonly #socket: MemorySocket
  readonly #connect: () => MemorySocket
  readonly #waiting: NodeExchange[] = []
  #current: NodeExchange | undefined
  #client: Client | undefined
  /** What came behind the requests that were read and is none; its status, where the device is told. */
  #fault: { readonly status: number | undefined } | undefined

  constructor(socket: MemorySocket, connect: () => MemorySocket) {
    this.#socket = socket
    this.#connect = connect
    socket.once('close', () => void this.#client?.destroy())
  }

  arrived(exchange: NodeExchange): void {
    this.#waiting.push(exchange)
    // Later: then it is known how much of the body came with the head.
    process.nextTick(() => this.#next())
  }

  unparsable(status: number | undefined): void {
    this.#fault ??= { status }
    process.nextTick(() => this.#next())
  }

  #next(): void {
    const current = this.#current
    if (current !== undefined) {
      // The fault is in its body.
      if (this.#fault !== undefined && !current.request.complete) this.#socket.destroy()
      return
    }
    const next = this.#waiting.shift()
    if (next !== undefined) this.#answer(next)
    else if (this.#fault?.status !== undefined && this.#socket.writable) {
      this.#socket.end(`HTTP/1.1 ${this.#fault.status} No\r\nConnection: close\r\n\r\n`)
    } else if (this.#fault !== undefined) this.#socket.destroy()
  }

  #answer(exchange: NodeExchange): void {
    const { request, response } = exchange
    if (this.#socket.destroyed) return
    this.#current = exchange
    // Node's parser skips what follows such a request in the same read: nothing behind it begins where it seems to.
    if (asksForUpgrade(request)) response.shouldKeepAlive = false
    if (this.#fault !== undefined && !request.complete) {
      this.#socket.destroy()
      return
    }
    response.once('finish', () => {
      this.#current = undefined
      // Node closes a connection behind an answer that says so.
      if (response.shouldKeepAlive) this.#next()
    })
    const judged = judge(messageOf(request))
    if (judged.kind === 'refuse') refuse(exchange, judged)
    else this.#forward(exchange, judged)
  }

  #forward(exchange: NodeExchange, judged: Judged & { readonly kind: 'forward' }): void {
    const { request, response, awaitsContinue } = exchange
    const tooLarge = (): void => refuse(exchange, { status: 413, close: false })
    if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES) return tooLarge()
    if (awaitsContinue) response.writeContinue()
    const body = hasBody(request) ? new Body(request, tooLarge) : null
    const options = { method: request.method, path: judged.target, headers: judged.fields, body }
    this.#client ??= clientOf(this.#connect)
    this.#client.dispatch(options as Dispatcher.DispatchOptions, new Answer(exchange))
  }
}

/** Refuses; a connection goes on behind a body that is not here only where that is small. */
function refuse(
  { request, response, awaitsContinue }: NodeExchange,
  { status, close }: { readonly status: number; readonly close: boolean },
): void {
  if (response.headersSent) return
  // Node ends a connection whose device was not told to send what is here all the same.
  if (awaitsContinue && request.complete) response.writeContinue()
  const length = Number(request.headers['content-length'])
  const isUnread = hasBody(request) && !request.complete
  const isMuch = isUnread && (awaitsContinue || !(length <= 65_536))
  response.writeHead(status, {
    'Content-Length': 0,
    ...(close || isMuch ? { Connection: 'close' } : {}),
  })
  request.resume()
  response.flushHeaders()
  if (isUnread) request.once('end', () => response.end())
  else response.end()
}

/** The answer of the upstream on its way to the device. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #exchange: NodeExchange

  constructor(exchange: NodeExchange) {
    this.#exchange = exchange
  }

  onRequestStart(): void {}

  onResponseStart(_: unknown, status: number): void {
    const { response } = this.#exchange
    if (!response.headersSent) response.writeHead(status, { 'Content-Length': 0 })
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#exchange.response.end()
  }

  onResponseError(): void {
    const { response } = this.#exchange
    if (!response.headersSent) response.writeHead(502, { 'Content-Length': 0 })
    response.end()
  }
}

const clientOf = (connect: () => MemorySocket): Client =>
  new Client('http://recorder.test', {
    connect: (_, done) => queueMicrotask(() => done(null, connect() as unknown as Socket)),
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: 1e9,
    keepAliveMaxTimeout: 1e9,
    headersTimeout: 0,
    bodyTimeout: 0,
  })

/** The body as long as it is not too long: undici would destroy the request, and take a body that is here for one of known length. */
class Body extends Readable {
  readonly #request: IncomingMessage
  readonly #tooLarge: () => void
  #octets = 0
  #hasStarted = false

  constructor(request: IncomingMessage, tooLarge: () => void) {
    super()
    this.#request = request
    this.#tooLarge = tooLarge
    this.on('error', () => {})
  }

  override _read(): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    const request = this.#request
    request.on('data', (chunk: Buffer) => {
      this.#octets += chunk.length
      if (this.destroyed) return
      if (this.#octets <= BODY_BYTES) this.push(chunk)
      else {
        this.#tooLarge()
        this.destroy(new Error('the body is too large'))
      }
    })
    request.once('end', () => this.push(null))
    request.once('close', () => {
      if (!request.complete) this.destroy(new Error('the device is gone'))
    })
  }
}

const asksForUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade !== undefined &&
  /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(headers.connection ?? '')

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** The head as our reader gives it: the judge is the same. */
const messageOf = (request: IncomingMessage): RequestMessage => ({
  method: request.method ?? '',
  target: request.url ?? '',
  version: request.httpVersion,
  fields: request.rawHeaders,
  body: hasBody(request) ? 'chunked' : 0,
  keepAlive: true,
  upgrade: false,
})
