/**
 * undici's errors on a connection that was already open → failures with facts.
 */
import { errorCode } from '../../kernel/error-code.ts'
import { dialFailure } from '../connect/dial-failure.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'

/** How far the response had come: not an octet, an octet, or its whole head. */
export type ResponseProgress = 'none' | 'begun' | 'head-received'

/** Names what ended an exchange; `hostname` is the upstream's. */
export function exchangeFailure(
  error: Error,
  progress: ResponseProgress,
  hostname: string,
): UpstreamFailure {
  const code = errorCode(error)
  if (isReset(error) || (progress === 'head-received' && isTruncated(error))) {
    return { kind: 'reset', during: progress === 'none' ? 'request' : 'response' }
  }
  if (UNSENDABLE.has(code)) return { kind: 'unsendable', reason: error.message }
  // TLS 1.3: a server that misses our certificate says so only after the handshake (RFC 8446 §4.4.2.4).
  if (code.startsWith('ERR_SSL_')) return dialFailure(error, hostname)
  return { kind: 'bad-response', reason: parserReason(error) }
}

/** Whether the connection simply ended, which is no fault on an idle connection. */
export function isReset(error: Error): boolean {
  const code = errorCode(error)
  if (code === 'UND_ERR_SOCKET') return !error.message.startsWith('bad ')
  return RESET.has(code)
}

const RESET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** The end came inside a body. Before one, undici says the same of a head with nonsense for a length. */
const isTruncated = (error: Error): boolean =>
  errorCode(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
  parserReason(error) === 'Invalid EOF state'

/** llhttp's own words, which undici puts into brackets. */
const parserReason = ({ message }: Error): string =>
  /^Response does not match the HTTP\/1\.1 protocol \((.+)\)$/.exec(message)?.[1] ?? message

const UNSENDABLE: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
])
