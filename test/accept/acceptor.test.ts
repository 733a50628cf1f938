import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { connect, createServer as createTlsServer, type Server, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { Acceptor, type ListenerLimits } from '../../src/accept/acceptor.ts'
import type { Addresses } from '../../src/accept/addresses.ts'
import { httpHead } from '../../src/accept/listener.ts'
import type { ConnectionHandlers } from '../../src/accept/protocol-head.ts'
import { tunnelHead } from '../../src/accept/tunnel-head.ts'
import { errorCode } from '../../src/kernel/error-code.ts'
import type { Millis } from '../../src/kernel/types.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

const ca = mintCa()
const server = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['localhost'] })
const TLS = { cert: server.pem, key: server.keyPem }
const ms = (value: number): Millis => value as Millis
/** Longer than any test may take: what ends earlier was not ended by it. */
const NEVER = ms(120_000)

const LIMITS: ListenerLimits = {
  connections: 10,
  handshake: NEVER,
  headers: NEVER,
  headerBytes: 8192,
  idle: NEVER,
}

const HEADS = ['http', 'tunnel'] as const
type Head = (typeof HEADS)[number]

for (const head of HEADS) {
  test(`a silent peer is closed by the deadline of the handshake, and told of once (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) })
    const socket = await connected(running)
    await once(socket, 'close')
    expect(running.failures.map(({ code }) => code)).toEqual(['ERR_TLS_HANDSHAKE_TIMEOUT'])
  })

  test(`octets that come one at a time do not move the deadline of the handshake (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) })
    const socket = await connected(running)
    const drip = setInterval(() => socket.write(Buffer.of(22)), 10)
    await once(socket, 'close')
    clearInterval(drip)
    expect(running.failures).toHaveLength(1)
  })

  test(`a peer that ends its side before the handshake is closed at once (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.end()
    await once(socket, 'close')
    expect(running.failures).toHaveLength(1)
  })

  test(`a peer that ends its side in the middle of the handshake is closed at once (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.end(Buffer.from('1603010200010001fc0303', 'hex'))
    await once(socket, 'close')
    expect(running.failures).toHaveLength(1)
  })

  test(`a peer that resets the connection before the handshake is told of once, with its address (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    const port = socket.localPort
    socket.resetAndDestroy()
    const { code, addresses } = await running.nextFailure()
    expect(code).toBe('ECONNRESET')
    expect(addresses.source).toEqual({ address: '127.0.0.1', port })
  })

  test(`what is no TLS is closed at once, and told of once with its code (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.write('SSH-2.0-OpenSSH_9.2\r\n')
    await once(socket, 'close')
    expect(running.failures.map(({ code }) => code)).toEqual(['ERR_SSL_WRONG_VERSION_NUMBER'])
  })

  test(`connections count before their handshake, and those beyond the limit are turned away (${head})`, async () => {
    await using running = await accepting(head, { connections: 2 })
    const [one, other] = [await connected(running), await running.secured()]
    const turnedAway = await connected(running)
    await once(turnedAway, 'close')
    expect([running.dropped(), running.failures.length]).toEqual([1, 0])
    one.destroy()
    other.destroy()
  })

  test(`a connection that ended makes room for another (${head})`, async () => {
    await using running = await accepting(head, { connections: 1 })
    const first = await connected(running)
    first.destroy()
    await running.nextFailure()
    const second = await running.secured()
    expect(running.dropped()).toBe(0)
    second.destroy()
  })

  test(`a device is told of with the two ends of its connection (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await running.secured()
    expect(running.opened).toEqual([
      {
        source: { address: '127.0.0.1', port: socket.localPort },
        destination: { address: '127.0.0.1', port: running.acceptor.port },
      },
    ])
    socket.destroy()
  })

  test(`new contexts serve the next handshake (${head})`, async () => {
    await using running = await accepting(head, {})
    const next = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['localhost'] })
    running.acceptor.setTls({ defaults: { cert: next.pem, key: next.keyPem }, select: undefined })
    const socket = await running.secured()
    expect(socket.getPeerX509Certificate()?.toString()).toBe(next.pem)
    socket.destroy()
  })

  test(`a handshake that failed costs the others nothing (${head})`, async () => {
    await using running = await accepting(head, {})
    const broken = await connected(running)
    broken.write('nothing like TLS')
    await once(broken, 'close')
    const socket = await running.secured()
    expect(running.opened).toHaveLength(1)
    socket.destroy()
  })
}

test('a relayed device that has ended its side is still told what comes', async () => {
  await using running = await accepting('tunnel', {})
  const device = await running.secured()
  device.end('the last words')
  const ours = running.sockets[0]
  ours?.resume().once('end', () => ours.end('the answer'))
  let heard = ''
  device.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  await once(device, 'close')
  expect(heard).toBe('the answer')
})

test('Node alone leaves a peer open that is silent beyond the deadline of its handshake', async () => {
  const control = createTlsServer({ ...TLS, handshakeTimeout: 100 })
  const port = await listening(control)
  const failed = once(control, 'tlsClientError')
  const socket = connectTcp(port, '127.0.0.1')
  await failed
  await turns()
  expect(await open(control)).toBe(1)
  socket.destroy()
  control.close()
})

test('Node alone does not count connections on a TLS server that is handed them', async () => {
  const control = createTlsServer(TLS)
  control.maxConnections = 1
  const tcp = createTcpServer((socket) => control.emit('connection', socket))
  const port = await listening(tcp)
  const sockets = await Promise.all([1, 2].map(() => handshake(port)))
  expect(sockets).toHaveLength(2)
  for (const socket of sockets) socket.destroy()
  tcp.close()
})

interface Failure {
  readonly code: string
  readonly addresses: Addresses
}

interface Running extends AsyncDisposable {
  readonly acceptor: Acceptor
  readonly failures: readonly Failure[]
  readonly opened: readonly Addresses[]
  readonly sockets: readonly TLSSocket[]
  dropped(): number
  nextFailure(): Promise<Failure>
  /** A device whose handshake is done at both ends: in TLS 1.3 its own is done first. */
  secured(): Promise<TLSSocket>
}

async function accepting(head: Head, limits: Partial<ListenerLimits>): Promise<Running> {
  const failures: Failure[] = []
  const opened: Addresses[] = []
  const sockets: TLSSocket[] = []
  const arriving: (() => void)[] = []
  const waiting: ((failure: Failure) => void)[] = []
  let dropped = 0
  const handlers: ConnectionHandlers = {
    connected(socket, addresses) {
      opened.push(addresses)
      sockets.push(socket)
      arriving.shift()?.()
      return true
    },
    handshakeFailed(error, addresses) {
      const failure = { code: errorCode(error), addresses }
      failures.push(failure)
      waiting.shift()?.(failure)
    },
    dropped() {
      dropped += 1
    },
    bug: (error) => expect.unreachable(String(error)),
  }
  const settings = { name: head, address: '127.0.0.1', port: 0, limits: { ...LIMITS, ...limits } }
  const acceptor = new Acceptor(
    settings,
    { defaults: TLS, select: undefined },
    head === 'tunnel'
      ? tunnelHead({ ...handlers, forceClose: () => {} })
      : httpHead(settings.limits, {
          ...handlers,
          request: (_, response) => response.end(),
          unparsable: () => ({ kind: 'break' }),
        }),
  )
  await acceptor.listen(false)
  return {
    acceptor,
    failures,
    opened,
    sockets,
    dropped: () => dropped,
    nextFailure: () => new Promise((resolve) => waiting.push(resolve)),
    async secured() {
      const arrived = new Promise<void>((resolve) => arriving.push(resolve))
      const [device] = await Promise.all([handshake(acceptor.port), arrived])
      return device
    },
    [Symbol.asyncDispose]: () => acceptor.drain(ms(0)),
  }
}

async function connected({ acceptor }: Running): Promise<Socket> {
  const socket = connectTcp({ port: acceptor.port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  return socket
}

async function handshake(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: ca.pem })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

async function listening(one: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  const bound = one.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

const open = (one: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    one.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })

/** Time for what would close the connection by itself: it would be the next thing that the loop does. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
