/** An acceptor with either head in this process, what it was told of, and peers of it. */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { expect } from 'vitest'
import { Acceptor, type ListenerLimits, type ListenerSettings } from '../../src/accept/acceptor.ts'
import type { Addresses } from '../../src/accept/addresses.ts'
import type { ConnectionUse } from '../../src/accept/connection-shares.ts'
import { httpHead } from '../../src/accept/http-head.ts'
import type { RequestHandler } from '../../src/accept/http-connection.ts'
import type { AcceptedConnection, ConnectionHandlers } from '../../src/accept/protocol-head.ts'
import { tunnelHead } from '../../src/accept/tunnel-head.ts'
import { handshakeFailure } from '../../src/handshake/handshake-failure.ts'
import { DeadlineSweeper } from '../../src/forward/deadlines.ts'
import { errorCode } from '../../src/kernel/error-code.ts'
import { parseNetwork } from '../../src/kernel/network.ts'
import type { Millis } from '../../src/kernel/types.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

export const ca = mintCa()
const server = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['localhost'] })
export const TLS = { cert: server.pem, key: server.keyPem }
export const ms = (value: number): Millis => value as Millis
/** Longer than any test may take: what ends earlier was not ended by it. */
const NEVER = ms(120_000)

const LIMITS: ListenerLimits = {
  connections: 10,
  handshake: NEVER,
  headers: NEVER,
  headerBytes: 8192,
  idle: NEVER,
}

const requests: RequestHandler = {
  request: (exchange) => exchange.destroy(),
  unparsable: () => 'reference',
  bug: (error) => expect.unreachable(String(error)),
}

export const HEADS = ['http', 'tunnel'] as const
export type Head = (typeof HEADS)[number]

/** The networks of balancers. */
export function proxyFrom(text: string): ListenerSettings['proxyProtocol'] {
  const network = parseNetwork(text)
  return network.ok ? { from: [network.value] } : expect.unreachable(network.failure)
}

export interface Failure {
  /** The code of the log. */
  readonly name: string
  readonly code: string
  readonly addresses: Addresses
}

export interface RunningAcceptor extends AsyncDisposable {
  readonly acceptor: Acceptor
  readonly failures: readonly Failure[]
  readonly opened: readonly Addresses[]
  readonly sockets: readonly TLSSocket[]
  /** Settles when the first device has a TLS session here. */
  readonly opening: Promise<void>
  dropped(): number
  /** Who held what, at each connection that was closed to make room. */
  readonly madeRoom: readonly ConnectionUse[]
  nextFailure(): Promise<Failure>
  /** A device whose handshake is done at both ends: in TLS 1.3 its own is done first; by a balancer, if that port is named. */
  secured(port?: number): Promise<TLSSocket>
}

export interface AcceptorOptions extends Partial<ListenerLimits> {
  /** Whether a device is fit, once its handshake is done; none is unless told. */
  readonly vouches?: (socket: TLSSocket) => boolean
}

export async function accepting(
  head: Head,
  { vouches = () => false, ...limits }: AcceptorOptions,
  proxyProtocol?: ListenerSettings['proxyProtocol'],
): Promise<RunningAcceptor> {
  const failures: Failure[] = []
  const opened: Addresses[] = []
  const sockets: TLSSocket[] = []
  const arriving: (() => void)[] = []
  const waiting: ((failure: Failure) => void)[] = []
  const first = Promise.withResolvers<void>()
  let dropped = 0
  const madeRoom: ConnectionUse[] = []
  const took = (socket: TLSSocket, accepted: AcceptedConnection): RequestHandler => {
    opened.push(accepted.addresses)
    if (vouches(socket)) accepted.vouch()
    sockets.push(socket)
    arriving.shift()?.()
    first.resolve()
    return requests
  }
  const handlers: ConnectionHandlers = {
    handshakeFailed(error, addresses) {
      const code = error instanceof Error ? errorCode(error) : error.kind
      const failure = { name: handshakeFailure(error), code, addresses }
      failures.push(failure)
      waiting.shift()?.(failure)
    },
    dropped() {
      dropped += 1
    },
    madeRoom: (shares) => void madeRoom.push(shares.use),
    bug: (error) => expect.unreachable(String(error)),
  }
  const settings = {
    name: head,
    address: '127.0.0.1',
    port: 0,
    limits: { ...LIMITS, ...limits },
    proxyProtocol,
  }
  const acceptor = new Acceptor(
    settings,
    { defaults: TLS, select: undefined },
    head === 'tunnel'
      ? tunnelHead({
          ...handlers,
          connected: (...opening) => took(...opening) === requests,
          forceClose: () => {},
        })
      : httpHead(
          settings.limits,
          { ...handlers, connected: took, hstsLine: () => '' },
          new DeadlineSweeper(100),
        ),
  )
  await acceptor.listen(false)
  return {
    acceptor,
    failures,
    opened,
    sockets,
    opening: first.promise,
    dropped: () => dropped,
    madeRoom,
    nextFailure: () => new Promise((resolve) => waiting.push(resolve)),
    async secured(port = acceptor.port) {
      const arrived = new Promise<void>((resolve) => arriving.push(resolve))
      const [device] = await Promise.all([handshake(port), arrived])
      return device
    },
    [Symbol.asyncDispose]: () => acceptor.drain(ms(0)),
  }
}

export async function connected({ acceptor }: RunningAcceptor): Promise<Socket> {
  const socket = connectTcp({ port: acceptor.port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  return socket
}

export async function handshake(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: ca.pem })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

/** Settles when a connection is gone, whether it ended or was reset. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
