/** One connection of a device with one request, over real TLS. */
import { connect, type TLSSocket } from 'node:tls'
import type { Certificate } from './devices.ts'
import { HOST } from './certificates.ts'

/** Where devices call, and by which CA they know it. */
export interface Address {
  readonly port: number
  readonly siteRoot: string
}

export interface Request {
  readonly certificate: Certificate | undefined
  readonly path: string
  readonly userAgent: string
}

/** Connects as a device; settles when the handshake is over. */
export function dial({ port, siteRoot }: Address, certificate: Certificate | undefined): TLSSocket {
  return connect({
    host: '127.0.0.1',
    port,
    servername: HOST,
    ca: siteRoot,
    ALPNProtocols: ['http/1.1'],
    ...(certificate === undefined
      ? {}
      : { cert: certificate.leaf.chainPem, key: certificate.leaf.keyPem }),
  })
}

/** Settles when a connection is over, however it ended: the program under it may be killed at any moment. */
export const closed = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => {})
    socket.once('close', () => resolve())
  })

/** The head of a request as a device writes it. */
export const headOf = (
  { path, userAgent }: Pick<Request, 'path' | 'userAgent'>,
  method: string,
  ...fields: readonly string[]
): string =>
  [
    `${method} ${path} HTTP/1.1`,
    `Host: ${HOST}`,
    `User-Agent: ${userAgent}`,
    ...fields,
    '',
    '',
  ].join('\r\n')

/** A conversation on the sync port: 200 when what was said came back, 0 when the connection ended without. */
export async function relayOnce(
  address: Address,
  certificate: Certificate | undefined,
): Promise<number> {
  const socket = dial(address, certificate)
  const { promise, resolve } = Promise.withResolvers<number>()
  socket.on('error', () => {})
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  socket.once('close', () => resolve(0))
  socket.once('data', () => resolve(200))
  socket.write('sync?')
  const status = await promise
  socket.destroy()
  return status
}

/** The status of the answer; 0 is a connection that ended without one. */
export async function requestOnce(address: Address, request: Request): Promise<number> {
  const socket = dial(address, request.certificate)
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.write(headOf(request, 'GET', 'Connection: close'))
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  // Who is turned away has no status.
  await closed(socket)
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3}) /u.exec(received) ?? []
  return Number(status)
}

/** Two shared cores may be busy; a front end that takes longer than this has lost the request. */
const PATIENCE_MS = 30_000
