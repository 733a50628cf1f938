/**
 * What stands between `tfe` and the admin API and writes down every call that was made. It cannot leave one out: `tfe`
 * knows no other address.
 */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

/** A call of the admin API, without its query. */
export interface Call {
  readonly method: string
  readonly path: string
}

/** A call that was made. */
export interface MadeCall extends Call {
  readonly status: number
}

export interface RecordingProxy extends AsyncDisposable {
  /** Without TLS. */
  readonly url: string
  /** With TLS, under a CA that no system knows. */
  readonly tlsUrl: string
  /** PEM. */
  readonly ca: string
  /** Every call that was answered. */
  readonly calls: readonly MadeCall[]
}

/** Passes calls on to a port of this machine. */
export async function recordingProxy(port: number): Promise<RecordingProxy> {
  const calls: MadeCall[] = []
  const pass = (incoming: IncomingMessage, answer: ServerResponse): void => {
    const { method = '', url = '/', headers } = incoming
    const outgoing = request(
      { host: '127.0.0.1', port, method, path: url, headers },
      (response) => {
        calls.push({ method, path: url.split('?')[0] ?? '', status: response.statusCode ?? 502 })
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      },
    )
    outgoing.once('error', () => answer.destroy())
    incoming.pipe(outgoing)
  }
  const ca = mintCa({ name: 'Admin CA' })
  const { chainPem, keyPem } = mintLeaf({
    issuer: ca,
    purposes: ['serverAuth'],
    dns: ['localhost'],
  })
  const plain = createServer(pass)
  const tls = createTlsServer({ cert: chainPem, key: keyPem }, pass)
  for (const server of [plain, tls]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  return {
    url: `http://127.0.0.1:${(plain.address() as AddressInfo).port}`,
    tlsUrl: `https://localhost:${(tls.address() as AddressInfo).port}`,
    ca: ca.pem,
    calls,
    async [Symbol.asyncDispose]() {
      for (const server of [plain, tls]) {
        const closed = once(server, 'close')
        server.close()
        server.closeAllConnections()
        await closed
      }
    },
  }
}
