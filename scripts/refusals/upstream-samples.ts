/**
 * For every upstream failure its cause, and facts to explain it with; typed over the closed union, too.
 */
import type { UntrustedReason } from '../../src/forward/untrusted-reason.ts'
import { NO_ANSWER, type UpstreamFailure } from '../../src/forward/upstream-failure.ts'
import { amount } from './placeholders.ts'
import { byDevice, byUpstream, byUs, type Cases } from './samples.ts'

const limit = amount('limit')
const code = '{TLS code}'

const UNTRUSTED: Readonly<
  Record<UntrustedReason, Extract<UpstreamFailure, { kind: 'tls-untrusted' }>>
> = {
  'bad-signature': { kind: 'tls-untrusted', why: 'bad-signature', code },
  disputed: { kind: 'tls-untrusted', why: 'disputed', code },
  expired: { kind: 'tls-untrusted', why: 'expired', code },
  malformed: { kind: 'tls-untrusted', why: 'malformed', code },
  'name-constraints': { kind: 'tls-untrusted', why: 'name-constraints', code },
  'name-constraints-unsupported': {
    kind: 'tls-untrusted',
    why: 'name-constraints-unsupported',
    code,
  },
  'not-a-ca': { kind: 'tls-untrusted', why: 'not-a-ca', code },
  'not-yet-valid': { kind: 'tls-untrusted', why: 'not-yet-valid', code },
  other: { kind: 'tls-untrusted', why: 'other', code },
  'path-too-long': { kind: 'tls-untrusted', why: 'path-too-long', code },
  'self-signed': { kind: 'tls-untrusted', why: 'self-signed', code },
  'too-weak': { kind: 'tls-untrusted', why: 'too-weak', code },
  'unknown-critical-extension': {
    kind: 'tls-untrusted',
    why: 'unknown-critical-extension',
    code,
  },
  'unknown-issuer': { kind: 'tls-untrusted', why: 'unknown-issuer', code },
  unsound: { kind: 'tls-untrusted', why: 'unsound', code: '{our code}' },
  'wrong-purpose': { kind: 'tls-untrusted', why: 'wrong-purpose', code },
}

const MISMATCH = {
  kind: 'tls-name-mismatch',
  wanted: '{wanted}',
  issuedTo: ['{names}'],
} as const

/** What becomes of admitted requests. */
export const UPSTREAM: Cases<UpstreamFailure> = {
  dns: byUpstream(
    { kind: 'dns', hostname: '{hostname}', code: '{code}' },
    { kind: 'dns', hostname: '{hostname}', code: NO_ANSWER },
  ),
  unreachable: byUs({ kind: 'unreachable', code: '{code}' }),
  refused: byUpstream({ kind: 'refused', address: '{address}' }),
  'connect-timeout': byUpstream({ kind: 'connect-timeout', limit }),
  'tls-handshake': byUpstream(
    { kind: 'tls-handshake', alert: undefined, code },
    { kind: 'tls-handshake', alert: '{alert}', code },
    // An alert that means our own certificate has a next step of its own.
    { kind: 'tls-handshake', alert: 'certificate_required', code },
  ),
  'tls-untrusted': byUpstream(...Object.values(UNTRUSTED)),
  'tls-name-mismatch': byUpstream(
    { ...MISMATCH, commonNameOnly: false },
    { ...MISMATCH, commonNameOnly: true },
  ),
  'tls-pin-mismatch': byUpstream({ kind: 'tls-pin-mismatch', shown: ['{pins}'] }),
  'out-of-descriptors': byUs({ kind: 'out-of-descriptors' }),
  overloaded: byUpstream({
    kind: 'overloaded',
    connections: amount('connections'),
    waiting: amount('waiting'),
    held: amount('held'),
    top: { address: '{address}', held: amount('most') },
  }),
  'share-used-up': byUpstream({
    kind: 'share-used-up',
    connections: amount('connections'),
    held: amount('held'),
    share: amount('share'),
    addressShare: amount('addressShare'),
    top: { address: '{address}', held: amount('most') },
  }),
  'response-timeout': byUpstream({ kind: 'response-timeout', limit }),
  'body-timeout': byUpstream(
    { kind: 'body-timeout', waiting: 'to-read', limit },
    { kind: 'body-timeout', waiting: 'to-write', limit },
  ),
  reset: byUpstream(
    { kind: 'reset', during: 'handshake' },
    { kind: 'reset', during: 'request' },
    { kind: 'reset', during: 'response' },
  ),
  'bad-response': byUpstream({ kind: 'bad-response', reason: '{reason}' }),
  'request-timeout': byDevice({ kind: 'request-timeout', limit }),
  'request-too-large': byDevice({ kind: 'request-too-large', limit }),
  'device-gone': byDevice(
    { kind: 'device-gone', how: 'closed' },
    { kind: 'device-gone', how: 'stopped-reading' },
  ),
  unsendable: byUs({ kind: 'unsendable', reason: '{reason}' }),
}
