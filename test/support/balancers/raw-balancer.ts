/**
 * A balancer that sends whatever a test wants ahead of what its device says, cut into pieces wherever the test wants, and
 * then relays. Devices call its port as they would call that of the front end.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface BalancerOptions {
  /** The port of the front end. */
  readonly to: number
  /** What goes ahead of the first octets of a device. */
  readonly header: Buffer
  /** The header and the first octets of the device, in the pieces that are sent one by one; in one piece if left out. */
  readonly cut?: (octets: Buffer) => readonly Buffer[]
}

export interface RawBalancer extends AsyncDisposable {
  readonly port: number
}

/** Starts one. */
export async function rawBalancer({
  to,
  header,
  cut = (octets) => [octets],
}: BalancerOptions): Promise<RawBalancer> {
  const sockets = new Set<Socket>()
  const server = createServer((device) => {
    const onwards = connect({ port: to, host: '127.0.0.1', noDelay: true })
    for (const socket of [device, onwards]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        device.destroy()
        onwards.destroy()
      })
    }
    device.once('data', (first: Buffer) => {
      device.pause()
      void sendPieces(onwards, cut(Buffer.concat([header, first]))).then(() => {
        device.pipe(onwards).pipe(device)
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** Sends each when the one before it has left, and the loop, which is that of the front end, too, has had its turn. */
export async function sendPieces(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>((resolve) => {
      socket.write(piece, () => resolve())
    })
    await turn()
  }
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Cuts octets in two. */
export const cutAt =
  (at: number) =>
  (octets: Buffer): readonly Buffer[] => [octets.subarray(0, at), octets.subarray(at)]

/** Cuts the first so many octets into single ones. */
export const cutUpTo =
  (count: number) =>
  (octets: Buffer): readonly Buffer[] => [
    ...[...octets.subarray(0, count)].map((octet) => Buffer.of(octet)),
    octets.subarray(count),
  ]
