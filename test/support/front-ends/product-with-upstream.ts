/**
 * A product before a scripted upstream, and what is asked after everything that can go wrong: one record for each
 * request, no connection left behind on either side, and the next device is served as if nothing had happened.
 */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { expect } from 'vitest'
import { Device } from '../devices/device.ts'
import {
  clientTls,
  fleet,
  product,
  type Line,
  type Product,
  type ProductOptions,
} from './product.ts'
import {
  answering,
  OK,
  rawUpstream,
  type RawUpstream,
  type Script,
} from '../upstreams/raw-upstream.ts'

/** A good upstream for the product's strict TLS. */
export const upstreamTlsOptions = {
  key: fleet.upstreamServer.keyPem,
  cert: fleet.upstreamServer.chainPem,
  ca: fleet.upstreamCa.pem,
  requestCert: true,
  rejectUnauthorized: true,
}

export interface ProductWithUpstream extends AsyncDisposable {
  readonly product: Product
  readonly upstream: RawUpstream
  /** A device with a good certificate; `options` as for `tls.connect`. */
  device(options?: ConnectionOptions): Promise<Device>
  /** A device that can break its connection with a TCP reset. */
  resettableDevice(): Promise<{ readonly device: Device; readonly reset: () => void }>
  /** Sends a request of the usual kind. */
  request(device: Device, line: string, ...fields: readonly string[]): void
  /** Settles with so many records, in the order in which the requests ended. */
  requestLines(count: number): Promise<readonly Line[]>
  /** Settles when every device's connection is over and written down; fails unless all is as it was before. */
  expectCleanState(
    requestLines: number,
    besides?: { readonly failedHandshakes: number },
  ): Promise<readonly Line[]>
}

/** What varies from scene to scene besides the script. */
export interface ProductWithUpstreamOptions extends Partial<ProductOptions> {
  /** Gets the first TCP connection to the upstream; the others get through to it. */
  readonly gate?: (socket: Socket) => void
}

/** `first` scripts the first connection to the upstream; every other one is answered well. */
export async function productWithUpstream(
  first: Script = answering(OK),
  { gate, ...options }: ProductWithUpstreamOptions = {},
): Promise<ProductWithUpstream> {
  const upstream = await rawUpstream(upstreamTlsOptions, (peer, connection) =>
    connection === 1 ? first(peer, connection) : answering(OK)(peer, connection),
  )
  const gated = gate === undefined ? undefined : await interceptedPort(upstream.port, gate)
  const frontEnd = await product({
    upstreamPort: gated?.port ?? upstream.port,
    // A connection that were left behind would be the only one.
    upstreamLimits: ['connections: 1'],
    ...options,
  })
  let devices = 0
  const written = (kind: 'request' | 'connection'): readonly Line[] =>
    frontEnd.lines.filter(({ msg }) =>
      kind === 'connection' ? msg === 'connection' : String(msg).startsWith('request'),
    )
  const settled = async (kind: 'request' | 'connection', count: number): Promise<void> => {
    if (written(kind).length < count)
      await frontEnd.waitForLine(() => written(kind).length >= count)
  }
  const device = async (others: ConnectionOptions = {}): Promise<Device> => {
    devices += 1
    const { port, ...rest } = clientTls(frontEnd.port, fleet.device)
    return Device.to(port, { ...rest, ...others })
  }
  const request = (asking: Device, line: string, ...fields: readonly string[]): void =>
    asking.send(`${[`${line} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`)
  const requestLines = async (count: number): Promise<readonly Line[]> => {
    await settled('request', count)
    return written('request')
  }
  return {
    product: frontEnd,
    upstream,
    device,
    async resettableDevice() {
      const socket = connectTcp(frontEnd.port, '127.0.0.1')
      return { device: await device({ socket }), reset: () => void socket.resetAndDestroy() }
    },
    request,
    requestLines,
    async expectCleanState(count, { failedHandshakes } = { failedHandshakes: 0 }) {
      devices += failedHandshakes
      const found = await requestLines(count)
      await settled('connection', devices)
      expect(await openConnections(frontEnd)).toBe(0)
      {
        await using next = await device()
        request(next, 'GET /device/next')
        expect((await next.response()).startLine).toBe('HTTP/1.1 200 OK')
      }
      await settled('connection', devices)
      expect(await openConnections(frontEnd)).toBe(0)
      const all = await requestLines(count + 1)
      expect(all.map(({ path }) => path)).toHaveLength(count + 1)
      expect(all.at(-1)?.['path']).toBe('/device/next')
      return found
    },
    async [Symbol.asyncDispose]() {
      await frontEnd[Symbol.asyncDispose]()
      await gated?.close()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** A port before another one, which keeps the first connection for itself. */
async function interceptedPort(
  port: number,
  gate: (socket: Socket) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const isFirst = sockets.size === 0
    sockets.add(socket)
    socket.on('error', () => {})
    if (isFirst) {
      gate(socket)
      return
    }
    const onwards = connectTcp(port, '127.0.0.1')
    onwards.on('error', () => socket.destroy())
    socket.pipe(onwards).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What the metrics say, as a scraper reads them. */
async function openConnections({ statusPort }: Product): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()
  // No line at all before the first connection.
  return Number(/^tfe_connections_open\{[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0)
}
