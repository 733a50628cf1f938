/**
 * Why a request that was admitted did not get a whole answer from the upstream: a closed union carrying facts,
 * so that the log, the metrics, the portal and the tests all read the same.
 */
import { unreachable } from '../kernel/types.ts'
import type { Explanation } from '../kernel/explanation.ts'
import type { ShareUse } from './balance/slot-shares.ts'
import { explainUntrusted, type UntrustedReason } from './untrusted-reason.ts'

/** The code of a name that the resolver gave no answer about. */
export const NO_ANSWER = 'ETIMEOUT'

/** Every way forwarding can fail. */
export type UpstreamFailure =
  | { readonly kind: 'bad-response'; readonly reason: string }
  /** Without a byte of a body: the upstream sent none, or took none of ours. */
  | {
      readonly kind: 'body-timeout'
      readonly waiting: 'to-read' | 'to-write'
      readonly limit: number
    }
  | { readonly kind: 'connect-timeout'; readonly limit: number }
  | { readonly kind: 'device-gone'; readonly how: 'closed' | 'stopped-reading' }
  | { readonly kind: 'dns'; readonly hostname: string; readonly code: string }
  /** This process, or the machine, may open no more files and sockets: nothing was asked of the server. */
  | { readonly kind: 'out-of-descriptors' }
  | Overloaded
  | ShareUsedUp
  | { readonly kind: 'refused'; readonly address: string }
  | { readonly kind: 'request-timeout'; readonly limit: number }
  | { readonly kind: 'request-too-large'; readonly limit: number }
  | { readonly kind: 'reset'; readonly during: 'handshake' | 'request' | 'response' }
  | { readonly kind: 'response-timeout'; readonly limit: number }
  | { readonly kind: 'tls-handshake'; readonly alert: string | undefined; readonly code: string }
  | NameMismatch
  /** The pins of the keys that the server showed; none of them is wanted. */
  | { readonly kind: 'tls-pin-mismatch'; readonly shown: readonly string[] }
  | { readonly kind: 'tls-untrusted'; readonly why: UntrustedReason; readonly code: string }
  | { readonly kind: 'unreachable'; readonly code: string }
  /** The request cannot be written as HTTP/1.1; the parser in front should have refused it. */
  | { readonly kind: 'unsendable'; readonly reason: string }

/** Every connection is used, and by whom. */
export interface Overloaded extends Pick<ShareUse, 'held' | 'top'> {
  readonly kind: 'overloaded'
  readonly connections: number
  readonly waiting: number
}

/** Connections are left, and they are kept for devices that we vouch for. */
export interface ShareUsedUp extends ShareUse {
  readonly kind: 'share-used-up'
  readonly connections: number
}

/** The certificate does not carry the wanted name. */
export interface NameMismatch {
  readonly kind: 'tls-name-mismatch'
  readonly wanted: string
  /** Its subject alternative names or, when it has none, its common name, which never counts. */
  readonly issuedTo: readonly string[]
  readonly commonNameOnly: boolean
}

/** What the device is told: a status and the error type for `Proxy-Status` (RFC 9209 §2.3). */
export interface FailureStatus {
  readonly status: number
  readonly error: string
}

/** The answer to the device; its source decides: the device's fault is 4xx, the upstream's 5xx. */
export function failureStatus(failure: UpstreamFailure): FailureStatus {
  if (failure.kind === 'body-timeout' && failure.waiting === 'to-write') return WRITE_TIMEOUT
  if (failure.kind === 'tls-handshake' && failure.alert === undefined) return TLS_PROTOCOL
  if (failure.kind === 'dns' && failure.code === NO_ANSWER) return DNS_TIMEOUT
  return STATUSES[failure.kind]
}

/** The failure in the operator's words; `upstream` is the configured name. */
export function explainUpstream(failure: UpstreamFailure, upstream: string): Explanation {
  if (failure.kind === 'tls-name-mismatch') return explainMismatch(failure, upstream)
  if (failure.kind === 'tls-handshake') return explainHandshake(failure, upstream)
  if (failure.kind === 'tls-pin-mismatch') return explainPins(failure.shown, upstream)
  if (failure.kind !== 'tls-untrusted') return explainTraffic(failure, upstream)
  return explainUntrusted(failure, upstream)
}

