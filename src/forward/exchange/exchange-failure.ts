/**
 * What ended a connection that was already open → failures with facts.
 */
import { errorCode } from '../../kernel/error-code.ts'
import type { ConnectionLoss } from '../balance/connection.ts'
import { dialFailure } from '../connect/dial-failure.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'

/** Names what ended an exchange; `began`: an octet of an answer had arrived. `hostname` is the upstream's. */
export function exchangeFailure(
  loss: ConnectionLoss,
  began: boolean,
  hostname: string,
): UpstreamFailure {
  if (loss.kind === 'bad-response') return loss
  const { error } = loss
  // TLS 1.3: a server that misses our certificate says so only after the handshake (RFC 8446 §4.4.2.4).
  if (errorCode(error).startsWith('ERR_SSL_') && error !== undefined) {
    return dialFailure(error, hostname)
  }
  return { kind: 'reset', during: began ? 'response' : 'request' }
}

/** Whether the connection simply ended, which is no fault on one that was idle before. */
export const isReset = (loss: ConnectionLoss): boolean =>
  loss.kind === 'closed' && !errorCode(loss.error).startsWith('ERR_SSL_')
