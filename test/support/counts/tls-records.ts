/**
 * TLS records on their way through a relay, counted from outside: each write of application data into a TLS connection
 * makes at least one, and two writes never share one.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Passes connections on, and counts; disposing of it breaks them. */
export interface CountingRelay extends AsyncDisposable {
  readonly port: number
  /** Records of application data so far, from whom connected and from whom was connected to. */
  readonly records: { readonly there: number; readonly back: number }
}

/** Relays every connection to a port of the loop-back. Wants TLS 1.2 in it: TLS 1.3 disguises its other records. */
export async function countingRelay(target: number): Promise<CountingRelay> {
  const counts = { there: 0, back: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    pass(near, far, () => (counts.there += 1))
    pass(far, near, () => (counts.back += 1))
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        near.destroy()
        far.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    records: counts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function pass(from: Socket, to: Socket, count: () => void): void {
  const read = recordReader((type) => {
    if (type === APPLICATION_DATA) count()
  })
  from.setNoDelay(true)
  from.on('data', (chunk: Buffer) => {
    // Counted before it is passed on, so that what has arrived was counted.
    read(chunk)
    to.write(chunk)
  })
  from.on('end', () => to.end())
}

/** RFC 8446 §5.1, and the same in TLS 1.2. */
const APPLICATION_DATA = 23
const HEADER_OCTETS = 5

/** Calls `found` with the type of each record whose header is complete, however the octets are cut. */
export function recordReader(found: (type: number) => void): (chunk: Buffer) => void {
  let header: number[] = []
  let body = 0
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (body > 0) {
        const step = Math.min(body, chunk.length - at)
        body -= step
        at += step
        continue
      }
      header.push(chunk[at] ?? 0)
      at += 1
      if (header.length < HEADER_OCTETS) continue
      const [type = 0, , , high = 0, low = 0] = header
      body = high * 256 + low
      header = []
      found(type)
    }
  }
}
