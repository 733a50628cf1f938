import { connect, type TLSSocket } from 'node:tls'
import type { Leaf } from '../certificates/mint.ts'
import { clientTls } from '../front-ends/product.ts'

export const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

export interface OneRequest {
  readonly version: (typeof VERSIONS)[number]
  readonly device?: Leaf
  readonly path?: string
  readonly session?: Buffer | undefined
  readonly servername?: string
}

export interface OneResponse {
  readonly status: number
  readonly head: string
  readonly resumed: boolean
  readonly session: Buffer | undefined
}

/** One connection, one request; the last session that the front end offered is kept. Status 0 is no answer. */
export async function requestOnce(
  { port }: { readonly port: number },
  { version, device, path = '/device/x', session, servername = 'localhost' }: OneRequest,
): Promise<OneResponse> {
  const socket: TLSSocket = connect({
    ...clientTls(port, device),
    minVersion: version,
    maxVersion: version,
    servername,
    ...(session === undefined ? {} : { session }),
  })
  let offered: Buffer | undefined
  let received = ''
  let resumed = false
  socket.on('secureConnect', () => {
    resumed = socket.isSessionReused()
  })
  socket.on('session', (one: Buffer) => {
    offered = one
  })
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`)
  const { promise, resolve } = Promise.withResolvers<void>()
  // Who is turned away in the handshake has no status; `close` follows.
  socket.on('error', () => {})
  socket.once('close', () => resolve())
  await promise
  const [head = ''] = received.split('\r\n\r\n', 1)
  const status = Number(head.slice('HTTP/1.1 '.length).slice(0, 3))
  return { status, head, resumed, session: offered }
}
