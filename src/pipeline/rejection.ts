/**
 * Requests that are rejected before the device is identified: what they ask for is not served here, or
 * could be read in two ways. Like every refusal: a code, a sentence, a next step.
 */
import { SHARE_USED_UP } from '../message/share-used-up.ts'
import { authorityStatus, type AuthorityFault } from '../message/authority.ts'
import type { TargetFault } from '../message/target.ts'
import type { Unrouted } from '../state/explain/question.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** Everything that can be wrong with a request's head besides the certificate. */
export type Rejection =
  | { readonly kind: 'host'; readonly fault: AuthorityFault }
  | { readonly kind: 'target'; readonly fault: TargetFault }
  | { readonly kind: 'route-unknown' }
  | { readonly kind: 'listener-gone' }
  | { readonly kind: 'listener-closed' }
  | { readonly kind: 'addresses-unknown' }
  | { readonly kind: 'connection-share-used-up' }
  | { readonly kind: 'drained' }
  | { readonly kind: 'too-many-fields'; readonly limit: number }
  | { readonly kind: 'http-version-unknown'; readonly version: string }
  | { readonly kind: 'http-1.0-transfer-coding' }
  | { readonly kind: 'transfer-coding-unknown'; readonly coding: string }
  | { readonly kind: 'expectation-unknown' }

/** What the device and the operator are told. */
export interface RejectionFacts {
  /** Stable; the same word in log, metrics and documentation. */
  readonly code: string
  /** `NO_ANSWER` when there is none. */
  readonly status: number
  readonly sentence: string
  readonly nextStep: string
  /** Nothing that follows on this connection could be trusted to begin where it seems to. */
  readonly close: boolean
}

/** What a request sent after the last answer gets. */
export const NO_ANSWER = 0

/** Explains why a request, or a connection, is turned away before the device is asked. */
export function explainUnrouted(
  why: Unrouted | { readonly kind: 'listener-closed' },
): Explanation & {
  readonly code: string
} {
  const { code, sentence, nextStep } = explainRejection(
    why.kind === 'look-alike' ? { kind: 'target', fault: { kind: 'look-alike' } } : why,
  )
  return { code, sentence, nextStep }
}

/** Explains a rejected request. */
export function explainRejection(why: Rejection): RejectionFacts {
  if (why.kind === 'host') return hostFacts(why.fault)
  if (why.kind === 'target') return targetFacts(why.fault)
  return { code: why.kind, ...factsOf(why) }
}

type OtherRejection = Exclude<Rejection, { readonly kind: 'host' | 'target' }>

function factsOf(why: OtherRejection): Omit<RejectionFacts, 'code'> {
  switch (why.kind) {
    case 'route-unknown':
      return {
        status: 404,
        sentence: 'no row of the route table matches this path and method',
        nextStep:
          "add a row to the listener's routes if devices need it; what no row names is never forwarded",
        close: false,
      }
    case 'listener-gone':
      return {
        status: 421,
        sentence: 'the listener of this connection was removed by a reload',
        nextStep: 'none: the device finds its way with a new connection',
        close: true,
      }
    case 'listener-closed':
      return {
        status: NO_ANSWER,
        sentence: 'an administrator closed this port, and takes no connection on it any more',
        nextStep: 'let the device use another port; open this one again if it cannot',
        close: true,
      }
    case 'addresses-unknown':
      return {
        status: NO_ANSWER,
        sentence:
          'the addresses of this connection are not known, so no PROXY header can tell the upstream of the device',
        nextStep:
          'none where the device had gone; a balancer that states none (LOCAL, UNKNOWN) has to be told to send those of the device; otherwise see what the listener is bound to',
        close: true,
      }
    case 'connection-share-used-up':
      return { status: NO_ANSWER, ...SHARE_USED_UP, close: true }
    case 'drained':
      return {
        status: NO_ANSWER,
        sentence: 'the front end is shutting down, and the drain timeout has passed',
        nextStep: 'none: the device calls again; raise `drain` if clients need longer to finish',
        close: true,
      }
    case 'too-many-fields':
      return {
        status: 431,
        sentence: `the header section has more than ${why.limit} fields`,
        nextStep: 'raise `limits.headerCount` if an honest client really sends that many',
        close: true,
      }
    case 'http-version-unknown':
      return {
        status: 505,
        sentence: `the request line says HTTP/${why.version} (0.9 where it names no version), wanted HTTP/1.1 or HTTP/1.0 (RFC 9112 §2.3)`,
        nextStep: 'let the client speak HTTP/1.1',
        close: true,
      }
    case 'http-1.0-transfer-coding':
      return {
        status: 400,
        sentence:
          'an HTTP/1.0 request carries Transfer-Encoding, which HTTP/1.0 does not know (RFC 9112 §6.1)',
        nextStep: 'none for an honest client: this is how requests are smuggled past older servers',
        close: true,
      }
    case 'transfer-coding-unknown':
      return {
        status: 501,
        sentence: 'the body is coded in another way than chunked',
        nextStep: 'let the client send its body as it is, or chunked',
        close: true,
      }
    case 'expectation-unknown':
      return {
        status: 417,
        sentence: 'the request expects something other than 100-continue (RFC 9110 §10.1.1)',
        nextStep: 'let the client leave the Expect field out',
        close: true,
      }
  }
}

