/** A TLS server that speaks HTTP as our listeners do, and hands each request to a test. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { HttpConnection } from '../../../src/accept/http-connection.ts'
import type { ListenerLimits } from '../../../src/accept/acceptor.ts'
import type { Unparsable } from '../../../src/accept/unparsable.ts'
import { DeadlineSweeper } from '../../../src/forward/deadlines.ts'
import type { DeviceExchange } from '../../../src/http1/device-exchange.ts'
import { SlotList } from '../../../src/kernel/slot-list.ts'
import type { Deadlines } from '../../../src/kernel/ports.ts'
import type { Millis } from '../../../src/kernel/types.ts'

export interface HttpServer extends AsyncDisposable {
  readonly port: number
  readonly faults: readonly Unparsable[]
  /** In the order in which they came. */
  readonly connections: readonly HttpConnection[]
}

const LIMITS: ListenerLimits = {
  connections: 1000,
  handshake: 30_000 as Millis,
  headers: 30_000 as Millis,
  headerBytes: 16_384,
  idle: 30_000 as Millis,
}

/** Listens on a port that the system chooses. */
export async function httpServer(
  tls: { readonly cert: string; readonly key: string },
  request: (exchange: DeviceExchange) => void,
  deadlines: Deadlines = new DeadlineSweeper(100),
): Promise<HttpServer> {
  const faults: Unparsable[] = []
  const connections: HttpConnection[] = []
  const sockets = new Set<TLSSocket>()
  const settings = {
    limits: LIMITS,
    deadlines,
    connections: new SlotList<HttpConnection>(),
    keepAliveLines: '',
    hstsLine: () => '',
  }
  const handler = {
    request,
    unparsable: (fault: Unparsable) => {
      faults.push(fault)
      return 'ref-0'
    },
    bug: (error: unknown) => {
      throw error
    },
  }
  const server = createServer({ ...tls, ALPNProtocols: ['http/1.1'] }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    const connection = new HttpConnection(socket, settings)
    connections.push(connection)
    connection.serve(handler)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    connections,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