function explainMismatch(mismatch: NameMismatch, upstream: string): Explanation {
  const { wanted, issuedTo, commonNameOnly } = mismatch
  return {
    sentence: `server name mismatch, certificate issued to: [${issuedTo.join(', ')}], wanted: ${wanted}`,
    nextStep: commonNameOnly
      ? `${upstream}'s certificate has no subject alternative name, and a common name does not count: have it issued with \`${wanted}\` as one`
      : `correct ${upstream}'s certificate, set \`tls.hostname\` to a name it carries, or disable strict TLS`,
  }
}

function explainPins(shown: readonly string[], upstream: string): Explanation {
  return {
    sentence: `${upstream} showed none of the pinned keys, but: [${shown.join(', ')}]`,
    nextStep:
      'if it has a new key, add its pin to `tls.pins`; otherwise the server is being impersonated',
  }
}

type Handshake = UpstreamFailure & { readonly kind: 'tls-handshake' }

function explainHandshake({ alert, code }: Handshake, upstream: string): Explanation {
  if (alert === undefined) {
    return {
      sentence: `the TLS handshake with ${upstream} failed: ${code}`,
      nextStep: 'compare protocols and cipher suites, and see whether the port speaks TLS at all',
    }
  }
  return {
    sentence: `${upstream} refused the TLS connection with the alert ${alert}`,
    nextStep: alertStep(alert),
  }
}

function alertStep(alert: string): string {
  if (alert === 'unrecognized_name') {
    return 'it has no host of the name that it was sent, or was sent none: set `tls.sni` to `on` or to a name it has'
  }
  return CLIENT_CERTIFICATE_ALERTS.has(alert)
    ? 'it asks for a client certificate that it knows: set or correct `tls.clientCertificate`'
    : 'compare protocols, cipher suites and SNI with what the upstream accepts'
}

type Traffic = Exclude<UpstreamFailure, { readonly kind: `tls-${string}` }>

function explainTraffic(failure: Traffic, upstream: string): Explanation {
  switch (failure.kind) {
    case 'bad-response':
      return {
        sentence: `${upstream} sent something that is not an HTTP/1.1 response: ${failure.reason}`,
        nextStep: 'look at what it answers to the same request without the front end',
      }
    case 'body-timeout':
      return {
        sentence: `${upstream} ${failure.waiting === 'to-read' ? 'sent' : 'took'} no byte of a body for ${failure.limit} ms`,
        nextStep: "see what it was doing, or raise the upstream's `limits.bodyIdle`",
      }
    case 'connect-timeout':
      return {
        sentence: `no connection to ${upstream} within ${failure.limit} ms`,
        nextStep: 'check its address, the route and firewalls, or raise `limits.connect`',
      }
    case 'device-gone':
      return {
        sentence: `the device ${failure.how === 'closed' ? 'closed the connection' : 'stopped reading'} before it had the whole answer`,
        nextStep: 'none, unless many devices do it: then look at the network in between',
      }
    case 'dns':
      if (failure.code === NO_ANSWER) {
        return {
          sentence: `the resolver of this machine gave no answer about the name ${failure.hostname} of ${upstream}`,
          nextStep:
            'see which name servers `/etc/resolv.conf` names, and whether each of them answers for this name',
        }
      }
      return {
        sentence: `the name ${failure.hostname} of ${upstream} could not be looked up (${failure.code})`,
        nextStep: 'check the name and the resolver of this machine',
      }
    case 'out-of-descriptors':
      return {
        sentence: `this process may open no more files and sockets, so no connection to ${upstream} was begun`,
        nextStep:
          'raise LimitNOFILE (systemd) or --ulimit nofile (containers), or lower `limits.connections` of listeners and upstreams; `tfe check` says what they may take together',
      }
    case 'overloaded':
      return explainOverload(failure, upstream)
    case 'share-used-up':
      return explainShare(failure, upstream)
    case 'refused':
      return {
        sentence: `${upstream} refused the connection to ${failure.address}`,
        nextStep: 'see whether it runs, and whether address and port are right',
      }
    case 'request-timeout':
      return {
        sentence: `the device sent no byte of its request body for ${failure.limit} ms`,
        nextStep: "none, unless it is frequent: then raise the listener's `limits.bodyIdle`",
      }
    case 'request-too-large':
      return {
        sentence: `the request body is larger than ${failure.limit} octets`,
        nextStep: "raise the listener's `limits.bodyBytes` if the upstream is meant to take it",
      }
    case 'reset':
      return {
        sentence: `${upstream} broke off the connection ${RESETS[failure.during]}`,
        nextStep:
          failure.during === 'response'
            ? "look at the upstream's own log at this time"
            : "look at the upstream's own log at this time; some servers break off without a word when they miss a client certificate (`tls.clientCertificate`)",
      }
    case 'response-timeout':
      return {
        sentence: `${upstream} did not begin its answer within ${failure.limit} ms`,
        nextStep: "see what it was doing, or raise the upstream's `limits.responseHeaders`",
      }
    case 'unreachable':
      return {
        sentence: `${upstream} cannot be reached from here (${failure.code})`,
        nextStep: 'check the route and the addresses of this machine',
      }
    case 'unsendable':
      return {
        sentence: `the request cannot be written as HTTP/1.1: ${failure.reason}`,
        nextStep: 'report it: such a request should have been refused earlier',
      }
    default:
      return unreachable(failure)
  }
}

