/**
 * Asks an HTTP server for a list, under bounds: nothing that it sends or leaves unsent holds us up, or fills us.
 * Whether the octets are a list, and whose, is not asked here.
 */
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { codeOrText } from '../kernel/error-code.ts'
import { fail, ok, type Result } from '../kernel/types.ts'
import { MAX_CRL_BYTES } from '../x509/crl.ts'
import type { FetchFailure } from './crl-failure.ts'

/** What one server may take from us. */
export interface FetchLimits {
  readonly bytes: number
  readonly redirects: number
  /** Milliseconds, everything included. */
  readonly deadline: number
}

export const FETCH_LIMITS: FetchLimits = {
  bytes: MAX_CRL_BYTES,
  // Publishers move behind another name, and from there to a network of caches.
  redirects: 3,
  // The largest list we take, at ten megabits a second.
  deadline: 60_000,
}

/** What a server said about its list, so that it need not send the same again (RFC 9110 §13.1). */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

/** The octets, or that there are no new ones. */
export type Fetched =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'octets'; readonly octets: Buffer; readonly validators: Validators }

export interface FetchOptions {
  readonly known: Validators | undefined
  readonly limits: FetchLimits
  /** Asks for the addresses of a server's name, as `dns.lookup` does. */
  readonly lookup: LookupFunction
  /** Ends the attempt. */
  readonly signal: AbortSignal
}

/** Fetches once, redirects followed. */
export async function fetchCrl(
  url: string,
  options: FetchOptions,
): Promise<Result<Fetched, FetchFailure>> {
  const late = AbortSignal.timeout(options.limits.deadline)
  const signal = AbortSignal.any([late, options.signal])
  try {
    return await follow(url, options, signal)
  } catch (error) {
    if (late.aborted) return fail({ kind: 'crl-late', limit: options.limits.deadline })
    const code = codeOrText(error)
    return fail({ kind: 'crl-unreachable', code })
  }
}

async function follow(
  url: string,
  { known, limits, lookup }: FetchOptions,
  signal: AbortSignal,
): Promise<Result<Fetched, FetchFailure>> {
  let place = url
  for (let hops = 0; ; hops += 1) {
    const response = await sendRequest(place, known, { lookup, signal })
    const { statusCode: status = 0, headers } = response
    if (!REDIRECTS.has(status) || headers.location === undefined) {
      return readResponse(response, known, limits)
    }
    response.destroy()
    const next = URL.parse(headers.location, place)
    if (next === null || !mayFollow(next, place) || hops === limits.redirects) {
      return fail({ kind: 'crl-redirected', to: headers.location.slice(0, 200) })
    }
    place = next.href
  }
}

/** Who asked for https wants to know whom he hears; and no server tells us what password to show to another one. */
function mayFollow({ protocol, username, password }: URL, from: string): boolean {
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && !from.startsWith('https:'))
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function sendRequest(
  url: string,
  known: Validators | undefined,
  { lookup, signal }: Pick<FetchOptions, 'lookup' | 'signal'>,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers: Record<string, string> = { accept: 'application/pkix-crl, */*;q=0.1' }
  if (known?.etag !== undefined) headers['if-none-match'] = known.etag
  else if (known?.lastModified !== undefined) headers['if-modified-since'] = known.lastModified
  const send = url.startsWith('https:') ? requestHttps : requestHttp
  // No agent: an hour passes until the next one, and no connection is kept for that.
  const request = send(url, { headers, agent: false, lookup, signal })
  request.once('response', resolve)
  request.on('error', reject)
  request.end()
  return promise
}

async function readResponse(
  response: IncomingMessage,
  known: Validators | undefined,
  { bytes: limit }: FetchLimits,
): Promise<Result<Fetched, FetchFailure>> {
  const { statusCode: status = 0, headers } = response
  if (status === 304 && known !== undefined) {
    response.resume()
    return ok({ kind: 'unchanged' })
  }
  if (status !== 200) {
    response.destroy()
    return fail({ kind: 'crl-status', status })
  }
  const announced = Number(headers['content-length'] ?? 0)
  if (announced > limit) {
    response.destroy()
    return fail({ kind: 'crl-too-large', bytes: announced, limit })
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limit) return fail({ kind: 'crl-too-large', bytes, limit })
    chunks.push(chunk)
  }
  const validators = { etag: headers.etag, lastModified: headers['last-modified'] }
  return ok({ kind: 'octets', octets: Buffer.concat(chunks), validators })
}
