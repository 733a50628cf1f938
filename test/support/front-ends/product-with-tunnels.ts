/**
 * A product with a sync port in front of a raw upstream, and devices that speak whatever they like through it.
 */
import { once } from 'node:events'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Leaf } from '../certificates/mint.ts'
import { clientTls, product, type Line, type Product, type ProductOptions } from './product.ts'
import { rawUpstream, type RawUpstream, type Script } from '../upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../upstreams/upstream-tls.ts'

/** What varies from tunnel to tunnel. */
export interface TunnelOptions extends Partial<Omit<ProductOptions, 'limits' | 'yaml'>> {
  /** YAML of the listener's `relay:`, in braces or not. */
  readonly relay?: string
  /** YAML of its `limits:`, one `key: value` each. */
  readonly limits?: readonly string[]
  readonly yaml?: Readonly<Record<string, string>>
  /** How the upstream speaks TLS. */
  readonly upstream?: Parameters<typeof rawUpstream>[0]
}

export interface ProductWithTunnels extends AsyncDisposable {
  readonly product: Product
  readonly upstream: RawUpstream
  readonly port: number
  /** A device, its handshake behind it. */
  device(leaf?: Leaf, options?: ConnectionOptions): Promise<TunnelClient>
  /** The first so many lines about tunnels. */
  tunnels(count: number): Promise<readonly Line[]>
}

/** YAML of a sync port, and of an ordinary listener beside it. */
export const syncListeners = (relay?: string, limits?: readonly string[]): string => `
${syncListener(relay, limits)}
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    routes: tested`

/** YAML of a sync port alone. */
export const syncListener = (relay = '{}', limits: readonly string[] = []): string => `
  sync:
    purpose: sync
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    limits: { ${limits.join(', ')} }
    relay: ${relay}`

/** Starts both. */
export async function productWithTunnels(
  script: Script,
  options: TunnelOptions = {},
): Promise<ProductWithTunnels> {
  const { relay, limits, yaml, upstream: tls = {}, ...rest } = options
  const upstream = await rawUpstream({ ...upstreamTlsOptions, allowHalfOpen: true, ...tls }, script)
  const frontEnd = await product({
    upstreamPort: upstream.port,
    ...rest,
    yaml: { listeners: syncListeners(relay, limits), ...yaml },
  })
  const port = frontEnd.serving.ports['sync'] ?? 0
  const clients = new Set<TunnelClient>()
  return {
    product: frontEnd,
    upstream,
    port,
    async device(leaf, others = {}) {
      const client = await TunnelClient.to({
        ...clientTls(port, leaf),
        allowHalfOpen: true,
        ...others,
      })
      clients.add(client)
      return client
    },
    async tunnels(count) {
      const found = (): readonly Line[] => frontEnd.lines.filter(({ msg }) => msg === 'tunnel')
      if (found().length < count) await frontEnd.waitForLine(() => found().length >= count)
      return found()
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of clients) socket.destroy()
      await frontEnd[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** One end of a connection that carries octets. */
export class TunnelClient {
  readonly socket: TLSSocket
  /** Settles when the other side has ended its half, or the connection is gone. */
  readonly ended: Promise<'ended' | 'gone'>
  /** Settles when the connection is gone. */
  readonly gone: Promise<void>
  #received = Buffer.alloc(0)
  #wake: (() => void) | undefined

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve('ended'))
      socket.once('close', () => resolve('gone'))
    })
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        resolve()
        this.#wake?.()
      })
    })
  }

  static async to(options: ConnectionOptions & { allowHalfOpen?: boolean }): Promise<TunnelClient> {
    const socket = connect(options)
    await once(socket, 'secureConnect')
    return new TunnelClient(socket)
  }

  get received(): string {
    return this.#received.toString('latin1')
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** Waits until so much has arrived, or the connection is gone. */
  async receiveUntil(marker: string): Promise<string> {
    while (!this.received.includes(marker)) {
      if (this.socket.destroyed) throw new Error(`gone before ${JSON.stringify(marker)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.received
  }
}

/** The upstream sends back whatever it is sent, and ends when it is ended. */
export const echo: Script = ({ socket }) => {
  socket.pipe(socket)
}