function explainOverload(
  { connections, waiting, held, top }: Overloaded,
  upstream: string,
): Explanation {
  return {
    sentence: `all ${connections} connections to ${upstream} are busy and ${waiting} requests wait; devices without a certificate that we vouch for hold ${held} of the connections${mostText(top)}, and fit devices the others`,
    nextStep: 'find out why the upstream is slow, or raise `limits.connections`',
  }
}

const mostText = (top: ShareUse['top']): string =>
  top === undefined ? '' : `, ${top.held} of these from ${top.address}`

function explainShare(
  { connections, held, share, addressShare, top }: ShareUsedUp,
  upstream: string,
) {
  const most = top === undefined ? '' : `; ${top.address} holds ${top.held} of them`
  return {
    sentence: `devices without a certificate that we vouch for hold ${held} of the ${connections} connections to ${upstream}, and may hold ${share} together and ${addressShare} from one address${most}`,
    nextStep:
      "see what the address that holds most is doing; if it is honest, raise the upstream's `limits.connections`, of which these are a half and a quarter",
  }
}

const WRITE_TIMEOUT: FailureStatus = { status: 504, error: 'connection_write_timeout' }
const DNS_TIMEOUT: FailureStatus = { status: 504, error: 'dns_timeout' }
const TLS_PROTOCOL: FailureStatus = { status: 502, error: 'tls_protocol_error' }

const STATUSES: Readonly<Record<UpstreamFailure['kind'], FailureStatus>> = {
  'bad-response': { status: 502, error: 'http_protocol_error' },
  'body-timeout': { status: 504, error: 'connection_read_timeout' },
  'connect-timeout': { status: 504, error: 'connection_timeout' },
  // The device is gone and reads no status; the event should not show a server error.
  'device-gone': { status: 499, error: 'http_request_error' },
  dns: { status: 502, error: 'dns_error' },
  'out-of-descriptors': { status: 503, error: 'proxy_internal_error' },
  overloaded: { status: 503, error: 'connection_limit_reached' },
  refused: { status: 502, error: 'connection_refused' },
  'request-timeout': { status: 408, error: 'http_request_error' },
  'request-too-large': { status: 413, error: 'http_request_error' },
  reset: { status: 502, error: 'connection_terminated' },
  'share-used-up': { status: 503, error: 'connection_limit_reached' },
  'response-timeout': { status: 504, error: 'http_response_timeout' },
  'tls-handshake': { status: 502, error: 'tls_alert_received' },
  'tls-name-mismatch': { status: 502, error: 'tls_certificate_error' },
  'tls-pin-mismatch': { status: 502, error: 'tls_certificate_error' },
  'tls-untrusted': { status: 502, error: 'tls_certificate_error' },
  unreachable: { status: 502, error: 'destination_ip_unroutable' },
  unsendable: { status: 400, error: 'http_request_error' },
}

/** All kinds, for metrics that want to show zeros. */
export const UPSTREAM_FAILURES = Object.keys(STATUSES) as readonly UpstreamFailure['kind'][]

const RESETS = {
  handshake: 'during the TLS handshake',
  request: 'before any answer',
  response: 'in the middle of its answer',
} as const

/** RFC 8446 §6.2: what a server says to a client certificate it does not like, or misses. */
export const CLIENT_CERTIFICATE_ALERTS: ReadonlySet<string> = new Set([
  'bad_certificate',
  'certificate_expired',
  'certificate_required',
  'certificate_revoked',
  'certificate_unknown',
  'handshake_failure',
  'unknown_ca',
  'unsupported_certificate',
])
