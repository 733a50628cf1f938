/**
 * For every revocation list that is not taken its cause, and facts to explain it with; typed over the closed union.
 */
import type { CrlFailure } from '../../src/revoke/crl-failure.ts'
import { amount, instant } from './placeholders.ts'
import { byUs, UNSUPPORTED, type Cases } from './samples.ts'

const limit = amount('limit')
const bytes = amount('size')
const issuer = '{issuer}'

/** What may stand between a published list and us. */
export const CRLS: Cases<CrlFailure> = {
  'crl-file-unreadable': byUs({ kind: 'crl-file-unreadable', code: '{code}' }),
  'crl-unreachable': byUs({ kind: 'crl-unreachable', code: '{code}' }),
  'crl-status': byUs({ kind: 'crl-status', status: amount('status') }),
  'crl-redirected': byUs({ kind: 'crl-redirected', to: '{URL}' }),
  'crl-late': byUs({ kind: 'crl-late', limit }),
  'crl-too-large': byUs({ kind: 'crl-too-large', bytes, limit }),
  'crl-too-many-entries': byUs({ kind: 'crl-too-many-entries', limit }),
  'crl-pem-unfit': byUs({ kind: 'crl-pem-unfit', detail: '{detail}' }),
  'crl-malformed': byUs({
    kind: 'crl-malformed',
    problem: 'missing-element',
    field: '{field}',
    offset: amount('offset'),
    detail: '{detail}',
  }),
  'crl-unknown-critical-extension': byUs({ kind: 'crl-unknown-critical-extension', oid: '{oid}' }),
  'crl-without-next-update': byUs({ kind: 'crl-without-next-update' }),
  'crl-number-unfit': byUs(
    { kind: 'crl-number-unfit', found: 'critical' },
    { kind: 'crl-number-unfit', found: 'too-large' },
  ),
  'crl-delta': byUs({ kind: 'crl-delta' }),
  'crl-indirect': byUs({ kind: 'crl-indirect' }),
  'crl-partial': byUs(
    { kind: 'crl-partial', scope: 'some-reasons' },
    { kind: 'crl-partial', scope: 'attributes' },
    { kind: 'crl-partial', scope: 'relative-name' },
  ),
  'crl-of-another-ca': byUs({ kind: 'crl-of-another-ca', issuer }),
  'crl-signature-weak': byUs({ kind: 'crl-signature-weak', algorithm: '{algorithm}' }),
  'crl-signature-unsupported': byUs(
    ...UNSUPPORTED.map((why) => ({
      kind: 'crl-signature-unsupported' as const,
      algorithm: '{algorithm}',
      why,
    })),
  ),
  'crl-signer-key-unsupported': byUs(
    ...UNSUPPORTED.map((why) => ({
      kind: 'crl-signer-key-unsupported' as const,
      issuer,
      key: '{key}',
      why,
    })),
  ),
  'crl-signer-key-weak': byUs({ kind: 'crl-signer-key-weak', issuer, key: '{key}' }),
  'crl-signer-may-not': byUs({ kind: 'crl-signer-may-not', issuer }),
  'crl-forged': byUs({ kind: 'crl-forged', issuer }),
  'crl-narrower': byUs({ kind: 'crl-narrower' }),
  'crl-order-unknown': byUs({ kind: 'crl-order-unknown', thisUpdate: instant('thisUpdate') }),
  'crl-departs-from-profile': byUs({ kind: 'crl-departs-from-profile', found: ['unnumbered'] }),
  'crl-swapped': byUs({ kind: 'crl-swapped', issuer: '{issuer}', before: '{before}' }),
  'crl-number-lower': byUs({ kind: 'crl-number-lower', number: '{number}', before: '{before}' }),
  'crl-number-not-higher': byUs(
    { kind: 'crl-number-not-higher', found: 'same-number' },
    { kind: 'crl-number-not-higher', found: 'no-number' },
  ),
  'crl-replayed': byUs({
    kind: 'crl-replayed',
    thisUpdate: instant('thisUpdate'),
    before: instant('before'),
  }),
  'crl-internal-error': byUs({ kind: 'crl-internal-error', error: '{error}' }),
}
