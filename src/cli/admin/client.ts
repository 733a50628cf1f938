/**
 * The admin API from the command line: where it is, who calls, and one call at a time.
 */
import { statSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Explanation } from '../../kernel/explanation.ts'
import { isLoopback } from '../../kernel/network.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { readInput } from '../read-input.ts'
import { explainConnection } from './explain-connection.ts'
import { explainOtherScheme } from './other-scheme.ts'

/** Where the admin API is, and the token to call it with. */
export interface AdminEndpoint {
  readonly url: URL
  readonly token: string
  /** PEM. */
  readonly ca: string | undefined
}

/** One call. */
export interface ApiRequest {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  /** The ETag that it was decided on. */
  readonly match?: string
  /** Milliseconds without a sign of life, where a minute is too little. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

/** What came back. */
export interface ApiResponse {
  readonly status: number
  readonly etag: string
  readonly body: unknown
}

type Env = Readonly<Record<string, string | undefined>>

/** Understands where to call and as whom; a string says what is wrong with that. */
export function readAdminEndpoint(
  options: ReadonlyMap<string, string>,
  env: Env,
): Result<AdminEndpoint, string> {
  const text = options.get('url') ?? (env['TFE_ADMIN_URL'] || DEFAULT_URL)
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return fail(`found the address '${text}', wanted https://HOST:PORT`)
  }
  // In the clear the token can be read on the way.
  if (url.protocol === 'http:' && !isThisMachine(url.hostname)) {
    return fail(`found ${text}, wanted https: only the loopback is called in the clear`)
  }
  const file = options.get('token-file')
  const token = file === undefined ? ok(env['TFE_ADMIN_TOKEN'] ?? '') : readToken(file)
  if (!token.ok) return token
  if (token.value === '') {
    return fail('this needs an API token: set TFE_ADMIN_TOKEN, or add --token-file FILE')
  }
  const caFile = options.get('ca') ?? (env['TFE_ADMIN_CA'] || undefined)
  if (caFile === undefined) return ok({ url, token: token.value, ca: undefined })
  const ca = readInput(caFile, 'the CA of the admin API')
  return ca.ok ? ok({ url, token: token.value, ca: ca.value.toString('utf8') }) : ca
}

const DEFAULT_URL = 'http://127.0.0.1:9465'

const isThisMachine = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || isLoopback(host)

function readToken(file: string): Result<string, string> {
  const octets = readInput(file, 'an API token')
  if (!octets.ok) return octets
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    return fail(`others can read ${file}: run chmod 600 ${file}, and revoke the token if they did`)
  }
  const token = octets.value.toString('utf8').trim()
  return token === '' ? fail(`${file} holds no token`) : ok(token)
}

/** Calls once. A failure is about the connection; any answer of the admin API is an answer. */
export async function callAdminApi(
  endpoint: AdminEndpoint,
  ask: ApiRequest,
): Promise<Result<ApiResponse, Explanation>> {
  const response = await openResponse(endpoint, ask)
  return response.ok ? await readResponse(response.value, endpoint.url.origin) : response
}

/** Calls once, and returns the answer as soon as it begins. */
export async function openResponse(
  { url, token, ca }: AdminEndpoint,
  ask: ApiRequest,
): Promise<Result<IncomingMessage, Explanation>> {
  const body = ask.body === undefined ? undefined : JSON.stringify(ask.body)
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...(ask.match === undefined ? {} : { 'if-match': ask.match }),
  }
  const { promise, resolve } = Promise.withResolvers<Result<IncomingMessage, Error>>()
  const where = new URL(ask.path, url)
  const timeout = ask.timeout ?? RESPONSE_TIMEOUT_MS
  const { method, signal } = ask
  const options = { method, headers, timeout, ...(signal === undefined ? {} : { signal }) }
  const taken = (response: IncomingMessage): void => resolve(ok(response))
  const call =
    url.protocol === 'https:'
      ? httpsRequest(where, { ...options, ...(ca === undefined ? {} : { ca }) }, taken)
      : httpRequest(where, options, taken)
  call.once('timeout', () => call.destroy(new Error(`no answer within ${timeout / 1000} s`)))
  // Not once: an answer that breaks off tells its reader, and then this.
  call.on('error', (error) => resolve(fail(error)))
  call.end(body)
  const opened = await promise
  if (opened.ok) return opened
  if (signal?.aborted === true) {
    return fail({ sentence: 'ended before an answer came', nextStep: 'give the command again' })
  }
  const other = await explainOtherScheme(url, opened.failure)
  return fail(other ?? explainConnection(url, opened.failure))
}

/** Reads an answer whole. */
export async function readResponse(
  response: IncomingMessage,
  origin: string,
): Promise<Result<ApiResponse, Explanation>> {
  const parts: Buffer[] = []
  try {
    for await (const part of response) parts.push(part as Buffer)
  } catch (error) {
    return fail(unreachableApi(`${origin} ended its answer early: ${codeOf(error)}`))
  }
  const { statusCode: status = 0, headers } = response
  const text = Buffer.concat(parts).toString()
  if (text === '' && status === 204) return ok({ status, etag: '', body: undefined })
  try {
    const body: unknown = JSON.parse(text)
    return ok({ status, etag: headers.etag ?? '', body })
  } catch {
    return fail(
      unreachableApi(`${origin} answers ${status} in another way than the admin API does`),
    )
  }
}

/** Says of a call that had no answer where to look. */
const unreachableApi = (sentence: string): Explanation => ({
  sentence,
  nextStep: 'see that it runs, and that --url, --ca, TFE_ADMIN_URL and TFE_ADMIN_CA say where',
})

/** Names what went wrong with a connection. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return code ?? error.message
}

/** A list of a million devices is asked for in pages; whatever takes longer than this has gone wrong. */
const RESPONSE_TIMEOUT_MS = 60_000
