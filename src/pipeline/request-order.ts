/**
 * Whose turn it is on a connection, and which request is the last that is answered there: what is sent behind that
 * one is not read, because its sender was told to go elsewhere with it (RFC 9112 §9.6).
 */
import type { IncomingMessage } from 'node:http'
import type { Connection, Unanswered } from './connection.ts'
import type { Verdict } from './request-event.ts'
import { explainTurnedAway, type TurnedAway } from './rejection.ts'

/** Turned away before anybody asked who the device is. */
export interface AtTheDoor {
  readonly kind: 'turned-away'
  readonly verdict: Verdict & { readonly kind: 'turned-away' }
}

/** Turns a request away. */
export function turnedAway(why: TurnedAway): AtTheDoor {
  return { kind: 'turned-away', verdict: { kind: 'turned-away', facts: explainTurnedAway(why) } }
}

/** Devices do not pipeline; a few are tolerated, a queue in our memory is not. */
const MAX_PIPELINED = 8
const TOO_MANY = turnedAway({ kind: 'too-many-pipelined', limit: MAX_PIPELINED })
/** What is sent behind the last request. */
export const AFTER_CLOSE = turnedAway({ kind: 'after-close' })

/** Turns away what is not even worth waiting for its turn. */
export function beforeItsTurn(
  arrived: Unanswered,
  number: number,
  connection: Connection,
): AtTheDoor | undefined {
  if (number > connection.last) return AFTER_CLOSE
  if (connection.unanswered.size < MAX_PIPELINED) return undefined
  connection.unanswered.add(arrived)
  // Nothing more is read: a queue in the kernel costs its sender, one in our memory costs us.
  connection.socket.pause()
  return TOO_MANY
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
