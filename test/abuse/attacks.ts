/**
 * What strangers do to a front end: each attack opens its connections from a list of source addresses, keeps them busy, and opens
 * what was closed again, as one who means it does.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { octetString } from '../support/certificates/der-writer.ts'
import { mintCa, type Leaf } from '../support/certificates/mint.ts'
import { clientTls, fleet } from '../support/front-ends/product.ts'

/** An attack that is under way. */
export interface Attack extends Disposable {
  /** Connections that are open now. */
  readonly open: number
}

export interface AttackKind {
  readonly name: string
  readonly connections: number
  /** What is shown in the handshake. */
  readonly leaf?: Leaf
  /** No handshake is begun, and nothing is played. */
  readonly isSilent?: true
  /** Plays one connection, until it is closed. */
  play(socket: TLSSocket): void
}

const head = (line: string, ...fields: readonly string[]): string =>
  `${[`${line} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`

/** 66 KB, of which OpenSSL makes some 230 for as long as the connection lives. */
function largeChain(): Leaf {
  const others = Array.from({ length: 10 }, (_, index) =>
    mintCa({
      name: `Junk ${index}`,
      issuer: fleet.stranger,
      extensions: [
        { oid: '1.3.6.1.4.1.99999.1', critical: false, value: octetString(Buffer.alloc(6200)) },
      ],
    }),
  )
  return { ...fleet.unknown, chainPem: fleet.unknown.pem + others.map(({ pem }) => pem).join('') }
}

/** The attacks of the acceptance. */
export const ATTACKS: readonly AttackKind[] = [
  {
    name: '256 slow POSTs',
    connections: 256,
    play(socket) {
      // More than is gathered before a connection to the upstream is taken, and then an octet now and then.
      socket.write(head('POST /enroll/slow', 'Content-Length: 100000'))
      socket.write(Buffer.alloc(20_000))
      const timer = setInterval(() => socket.write('x'), TRICKLE_MS)
      socket.once('close', () => clearInterval(timer))
      socket.resume()
    },
  },
  {
    name: '256 slow readers',
    connections: 256,
    play(socket) {
      socket.write(head('GET /enroll/large'))
      socket.pause()
    },
  },
  {
    name: '1,200 chains of 66 KB',
    connections: 1200,
    leaf: largeChain(),
    play(socket) {
      socket.resume()
    },
  },
  {
    // More than the listener of the front end has room for, as the next.
    name: '2,400 silent connections',
    connections: 2400,
    isSilent: true,
    play: () => {},
  },
  {
    name: '2,400 without a certificate',
    connections: 2400,
    play(socket) {
      socket.resume()
    },
  },
  {
    name: '64 endless interim responses',
    connections: 64,
    play(socket) {
      socket.write(head('GET /enroll/interim'))
      socket.pause()
    },
  },
]

/** Begins an attack on a port. */
export function attack(kind: AttackKind, port: number, addresses: readonly string[]): Attack {
  const open = new Set<Socket>()
  let isOver = false
  const join = (index: number): void => {
    if (isOver) return
    const socket = begun(kind, port, addresses[index % addresses.length])
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      open.delete(socket)
      setTimeout(() => join(index), REJOIN_MS)
    })
  }
  for (let index = 0; index < kind.connections; index += 1) join(index)
  return {
    get open() {
      return open.size
    },
    [Symbol.dispose]() {
      isOver = true
      for (const socket of open) socket.destroy()
    },
  }
}

function begun(kind: AttackKind, port: number, localAddress: string | undefined): Socket {
  const from = localAddress && { localAddress }
  if (kind.isSilent) return connectTcp({ host: '127.0.0.1', port, ...from }).resume()
  // This thread mints a fleet of its own, and does not know that of the servers.
  const options = { ...clientTls(port, kind.leaf), ...from, rejectUnauthorized: false }
  const socket = connect(options)
  return socket.once('secureConnect', () => kind.play(socket))
}

const TRICKLE_MS = 5000
/** Long enough that what is measured is what they hold, and not their handshakes. */
const REJOIN_MS = 2000
