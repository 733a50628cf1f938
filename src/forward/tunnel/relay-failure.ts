/** Why a relayed connection did not end by itself. */
import { unreachable } from '../../kernel/types.ts'
import { errorCode } from '../../kernel/error-code.ts'
import { dialFailure } from '../connect/dial-failure.ts'
import { explainUpstream, type UpstreamFailure } from '../upstream-failure.ts'
import type { Explanation } from '../../kernel/explanation.ts'

/** Every way a relay can fail. */
export type RelayFailure = UpstreamFailure | RelayOnlyFailure

/** What only a relay meets. */
export type RelayOnlyFailure =
  /** No octet moved in either direction. */
  | { readonly kind: 'relay-idle'; readonly limit: number }
  /** The device broke the connection off. */
  | { readonly kind: 'relay-device-gone' }

/** The failure in the operator's words; `upstream` is the configured name. */
export function explainRelay(failure: RelayFailure, upstream: string): Explanation {
  return failure.kind === 'relay-idle' || failure.kind === 'relay-device-gone'
    ? explainRelayOnly(failure)
    : explainUpstream(failure, upstream)
}

function explainRelayOnly(failure: RelayOnlyFailure): Explanation {
  switch (failure.kind) {
    case 'relay-idle':
      return {
        sentence: `no octet moved in either direction for ${failure.limit} ms`,
        nextStep:
          "none, if clients simply stay connected; if they are cut off at work, raise the listener's `limits.idle`",
      }
    case 'relay-device-gone':
      return {
        sentence: 'the device broke the connection off',
        nextStep: 'none, unless many devices do it: then look at the network in between',
      }
    default:
      return unreachable(failure)
  }
}

/** Names what an upstream did to a connection that was open; `heard` when it had sent something. */
export function upstreamBroken(
  error: Error | null,
  heard: boolean,
  hostname: string,
): UpstreamFailure {
  // TLS 1.3: a server that misses our certificate says so only after the handshake (RFC 8446 §4.4.2.4).
  if (error !== null && errorCode(error).startsWith('ERR_SSL_')) return dialFailure(error, hostname)
  return { kind: 'reset', during: heard ? 'response' : 'request' }
}
