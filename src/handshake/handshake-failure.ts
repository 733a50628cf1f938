/**
 * What went wrong before there was a TLS session: a closed list, so that a counter can carry it.
 * OpenSSL's own codes come and go with its versions; anything new counts as `other` and its code is logged.
 */
import { errorCode } from '../kernel/error-code.ts'
import type { Explanation } from '../kernel/explanation.ts'
import { SHARE_USED_UP } from '../message/share-used-up.ts'
import { explainProxyFault, PROXY_FAULTS, type ProxyFault } from '../message/proxy-header/fault.ts'

/** Every way in which a connection ends before it has a TLS session. */
export type HandshakeFailure = TlsFailure | ProxyFault['kind']

/** Every way a handshake ends badly. */
export type TlsFailure =
  | 'bad-possession-proof'
  | 'certificate-curve'
  | 'connection-share-used-up'
  | 'device-refused-us'
  | 'no-shared-cipher'
  | 'no-shared-group'
  | 'no-shared-protocol'
  | 'not-tls'
  | 'other'
  | 'reset'
  | 'timeout'

/** All of them, for metrics that want to show zeros. */
export const HANDSHAKE_FAILURES: readonly HandshakeFailure[] = [
  'bad-possession-proof',
  'certificate-curve',
  'connection-share-used-up',
  'device-refused-us',
  'no-shared-cipher',
  'no-shared-group',
  'no-shared-protocol',
  'not-tls',
  'other',
  'reset',
  'timeout',
  ...PROXY_FAULTS,
]

/** Names the failure that Node reports in `tlsClientError`, or that was met before TLS began. */
export function handshakeFailure(failure: Error | ProxyFault): HandshakeFailure {
  return failure instanceof Error ? tlsFailure(failure) : failure.kind
}

function tlsFailure(error: Error): TlsFailure {
  const code = errorCode(error)
  const known = BY_CODE.get(code)
  if (known !== undefined) return known
  // The device sent a fatal alert (RFC 8446 §6.2): mostly it does not trust our own certificate.
  return code.includes('_ALERT_') ? 'device-refused-us' : 'other'
}

/** What each failure of TLS means to the operator, and what to do. */
export function explainHandshake(failure: TlsFailure): string {
  return SENTENCES[failure]
}

/** What a failure means, the next step apart where it is one of a PROXY header. */
export function explainFailedConnection(
  failure: Error | ProxyFault,
): Pick<Explanation, 'sentence'> & Partial<Explanation> {
  if (!(failure instanceof Error)) return explainProxyFault(failure)
  return { sentence: explainHandshake(tlsFailure(failure)) }
}

const BY_CODE: ReadonlyMap<string, TlsFailure> = new Map([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ERR_SSL_BAD_SIGNATURE', 'bad-possession-proof'],
  ['ERR_SSL_HTTP_REQUEST', 'not-tls'],
  ['ERR_SSL_HTTPS_PROXY_REQUEST', 'not-tls'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_KEY_SHARE', 'no-shared-group'],
  ['ERR_SSL_NO_SUITABLE_GROUPS', 'no-shared-group'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'no-shared-protocol'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'no-shared-protocol'],
  ['ERR_SSL_VERSION_TOO_LOW', 'no-shared-protocol'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls'],
  ['ERR_SSL_UNEXPECTED_MESSAGE', 'other'],
  ['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'reset'],
  // Not of the library: said by `accept`, which closed it.
  ['connection-share-used-up', 'connection-share-used-up'],
  // TLS 1.2 alone holds the key of the device's certificate against the groups (RFC 8422 §5.1.1).
  ['ERR_SSL_WRONG_CURVE', 'certificate-curve'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'timeout'],
])

const SENTENCES: Readonly<Record<TlsFailure, string>> = {
  'bad-possession-proof':
    'the device sent a certificate whose private key it does not hold; if it is one of yours, its key store is damaged',
  'certificate-curve':
    "the key of the device's certificate is on a curve that this listener does not allow in TLS 1.2; have it issued for P-256 or P-384, or another of the listener's `tls.groups`",
  'connection-share-used-up': `${SHARE_USED_UP.sentence}; ${SHARE_USED_UP.nextStep}`,
  'device-refused-us':
    'the device broke off with an alert, mostly because it does not trust our server certificate; check its chain with `tfe check`',
  'no-shared-cipher':
    "the device offers no cipher suite that this listener allows or, in TLS 1.2, no group for one; compare its lists with the listener's `tls.ciphers` and `tls.groups`",
  'no-shared-group':
    "the device offers no key exchange group that this listener allows; compare with the listener's `tls.groups`",
  'no-shared-protocol':
    'the device speaks no TLS version that this listener allows; raise the device or lower `tls.minVersion`',
  'not-tls':
    'what arrived was not TLS; something speaks plain HTTP or another protocol to this port, or a balancer sends a PROXY header that the listener does not take (`proxyProtocol`)',
  other:
    "the handshake failed in a way that has no name here; the event carries the TLS library's code",
  reset:
    'the connection broke before the handshake ended; port scanners and health probes look like this',
  timeout: "the handshake did not end within the listener's `limits.handshake`",
}
