import { expect, test } from 'vitest'
import {
  failureStatus,
  explainUpstream,
  UPSTREAM_FAILURES,
  type UpstreamFailure,
} from '../../src/forward/upstream-failure.ts'

/** Failure, status, error type of RFC 9209 §2.3, and what the operator must find in the text. */
type Row = readonly [failure: UpstreamFailure, status: number, error: string, text: string]

const rows: readonly Row[] = [
  [
    { kind: 'bad-response', reason: 'Invalid status' },
    502,
    'http_protocol_error',
    'Invalid status',
  ],
  [
    { kind: 'body-timeout', waiting: 'to-read', limit: 7 },
    504,
    'connection_read_timeout',
    'sent no byte of a body for 7 ms',
  ],
  [
    { kind: 'body-timeout', waiting: 'to-write', limit: 7 },
    504,
    'connection_write_timeout',
    'took no byte of a body for 7 ms',
  ],
  [{ kind: 'connect-timeout', limit: 7 }, 504, 'connection_timeout', 'within 7 ms'],
  [
    { kind: 'device-gone', how: 'closed' },
    499,
    'http_request_error',
    'the device closed the connection',
  ],
  [
    { kind: 'device-gone', how: 'stopped-reading' },
    499,
    'http_request_error',
    'the device stopped reading',
  ],
  [{ kind: 'dns', hostname: 'a.test', code: 'ENOTFOUND' }, 502, 'dns_error', 'a.test'],
  [{ kind: 'dns', hostname: 'a.test', code: 'ETIMEOUT' }, 504, 'dns_timeout', 'no answer about'],
  [
    {
      kind: 'overloaded',
      connections: 8,
      waiting: 4,
      held: 3,
      top: { address: '192.0.2.7', held: 2 },
    },
    503,
    'connection_limit_reached',
    'all 8 connections to mdm are busy and 4 requests wait; devices without a certificate that we vouch for hold 3 of the connections, 2 of these from 192.0.2.7, and fit devices the others',
  ],
  [
    { kind: 'overloaded', connections: 3, waiting: 4, held: 0, top: undefined },
    503,
    'connection_limit_reached',
    'hold 0 of the connections, and fit devices the others',
  ],
  [
    {
      kind: 'share-used-up',
      connections: 8,
      held: 4,
      share: 4,
      addressShare: 2,
      top: { address: '192.0.2.7', held: 2 },
    },
    503,
    'connection_limit_reached',
    'hold 4 of the 8 connections to mdm, and may hold 4 together and 2 from one address; 192.0.2.7 holds 2 of them',
  ],
  [
    { kind: 'share-used-up', connections: 8, held: 0, share: 4, addressShare: 2, top: undefined },
    503,
    'connection_limit_reached',
    'and 2 from one address',
  ],
  [{ kind: 'refused', address: '[::1]:443' }, 502, 'connection_refused', '[::1]:443'],
  [{ kind: 'request-timeout', limit: 7 }, 408, 'http_request_error', 'for 7 ms'],
  [{ kind: 'request-too-large', limit: 7 }, 413, 'http_request_error', '7 octets'],
  [{ kind: 'reset', during: 'handshake' }, 502, 'connection_terminated', 'tls.clientCertificate'],
  [{ kind: 'reset', during: 'request' }, 502, 'connection_terminated', 'before any answer'],
  [
    { kind: 'reset', during: 'response' },
    502,
    'connection_terminated',
    'in the middle of its answer',
  ],
  [{ kind: 'response-timeout', limit: 7 }, 504, 'http_response_timeout', 'within 7 ms'],
  [
    { kind: 'tls-handshake', alert: 'unknown_ca', code: 'X' },
    502,
    'tls_alert_received',
    'tls.clientCertificate',
  ],
  [
    { kind: 'tls-handshake', alert: 'protocol_version', code: 'X' },
    502,
    'tls_alert_received',
    'compare protocols',
  ],
  [{ kind: 'tls-handshake', alert: undefined, code: 'ERR_X' }, 502, 'tls_protocol_error', 'ERR_X'],
  [
    { kind: 'tls-name-mismatch', wanted: 'c', issuedTo: ['a', 'b'], commonNameOnly: false },
    502,
    'tls_certificate_error',
    'server name mismatch, certificate issued to: [a, b]',
  ],
  [
    { kind: 'tls-name-mismatch', wanted: 'c', issuedTo: ['c'], commonNameOnly: true },
    502,
    'tls_certificate_error',
    'a common name does not count',
  ],
  [{ kind: 'tls-untrusted', why: 'expired', code: 'X' }, 502, 'tls_certificate_error', 'renew'],
  [{ kind: 'unreachable', code: 'EHOSTUNREACH' }, 502, 'destination_ip_unroutable', 'EHOSTUNREACH'],
  [
    { kind: 'tls-pin-mismatch', shown: ['AAAA='] },
    502,
    'tls_certificate_error',
    'mdm showed none of the pinned keys, but: [AAAA=]; if it has a new key, add its pin to `tls.pins`',
  ],
  [{ kind: 'out-of-descriptors' }, 503, 'proxy_internal_error', 'LimitNOFILE'],
  [{ kind: 'unsendable', reason: 'odd' }, 400, 'http_request_error', 'odd'],
]

for (const [failure, status, error, text] of rows) {
  test(`${JSON.stringify(failure)} is ${status} and ${error}`, () => {
    expect(failureStatus(failure)).toEqual({ status, error })
    const { sentence, nextStep } = explainUpstream(failure, 'mdm')
    expect(`${sentence}; ${nextStep}`).toContain(text)
  })
}

test('every kind of failure has a row', () => {
  expect(new Set(rows.map(([{ kind }]) => kind))).toEqual(new Set(UPSTREAM_FAILURES))
})
