/** What a server says in an alert is read out of OpenSSL's name for it, whichever way OpenSSL spells that. */
import { expect, test } from 'vitest'
import { dialFailure } from '../../../src/forward/connect/dial-failure.ts'
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
