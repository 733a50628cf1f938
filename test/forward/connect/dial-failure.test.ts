/** What a server says in an alert is read out of OpenSSL's name for it, whichever way OpenSSL spells that. */
import { expect, test } from 'vitest'
import { dialFailure } from '../../../src/forward/connect/dial-failure.ts'
import type { UntrustedReason } from '../../../src/forward/untrusted-reason.ts'
import { explainUpstream } from '../../../src/forward/upstream-failure.ts'

const ALERTS: readonly (readonly [code: string, alert: string | undefined])[] = [
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'protocol_version'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'handshake_failure'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate_required'],
  ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'unrecognized_name'],
  ['ERR_SSL_TLSV1_UNSUPPORTED_EXTENSION', 'unsupported_extension'],
  ['ERR_SSL_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE', 'bad_certificate_status_response'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', undefined],
  ['ERR_SSL_TLSV1_RECORD_OF_A_LATER_OPENSSL', undefined],
]

for (const [code, alert] of ALERTS) {
  test(`${code} is ${alert === undefined ? 'no alert' : `the alert ${alert}`}`, () => {
    const failure = dialFailure(Object.assign(new Error(code), { code }), 'mdm.test')
    expect(failure).toEqual({ kind: 'tls-handshake', alert, code })
  })
}

test('a server that has no host of the name sends the operator to SNI', () => {
  const failure = { kind: 'tls-handshake', alert: 'unrecognized_name', code: 'x' } as const
  expect(explainUpstream(failure, 'mdm').nextStep).toContain('`tls.sni`')
})

/** What Node gives for a verdict of OpenSSL 3.5 (crypto/x509/x509_txt.c): a code, or `UNSPECIFIED` and a sentence. */
const VERDICTS: readonly (readonly [
  code: string,
  sentence: string,
  told: string,
  why: UntrustedReason,
])[] = [
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'CERT_HAS_EXPIRED', 'expired'],
  ['CERT_CHAIN_TOO_LONG', 'certificate chain too long', 'CERT_CHAIN_TOO_LONG', 'path-too-long'],
  [
    'PATH_LENGTH_EXCEEDED',
    'path length constraint exceeded',
    'PATH_LENGTH_EXCEEDED',
    'path-too-long',
  ],
  ['INVALID_CA', 'invalid CA certificate', 'INVALID_CA', 'not-a-ca'],
  ['INVALID_PURPOSE', 'unsuitable certificate purpose', 'INVALID_PURPOSE', 'wrong-purpose'],
  [
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    "format error in certificate's notAfter field",
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'malformed',
  ],
  [
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    "format error in certificate's notBefore field",
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'malformed',
  ],
  ['UNSPECIFIED', 'permitted subtree violation', 'PERMITTED_VIOLATION', 'name-constraints'],
  ['UNSPECIFIED', 'excluded subtree violation', 'EXCLUDED_VIOLATION', 'name-constraints'],
  [
    'UNSPECIFIED',
    'name constraints minimum and maximum not supported',
    'SUBTREE_MINMAX',
    'name-constraints-unsupported',
  ],
  [
    'UNSPECIFIED',
    'unsupported name constraint type',
    'UNSUPPORTED_CONSTRAINT_TYPE',
    'name-constraints-unsupported',
  ],
  ['UNSPECIFIED', 'EE certificate key too weak', 'EE_KEY_TOO_SMALL', 'too-weak'],
  ['UNSPECIFIED', 'CA certificate key too weak', 'CA_KEY_TOO_SMALL', 'too-weak'],
  ['UNSPECIFIED', 'CA signature digest algorithm too weak', 'CA_MD_TOO_WEAK', 'too-weak'],
  [
    'UNSPECIFIED',
    'unhandled critical extension',
    'UNHANDLED_CRITICAL_EXTENSION',
    'unknown-critical-extension',
  ],
  [
    'UNSPECIFIED',
    'key usage does not include certificate signing',
    'KEYUSAGE_NO_CERTSIGN',
    'not-a-ca',
  ],
  ['UNSPECIFIED', 'a sentence of a later OpenSSL', 'UNSPECIFIED', 'other'],
]

for (const [code, sentence, told, why] of VERDICTS) {
  test(`"${sentence}" is told as ${told}, and as ${why}`, () => {
    const failure = dialFailure(Object.assign(new Error(sentence), { code }), 'mdm.test')
    expect(failure).toEqual({ kind: 'tls-untrusted', why, code: told })
  })
}
