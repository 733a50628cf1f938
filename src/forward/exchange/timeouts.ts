/**
 * How long nothing may move, and what it is called when nothing moved for longer: both depend on what the exchange waits for.
 */
import { unreachable } from '../../kernel/types.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import type { UpstreamLimits } from '../settings.ts'

/** What an exchange waits for. */
export type WaitState =
  | 'connection'
  | 'device-sends'
  | 'device-takes'
  | 'upstream-answer'
  | 'upstream-sends'
  | 'upstream-takes'

/** The limit in milliseconds; `bodyIdle` is the device's. */
export function timeoutOf(waitState: WaitState, limits: UpstreamLimits, bodyIdle: number): number {
  switch (waitState) {
    case 'connection':
      return limits.connect
    case 'device-sends':
    case 'device-takes':
      return bodyIdle
    case 'upstream-answer':
      return limits.responseHeaders
    case 'upstream-sends':
    case 'upstream-takes':
      return limits.bodyIdle
    default:
      return unreachable(waitState)
  }
}

/** The failure of the side that did not move. */
export function timeoutFailure(waitState: WaitState, limit: number): UpstreamFailure {
  switch (waitState) {
    case 'connection':
      return { kind: 'connect-timeout', limit }
    case 'device-sends':
      return { kind: 'request-timeout', limit }
    case 'device-takes':
      return { kind: 'device-gone', how: 'stopped-reading' }
    case 'upstream-answer':
      return { kind: 'response-timeout', limit }
    case 'upstream-sends':
      return { kind: 'body-timeout', waiting: 'to-read', limit }
    case 'upstream-takes':
      return { kind: 'body-timeout', waiting: 'to-write', limit }
    default:
      return unreachable(waitState)
  }
}

/**
 * Octets of a body that have to come within `limit` milliseconds to count as movement: sixteen a second, which the slowest link
 * carries a hundred times over. An octet now and then would hold a connection for as long as its sender likes.
 */
export const leastOctets = (limit: number): number => Math.ceil((limit / 1000) * 16)
