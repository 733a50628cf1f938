/**
 * Devices and an upstream that do one thing after the other, so that the front end between them does the same
 * work each time: no operation waits for another, and none shares a system call with another.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

export interface Place {
  readonly address: string
  readonly port: number
}

const root = mintCa({ name: 'Root' })
const devices = mintCa({ name: 'Devices', issuer: root })
const server = mintLeaf({ issuer: root, purposes: ['serverAuth'], dns: ['localhost'] })

/** Makes so many requests over one connection. */
export interface KeptConnection {
  get(times: number): Promise<void>
}

/** Opens the connection that keep-alive requests use, and makes the first: one without is not kept for long. */
export async function keepConnection(place: Place): Promise<KeptConnection> {
  const connection = connectDevice(place, 'TLSv1.3')
  await connection.get()
  return {
    async get(times) {
      for (let time = 0; time < times; time += 1) await connection.get()
    },
  }
}

/** Connects `times` devices that were never seen before; each makes one request and closes. */
export async function handshakes(place: Place, version: TlsVersion, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const connection = connectDevice(place, version)
    await connection.get()
    await connection.close()
  }
}

/** A device with a key and a certificate of its own, which no other call of this function uses. */
function connectDevice({ address, port }: Place, version: TlsVersion) {
  const leaf = mintLeaf({ issuer: devices, name: `device ${(count += 1)}` })
  const socket = connect({
    host: address,
    port,
    servername: 'localhost',
    ca: root.pem,
    cert: leaf.chainPem,
    key: leaf.keyPem,
    minVersion: version,
    maxVersion: version,
  })
  socket.setNoDelay(true)
  let current = Promise.withResolvers<void>()
  let received = ''
  let failure: Error | undefined
  const fail = (error: Error): void => {
    failure ??= error
    current.reject(failure)
  }
  // What goes wrong between two requests is told by the second.
  current.promise.catch(() => {})
  socket.on('error', fail)
  const closed = Promise.withResolvers<void>()
  socket.on('close', () => {
    closed.resolve()
    fail(new Error('the front end closed the connection'))
  })
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
    if (!received.endsWith(`\r\n\r\n${BODY}`)) return
    if (received.startsWith('HTTP/1.1 200 ')) current.resolve()
    else fail(new Error(`wanted status 200, found ${received}`))
    received = ''
  })
  return {
    get(): Promise<void> {
      if (failure !== undefined) return Promise.reject(failure)
      current = Promise.withResolvers()
      socket.write('GET /device HTTP/1.1\r\nHost: localhost\r\n\r\n')
      return current.promise
    },
    async close(): Promise<void> {
      current.promise.catch(() => {})
      socket.end()
      await closed.promise
    },
  }
}

let count = 0
const BODY = 'ok'

/** Starts the server behind the front ends, which answers each request at once. */
export async function startUpstream(): Promise<AsyncDisposable & { readonly port: number }> {
  const upstream = createServer({ key: server.keyPem, cert: server.chainPem }, (socket) => {
    socket.setNoDelay(true)
    // A front end that is stopped resets its connections.
    socket.on('error', () => {})
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      const requests = received.split('\r\n\r\n')
      received = requests.pop() ?? ''
      for (const _ of requests) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`)
      }
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  return {
    port: (upstream.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      upstream.close()
    },
  }
}

/** Writes a configuration and its certificates; answers the path of the configuration. */
export function writeConfiguration(
  folder: string,
  { address, port }: Place,
  upstreamPort: number,
): string {
  const files = {
    'root.pem': root.pem,
    'server.pem': server.chainPem,
    'server.key': server.keyPem,
    'tfe.yaml': JSON.stringify(configuration({ address, port }, upstreamPort), null, 2),
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
  return join(folder, 'tfe.yaml')
}

/** One process, one listener, one upstream, events and metrics on, as `npm run bench` measures it. */
function configuration({ address, port }: Place, upstreamPort: number) {
  return {
    profile: 'generic',
    workers: 1,
    store: { dangerousNone: true },
    enforcement: 'required',
    trust: {
      enrollmentSettings: [{ name: 'bench', standing: 'current', chain: 'file:root.pem' }],
    },
    listeners: {
      devices: {
        address,
        port,
        hosts: ['localhost'],
        certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }],
        routes: 'all',
        // Under valgrind on a busy machine everything takes a hundred times as long; and the connection of the
        // keep-alive requests is idle while others are counted.
        limits: {
          handshake: '60s',
          headers: '60s',
          idle: '60m',
          requestsPerConnection: 1_000_000,
        },
      },
    },
    routes: { all: { rows: [{ id: 'all', path: '/*', class: 'device' }] } },
    upstreams: {
      backend: {
        url: `https://127.0.0.1:${upstreamPort}`,
        limits: { connect: '60s', idle: '60m' },
        identity: { format: 'nginx', fields: { certificate: 'X-Client-Cert' } },
        tls: {
          hostname: 'localhost',
          sni: 'localhost',
          trust: { default: 'off', custom: ['file:root.pem'] },
        },
      },
    },
    metrics: { port: 0 },
    log: { level: 'info', requests: true, connections: true },
  }
}
