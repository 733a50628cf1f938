/**
 * Which requests of a connection are rejected before their turn, and which one is the last that is answered: what is
 * sent after that one is not read, because the answer told the device that the connection ends (RFC 9112 §9.6).
 */
import type { IncomingMessage } from 'node:http'
import type { Connection, Unanswered } from './connection.ts'
import type { Verdict } from './request-event.ts'
import { explainRejection, type Rejection } from './rejection.ts'

/** A request that was rejected before its device was identified. */
export interface Rejected {
  readonly kind: 'rejected'
  readonly verdict: Verdict & { readonly kind: 'rejected' }
}

/** Rejects a request. */
export function rejected(why: Rejection): Rejected {
  return { kind: 'rejected', verdict: { kind: 'rejected', facts: explainRejection(why) } }
}

/** Devices do not pipeline; a few are tolerated, a queue in our memory is not. */
const MAX_PIPELINED = 8
const TOO_MANY_PIPELINED = rejected({ kind: 'too-many-pipelined', limit: MAX_PIPELINED })
/** What is sent behind the last request. */
export const AFTER_CLOSE = rejected({ kind: 'after-close' })

/** Rejects a request that need not wait for its turn. */
export function rejectEarly(
  arrived: Unanswered,
  number: number,
  connection: Connection,
): Rejected | undefined {
  if (number > connection.lastAnswered) return AFTER_CLOSE
  if (connection.unanswered.size < MAX_PIPELINED) return undefined
  connection.unanswered.add(arrived)
  // Nothing more is read: a queue in the kernel costs its sender, one in our memory costs us.
  connection.socket.pause()
  return TOO_MANY_PIPELINED
}

/**
 * Whether the request with this number is the last of its connection, whatever becomes of it.
 *
 * We upgrade to nothing and answer as if it had not been asked (RFC 9110 §7.8). But Node's parser skips what follows
 * such a request in the same read, so nothing behind it can be trusted to begin where it seems to.
 */
export function isLast(
  request: IncomingMessage,
  number: number,
  limits: { readonly requestsPerConnection: number } | undefined,
): boolean {
  return number >= (limits?.requestsPerConnection ?? 0) || request.headers.upgrade !== undefined
}
