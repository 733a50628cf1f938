/** A server that keeps the last request's fields, octet by octet, and a client that shows a certificate. */
import { once } from 'node:events'
import { request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import type { Case } from './cases.ts'

export interface Upstream extends AsyncDisposable {
  readonly port: number
  /** The fields of the request since the last call, each octet a character. */
  take(): ReadonlyMap<string, string>
}

/** Answers every request with 200 and closes the connection. */
export async function listeningUpstream(): Promise<Upstream> {
  let head = ''
  const server = createServer((socket) => {
    let received = ''
    socket.on('error', () => socket.destroy())
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
      if (!received.includes('\r\n\r\n')) return
      head = received
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const fields = head.split('\r\n').flatMap((line): [string, string][] => {
        const at = line.indexOf(':')
        // HTTP takes white space at the edges of a value away (RFC 9110 §5.5).
        return at < 1 ? [] : [[line.slice(0, at).toLowerCase(), edgesTrimmed(line.slice(at + 1))]]
      })
      head = ''
      return new Map(fields)
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

/** Not `trim()`, which also takes U+0085 and U+00A0 for white space. */
export const edgesTrimmed = (value: string): string => value.replaceAll(/^[ \t]+|[ \t]+$/gu, '')

/** Sends one request with the certificate of a case, and waits for its answer. */
export async function requestWith(
  { leaf }: Case,
  { port, anchor }: { readonly port: number; readonly anchor: string },
): Promise<void> {
  const call = request({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: anchor,
    cert: leaf.chainPem,
    key: leaf.keyPem,
    agent: false,
  }).end()
  const [response] = await once(call, 'response')
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200)
    throw new Error(`found status ${response.statusCode}, wanted 200`)
}
