/**
 * What may be sent again. Two things only: a request of which nothing was sent, and one that may arrive twice
 * (RFC 9110 §9.2.2) and left nothing behind that we could not say again. Everything else fails, visibly.
 */

/** What is known of an attempt that came to nothing. */
export interface FailedAttempt {
  readonly method: string
  /** Not an octet of the request left this machine. */
  readonly unsent: boolean
  /** An octet of an answer arrived, an interim one included. */
  readonly responseBegan: boolean
  /** Whether the request has a body, and whether a byte of it was taken from the device: we keep none. */
  readonly body: 'none' | 'untouched' | 'touched'
  /** The connection simply ended; nothing was said that explains it. */
  readonly closed: boolean
  /** The connection had carried a request before: it may have died meanwhile, which says nothing of the server. */
  readonly reused: boolean
}

/** Where to go next: the same server on a new connection, another server, or nowhere. */
export type RetryDecision = 'give-up' | 'other-server' | 'same-server'

/** Decides; how often is the caller's business. */
export function retryDecision(attempt: FailedAttempt): RetryDecision {
  const { method, unsent, responseBegan, body, closed, reused } = attempt
  if (responseBegan || body === 'touched') return 'give-up'
  if (unsent) return 'same-server'
  // Without a body there is nothing to send twice but the question.
  if (!closed || body !== 'none' || !IDEMPOTENT.has(method)) return 'give-up'
  return reused ? 'same-server' : 'other-server'
}

/** PUT and DELETE are idempotent by the letter; MDM servers answer them with commands to devices. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
