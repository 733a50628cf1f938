import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { Acceptor, type ListenerLimits } from '../../src/accept/acceptor.ts'
import { httpHead, type HttpHandlers } from '../../src/accept/http-head.ts'
import type { Unparsable } from '../../src/accept/unparsable.ts'
import {
  serverContexts,
  type ServerTls,
  type TicketBinding,
} from '../../src/handshake/server-context.ts'
import { DEFAULT_CIPHER_SUITES } from '../../src/handshake/cipher-suites.ts'
import { serverIdentity, type ServerIdentity } from '../../src/handshake/server-identity.ts'
import { DeadlineSweeper } from '../../src/forward/deadlines.ts'
import type { DeviceExchange, ExchangeObserver } from '../../src/http1/device-exchange.ts'
import type { RequestHandler } from '../../src/accept/http-connection.ts'
import type { Millis, TrustVersion } from '../../src/kernel/types.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

const ca = mintCa()
const server = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['localhost'] })
const ms = (value: number): Millis => value as Millis

const LIMITS: ListenerLimits = {
  connections: 10,
  handshake: ms(5000),
  headers: ms(5000),
  headerBytes: 8192,
  idle: ms(5000),
}

test('a TCP connection that never begins a handshake is closed by the handshake deadline', async () => {
  await using running = await listening({ handshake: ms(200) })
  const socket = connectTcp(running.listener.port, '127.0.0.1')
  await event(socket, 'close')
  expect(running.seen.handshakeFailures).toBe(1)
})

