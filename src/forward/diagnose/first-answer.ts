/**
 * What a server answers to one harmless request. Some servers take any connection and refuse a missing or unknown client
 * certificate with their first response: nginx does.
 */
import type { TLSSocket } from 'node:tls'

/** How it ended. */
export type FirstAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly refusal: Refusal | undefined }
  | { readonly kind: 'broken'; readonly error: Error | undefined }
  /** Nothing came in time, or something that is no HTTP. */
  | { readonly kind: 'unknown' }

/** What a server holds against us in so many words. */
export type Refusal = 'missing' | 'refused'

/** Asks for `/`, and waits for the first part of the answer. */
export function firstAnswer(
  socket: TLSSocket,
  { host, timeout }: { readonly host: string; readonly timeout: number },
): Promise<FirstAnswer> {
  const { promise, resolve } = Promise.withResolvers<FirstAnswer>()
  let text = ''
  const settled = (): FirstAnswer => {
    const [, status] = /^HTTP\/1\.[01] ([0-9]{3})/u.exec(text) ?? []
    if (status === undefined) return { kind: 'unknown' }
    const refusal = REFUSALS.find(([words]) => text.includes(words))?.[1]
    return { kind: 'answered', status: Number(status), refusal }
  }
  let error: Error | undefined
  const deadline = setTimeout(() => resolve(settled()), timeout)
  socket.once('_tlsError', (found: Error) => (error ??= found))
  socket.once('error', (found) => (error ??= found))
  // Node tells of the end before it tells of the alert that caused it.
  socket.once('close', () =>
    setImmediate(() => resolve(text === '' ? { kind: 'broken', error } : settled())),
  )
  socket.on('data', (octets: Buffer) => {
    text = (text + octets.toString('latin1')).slice(0, MAX_TEXT)
    if (text.length === MAX_TEXT) resolve(settled())
  })
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: tfe\r\nConnection: close\r\n\r\n`)
  return promise.finally(() => clearTimeout(deadline))
}

/** The pages of nginx for its own statuses 496 and 495. */
const REFUSALS: readonly (readonly [words: string, refusal: Refusal])[] = [
  ['No required SSL certificate was sent', 'missing'],
  ['The SSL certificate error', 'refused'],
]

/** The page of a refusal has some hundred octets. */
const MAX_TEXT = 4096