function hostFacts(fault: AuthorityFault): RejectionFacts {
  const status = authorityStatus(fault)
  return { code: fault.kind, status, close: status === 400, ...hostExplanation(fault) }
}

function hostExplanation(fault: AuthorityFault): Explanation {
  switch (fault.kind) {
    case 'host-missing':
      return {
        sentence: 'the request names no host',
        nextStep: 'let the client send a Host field; without one its host is unknown',
      }
    case 'host-repeated':
      return {
        sentence: `the request names ${fault.count} hosts`,
        nextStep: 'none for an honest client: two readers could pick different ones',
      }
    case 'host-malformed':
      return {
        sentence: 'the Host field is not a host and a port',
        nextStep: 'correct the address that the client was given',
      }
    case 'host-unknown':
      return {
        sentence: `this listener does not serve ${fault.host}`,
        nextStep:
          "add it to the listener's `hosts`, or correct the address that the client was given",
      }
    case 'host-not-sni':
      return {
        sentence: `the TLS session was made for ${fault.sni}, and its certificate does not stand for ${fault.host}`,
        nextStep:
          'let the client open another connection for the other host, or have one certificate name both',
      }
  }
}

function targetFacts({ kind }: TargetFault): RejectionFacts {
  return {
    code: `target-${kind}`,
    status: kind === 'too-long' ? 414 : 400,
    sentence: `the request target is refused: ${TARGET_TEXT[kind]}`,
    nextStep:
      'no honest client needs it; if one does, let it ask for the plain path: what two servers could read differently is never forwarded',
    close: kind === 'absolute-form' || kind === 'authority-form' || kind === 'asterisk-form',
  }
}

const TARGET_TEXT: Readonly<Record<TargetFault['kind'], string>> = {
  'absolute-form': 'it is a whole URL, and not one of https for the host that the request names',
  'asterisk-form': 'it is `*`, which asks about the server and not about a path',
  'authority-form': 'it does not begin with a slash',
  backslash: 'it holds a backslash, which some servers take for a slash',
  'bad-escape': 'it holds a % that two hexadecimal digits do not follow',
  'bad-utf-8': 'its escapes do not decode to UTF-8, or to an overlong form of it',
  'dot-segment': 'it holds a `.` or `..` segment, plain or encoded',
  'double-encoding': 'decoding it once leaves another escape',
  'empty-segment': 'it holds two slashes in a row',
  'encoded-control': 'it holds an encoded control character',
  'encoded-delimiter': 'it holds an encoded slash, backslash or semicolon',
  'forbidden-octet': 'it holds an octet that no target may hold',
  fragment: 'it holds a #',
  'look-alike':
    'it holds a character that some servers drop, or turn into another one, so that they read another path',
  'path-parameter': 'it holds a `;` parameter, which servers cut off at different places',
  'too-long': 'it is longer than any honest one',
  'trailing-dot': 'a segment ends in a dot or a space, which some file systems drop',
}