test('a header section that never ends is answered 408 by the header deadline', async () => {
  await using running = await listening({ headers: ms(200) })
  const answer = await requestText(running, 'GET / HTTP/1.1\r\nHost: localhost\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(running.seen.unparsable).toEqual(['header-timeout'])
})

test('one byte of header at a time does not move the header deadline', async () => {
  await using running = await listening({ headers: ms(300) })
  const socket = await secured(running)
  const slowWriter = setInterval(() => socket.write('x'), 50)
  socket.write('GET / HTTP/1.1\r\nX-Slow: ')
  const answer = await everything(socket)
  clearInterval(slowWriter)
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
})

test('a connection that stays idle after an answer is closed by the idle deadline', async () => {
  await using running = await listening({ idle: ms(200) })
  const answer = await requestText(running, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})

test('a header section larger than the limit is answered 431', async () => {
  await using running = await listening({ headerBytes: 2048 })
  const answer = await requestText(running, `GET / HTTP/1.1\r\nX-Long: ${'x'.repeat(4096)}\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  expect(running.seen.unparsable).toEqual(['header-too-large'])
})

test('what is not HTTP is answered 400 with a problem document, and closed', async () => {
  await using running = await listening({})
  const answer = await requestText(running, 'MIPR\x01\x02\r\n\r\n')
  expect(answer).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/,
  )
  expect(answer).toContain('Connection: close')
  expect(running.seen.requests).toBe(0)
})

test('a connection that the handler refuses is closed before any HTTP is read', async () => {
  await using running = await listening({}, { admit: false })
  const answer = await requestText(running, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(answer).toBe('')
  expect(running.seen.requests).toBe(0)
})

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
/** Its body is longer than a record of TLS, so that part of it arrives when the request is known. */
const POST = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 32768\r\n\r\n${'a'.repeat(32_768)}`

for (const throws of ['connected', 'request', 'body', 'closed'] as const) {
  test(`a bug met in ${throws} costs the one connection and not the process`, async () => {
    await using running = await listening({}, { throws })
    const text = await requestText(running, throws === 'body' ? POST : GET)
    expect(text.includes('answered')).toBe(throws === 'closed')
    expect(running.seen.bugs).toBe(1)
  })
}

test('a body that breaks while more of it is here already ends the connection and not the process', async () => {
  const held = Promise.withResolvers<DeviceExchange>()
  const opened = Promise.withResolvers<TLSSocket>()
  const behaviour = {
    answer: (exchange: DeviceExchange) => held.resolve(exchange),
    opened: (socket: TLSSocket) => opened.resolve(socket),
  }
  await using running = await listening({}, behaviour)
  const device = await secured(running)
  const socket = await opened.promise
  // More than is read ahead, so that reading stops.
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  device.write(`${head}11170\r\n${'x'.repeat(70_000)}`)
  const exchange = await held.promise
  await expect.poll(() => exchange.buffered).toBe(70_000)
  const broken = '\r\nno size\r\n'
  device.write(broken)
  await expect.poll(() => socket.readableLength).toBe(broken.length)
  device.write('more')
  await expect.poll(() => socket.readableLength).toBe(broken.length + 'more'.length)
  exchange.takeBody()
  expect(await everything(device)).toBe('')
  expect(running.seen.unparsable).toEqual(['malformed'])
})

test('TLS 1.2 renegotiation is not granted', async () => {
  await using running = await listening({})
  const socket = await secured(running, { maxVersion: 'TLSv1.2' })
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  socket.on('error', (error) => resolve(error))
  socket.renegotiate({}, (error) => resolve(error))
  expect(await promise).toBeInstanceOf(Error)
  socket.destroy()
})

test('an offered HTTP/2 is answered with HTTP/1.1', async () => {
  await using running = await listening({})
  const socket = await secured(running, { ALPNProtocols: ['h2', 'http/1.1'] })
  expect(socket.alpnProtocol).toBe('http/1.1')
  socket.destroy()
})

test('a drain lets the request under way finish and accepts no new connection', async () => {
  const held = Promise.withResolvers<DeviceExchange>()
  await using running = await listening({}, { answer: (exchange) => held.resolve(exchange) })
  const socket = await secured(running)
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const exchange = await held.promise
  const drained = running.listener.drain(ms(10_000))
  const late = connectTcp(running.listener.port, '127.0.0.1')
  late.on('error', () => {})
  await event(late, 'close')
  answer(exchange, 'finished')
  expect(await everything(socket)).toContain('finished')
  await drained
})

test('a drain does not wait for a handshake that never ends', async () => {
  await using running = await listening({ handshake: ms(60_000) })
  const silent = connectTcp(running.listener.port, '127.0.0.1')
  silent.on('error', () => {})
  await event(silent, 'connect')
  const closed = event(silent, 'close')
  await running.listener.drain(ms(100))
  await closed
})

test('a drain cuts off what does not finish within its patience', async () => {
  const held = Promise.withResolvers<DeviceExchange>()
  await using running = await listening({}, { answer: (exchange) => held.resolve(exchange) })
  const socket = await secured(running)
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await held.promise
  const closed = event(socket, 'close')
  await running.listener.drain(ms(100))
  await closed
})

function identity(): ServerIdentity {
  const file = (path: string, text: string) => ({ at: path, path, bytes: Buffer.from(text) })
  const chain = file('server.pem', server.pem)
  const key = file('server.key', server.keyPem)
  const opened = serverIdentity({ kind: 'pem', chain, key, passphrase: undefined })
  if (!opened.ok) expect.fail(opened.failure.map((fault) => fault.message).join('; '))
  return opened.value
}

const TLS: ServerTls = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: DEFAULT_CIPHER_SUITES,
  groups: undefined,
  resumption: false,
  advertised: [],
}

const BINDING: TicketBinding = {
  secret: Buffer.alloc(32, 1),
  listener: 'devices',
  trustVersion: 'one' as TrustVersion,
}

interface Behaviour {
  readonly admit?: boolean
  readonly throws?: 'body' | 'closed' | 'connected' | 'request'
  readonly answer?: (exchange: DeviceExchange) => void
  readonly opened?: (socket: TLSSocket) => void
}

interface RunningListener extends AsyncDisposable {
  readonly listener: Acceptor
  readonly seen: {
    requests: number
    handshakeFailures: number
    bugs: number
    unparsable: Unparsable[]
  }
}

async function listening(
  limits: Partial<ListenerLimits>,
  behaviour: Behaviour = {},
): Promise<RunningListener> {
  const seen: RunningListener['seen'] = {
    requests: 0,
    handshakeFailures: 0,
    bugs: 0,
    unparsable: [],
  }
  const bug = (): void => {
    seen.bugs += 1
  }
  const requests: RequestHandler = {
    request: (exchange) => {
      seen.requests += 1
      if (behaviour.throws === 'request') throw new Error('a bug')
      if (behaviour.throws !== undefined) exchange.observe(throwing(behaviour.throws))
      if (behaviour.throws === 'body') return
      if (behaviour.answer !== undefined) behaviour.answer(exchange)
      else answer(exchange, 'answered')
    },
    unparsable: (fault) => {
      seen.unparsable.push(fault)
      return 'reference'
    },
    bug,
  }
  const handlers: HttpHandlers = {
    connected: (socket) => {
      behaviour.opened?.(socket)
      if (behaviour.throws === 'connected') throw new Error('a bug')
      return (behaviour.admit ?? true) ? requests : undefined
    },
    handshakeFailed: () => {
      seen.handshakeFailures += 1
    },
    dropped: () => {},
    madeRoom: () => {},
    bug,
    hstsLine: () => '',
  }
  const settings = {
    name: 'devices',
    address: '127.0.0.1',
    port: 0,
    limits: { ...LIMITS, ...limits },
    proxyProtocol: undefined,
  }
  const tls = serverContexts([identity()], TLS, BINDING)
  const head = httpHead(settings.limits, handlers, new DeadlineSweeper(100))
  const listener = new Acceptor(settings, tls, head)
  await listener.listen(false)
  return { listener, seen, [Symbol.asyncDispose]: () => listener.drain(ms(0)) }
}

function answer(exchange: DeviceExchange, text: string): void {
  const body = Buffer.from(text)
  exchange.respond({ status: 200, reason: 'OK', fields: [], length: undefined, close: false })
  exchange.write(body)
  exchange.end()
}

function throwing(when: string): ExchangeObserver {
  const bug = (told: string): void => {
    if (told === when) throw new Error('a bug')
  }
  return { bodyArrived: () => bug('body'), drained: () => {}, closed: () => bug('closed') }
}

async function secured(running: RunningListener, options: object = {}): Promise<TLSSocket> {
  const { port } = running.listener
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: ca.pem,
    ...options,
  })
  socket.on('error', () => {})
  await event(socket, 'secureConnect')
  return socket
}

async function requestText(running: RunningListener, text: string): Promise<string> {
  const socket = await secured(running)
  socket.write(text)
  return everything(socket)
}

async function everything(socket: TLSSocket): Promise<string> {
  let all = ''
  socket.on('data', (chunk: Buffer) => {
    all += chunk.toString('latin1')
  })
  await event(socket, 'close')
  return all
}

function event(emitter: NodeJS.EventEmitter, name: string): Promise<void> {
  return new Promise((resolve) => {
    emitter.once(name, () => resolve())
  })
}
