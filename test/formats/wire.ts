/** A server that keeps what the last connection told it, octet by octet, and a client that shows a certificate. */
import { once } from 'node:events'
import { request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Case } from './cases.ts'
import { FASTCGI_ANSWER, FASTCGI_VERSION, fastCgiVariables } from './fastcgi.ts'
import { proxyFields } from './proxy-fields.ts'

export interface Upstream extends AsyncDisposable {
  readonly port: number
  /** What it was told since the last call, by lower-case name, each octet a character. */
  take(): Fields
}

export type Fields = ReadonlyMap<string, string>

/** Answers every request with 200 and closes the connection: HTTP or FastCGI, behind a PROXY header or not. */
export async function listeningUpstream(): Promise<Upstream> {
  let told: Fields = new Map()
  const server = createServer((socket) => {
    let received = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('data', (octets: Buffer) => {
      received = Buffer.concat([received, octets])
      const message = messageIn(received)
      if (message === undefined) return
      told = message.fields
      socket.end(message.answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const taken = told
      told = new Map()
      return taken
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

interface Message {
  readonly fields: Fields
  readonly answer: string | Buffer
}

/** Nothing while there is more to come. */
function messageIn(octets: Buffer): Message | undefined {
  const proxy = proxyFields(octets)
  if (proxy === 'unfinished') return undefined
  const rest = octets.subarray(proxy.length)
  const message = rest[0] === FASTCGI_VERSION ? fastCgiIn(rest) : httpIn(rest.toString('latin1'))
  if (message === undefined) return undefined
  return { ...message, fields: new Map([...proxy.fields, ...message.fields]) }
}

function httpIn(text: string): Message | undefined {
  if (!text.includes('\r\n\r\n')) return undefined
  const pairs = text.split('\r\n').flatMap((line): [string, string][] => {
    const at = line.indexOf(':')
    return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
  })
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
  return { fields: fieldsOf(pairs), answer }
}

function fastCgiIn(octets: Buffer): Message | undefined {
  const pairs = fastCgiVariables(octets)
  if (pairs === undefined) return undefined
  // No line break can stand in a field.
  const inLine = pairs.map(([name, value]): [string, string] => [
    name,
    value.startsWith('-----BEGIN') ? value.trimEnd().replaceAll('\n', ' ') : value,
  ])
  return { fields: fieldsOf(inLine), answer: FASTCGI_ANSWER }
}

const fieldsOf = (pairs: readonly [string, string][]): Fields =>
  new Map(pairs.map(([name, value]) => [name.toLowerCase(), edgesTrimmed(value)]))

/** HTTP takes white space at the edges of a value away (RFC 9110 §5.5). Not `trim()`, which also takes U+0085 and U+00A0 for white space. */
const edgesTrimmed = (value: string): string => value.replaceAll(/^[ \t]+|[ \t]+$/gu, '')

/** Why the TLS library does not load the certificate of a case; nothing when it does. */
export function notShown({ leaf }: Case): string | undefined {
  try {
    createSecureContext({ cert: leaf.chainPem, key: leaf.keyPem })
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}

/** An answer: how the certificate was refused, unless with 200, and the body. */
export interface Answer {
  readonly refusal: string | undefined
  readonly body: string
}

/** Sends one request with the certificate of a case; nothing when it is answered with 200, else how it was refused. */
export const requestWith = async (one: Case, to: Destination): Promise<string | undefined> =>
  (await exchange(one, to)).refusal

interface Destination {
  readonly port: number
  readonly anchor: string
}

/** Sends one request with the certificate of a case. */
export async function exchange({ leaf }: Case, { port, anchor }: Destination): Promise<Answer> {
  const call = request({
    host: '127.0.0.1',
    port,
    path: '/',
    servername: 'localhost',
    headers: { host: 'localhost' },
    ca: anchor,
    cert: leaf.chainPem,
    key: leaf.keyPem,
    agent: false,
  }).end()
  try {
    const [response] = await once(call, 'response')
    let body = ''
    for await (const part of response.setEncoding('utf8')) body += part
    return {
      refusal: response.statusCode === 200 ? undefined : `status ${response.statusCode}`,
      body,
    }
  } catch (error) {
    const code = codeOf(error)
    if (/ALERT/u.test(code)) return { refusal: 'TLS alert', body: '' }
    const isClosed = code === 'ECONNRESET' || code === 'EPIPE'
    return { refusal: isClosed ? 'connection closed' : code, body: '' }
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
