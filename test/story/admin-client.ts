/** The admin API as an administrator calls it. */
import { request, type IncomingMessage } from 'node:http'

export interface Answer {
  readonly status: number
  readonly etag: string
  readonly body: unknown
}

export interface Sent {
  readonly body?: unknown
  readonly match?: string
}

export type Method = 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT'

/** The call that everything can be taken away by. */
export const EXPORT = '/api/export'

export class AdminClient {
  readonly #port: number
  readonly #token: string
  #calls = 0

  constructor(port: number, token: string) {
    this.#port = port
    this.#token = token
  }

  /** One call; rejects when the program is gone before its answer is whole. */
  async call(method: Method, path: string, { body, match }: Sent = {}): Promise<Answer> {
    this.#calls += 1
    const text = body === undefined ? undefined : JSON.stringify(body)
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asked = request(
      {
        host: '127.0.0.1',
        port: this.#port,
        method,
        path,
        // The API bounds the calls of one address; each client of the story has one of its own.
        localAddress: `127.0.0.${1 + (Math.floor(this.#calls / CALLS_PER_ADDRESS) % ADDRESSES)}`,
        agent: false,
        timeout: TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...(match === undefined ? {} : { 'if-match': match }),
        },
      },
      resolve,
    )
    asked.once('error', reject)
    asked.once('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer in time`)))
    asked.end(text)
    const response = await promise
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    if (!response.complete) throw new Error(`${method} ${path}: the answer is not whole`)
    const answered = Buffer.concat(chunks).toString('utf8')
    const type = response.headers['content-type'] ?? ''
    return {
      status: response.statusCode ?? 0,
      etag: response.headers.etag ?? '',
      body: /json(?!l)/u.test(type) ? JSON.parse(answered) : answered,
    }
  }
}

const CALLS_PER_ADDRESS = 200
const ADDRESSES = 50
const TIMEOUT_MS = 60_000
