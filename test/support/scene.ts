/**
 * A product before a scripted upstream, and what is asked after everything that can go wrong: one record for each
 * request, no connection left behind on either side, and the next device is served as if nothing had happened.
 */
import { expect } from 'vitest'
import { Device } from './device.ts'
import { calling, fleet, product, type Line, type Product, type ProductOptions } from './product.ts'
import { answering, OK, rawUpstream, type RawUpstream, type Script } from './upstream.ts'

/** A good upstream for the product's strict TLS. */
export const upstreamTls = {
  key: fleet.upstreamServer.keyPem,
  cert: fleet.upstreamServer.chainPem,
  ca: fleet.upstreamCa.pem,
  requestCert: true,
  rejectUnauthorized: true,
}

export interface Scene extends AsyncDisposable {
  readonly product: Product
  readonly upstream: RawUpstream
  /** A device with a good certificate. */
  device(): Promise<Device>
  /** Sends a request of the usual kind. */
  ask(device: Device, line: string, ...fields: readonly string[]): void
  /** Settles with so many records, in the order in which the requests ended. */
  records(count: number): Promise<readonly Line[]>
  /** Settles when every device's connection is over and written down; fails unless all is as it was before. */
  aftermath(records: number): Promise<readonly Line[]>
}

/** `first` scripts the first connection to the upstream; every other one is answered well. */
export async function scene(
  first: Script = answering(OK),
  options: Partial<ProductOptions> = {},
): Promise<Scene> {
  const upstream = await rawUpstream(upstreamTls, (peer, connection) =>
    connection === 1 ? first(peer, connection) : answering(OK)(peer, connection),
  )
  const front = await product({
    upstreamPort: upstream.port,
    // A connection that were left behind would be the only one.
    upstreamLimits: ['connections: 1'],
    ...options,
  })
  let devices = 0
  const written = (kind: 'request' | 'connection'): readonly Line[] =>
    front.lines.filter(({ msg }) =>
      kind === 'connection' ? msg === 'connection' : String(msg).startsWith('request'),
    )
  const settled = async (kind: 'request' | 'connection', count: number): Promise<void> => {
    if (written(kind).length < count) await front.line(() => written(kind).length >= count)
  }
  const device = async (): Promise<Device> => {
    devices += 1
    const { port, ...rest } = calling(front.port, fleet.device)
    return Device.to(port, rest)
  }
  const ask = (asking: Device, line: string, ...fields: readonly string[]): void =>
    asking.send(`${[`${line} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`)
  const records = async (count: number): Promise<readonly Line[]> => {
    await settled('request', count)
    return written('request')
  }
  return {
    product: front,
    upstream,
    device,
    ask,
    records,
    async aftermath(count) {
      const found = await records(count)
      await settled('connection', devices)
      expect(await openConnections(front)).toBe(0)
      {
        await using next = await device()
        ask(next, 'GET /device/next')
        expect((await next.response()).startLine).toBe('HTTP/1.1 200 OK')
      }
      await settled('connection', devices)
      expect(await openConnections(front)).toBe(0)
      const all = await records(count + 1)
      expect(all.map(({ path }) => path)).toHaveLength(count + 1)
      expect(all.at(-1)?.['path']).toBe('/device/next')
      return found
    },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** What the metrics say, as a scraper reads them. */
async function openConnections({ statusPort }: Product): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()
  return Number(/^tfe_connections_open\{[^}]*\} (\d+)$/m.exec(text)?.[1])
}
