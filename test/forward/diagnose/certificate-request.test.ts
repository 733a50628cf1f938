import { expect, test } from 'vitest'
import { certificateRequest } from '../../../src/forward/diagnose/certificate-request.ts'
import { demandFailure, explainDemand } from '../../../src/forward/diagnose/demanded-certificate.ts'
import type { FirstAnswer } from '../../../src/forward/diagnose/first-answer.ts'
import type { UpstreamFailure } from '../../../src/forward/upstream-failure.ts'

const record = (kind: number, message: number, length: number): Buffer => {
  const octets = Buffer.alloc(5 + length)
  octets.writeUInt8(kind, 0)
  octets.writeUInt16BE(length, 3)
  if (length > 0) octets.writeUInt8(message, 5)
  return octets
}
const HELLO = record(22, 1, 245)
const KEY_EXCHANGE = record(22, 16, 37)
const CHANGE = record(20, 1, 1)
const sealed = (length: number): Buffer => record(23, 0, length)

const ROWS: readonly (readonly [what: string, sent: readonly Buffer[], request: string])[] = [
  ['TLS 1.2 without a request', [HELLO, KEY_EXCHANGE, CHANGE, record(22, 11, 40)], 'not-asked'],
  [
    'TLS 1.2 with an empty answer',
    [HELLO, record(22, 11, 7), KEY_EXCHANGE, CHANGE, record(22, 0, 40)],
    'none-shown',
  ],
  ['TLS 1.2 with a certificate', [HELLO, record(22, 11, 394), KEY_EXCHANGE], 'shown'],
  ['TLS 1.3 without a request', [HELLO, CHANGE, sealed(69)], 'not-asked'],
  ['TLS 1.3 with an empty answer', [HELLO, CHANGE, sealed(25), sealed(69)], 'none-shown'],
  ['TLS 1.3 with a certificate', [HELLO, CHANGE, sealed(414), sealed(95), sealed(69)], 'shown'],
  ['TLS 1.3 behind a second hello', [HELLO, CHANGE, HELLO, sealed(25), sealed(53)], 'none-shown'],
  ['a handshake that ended with the hello', [HELLO], 'not-asked'],
  ['half a record', [HELLO, CHANGE, sealed(69).subarray(0, 3)], 'not-asked'],
  ['nothing', [], 'not-asked'],
]

for (const [what, sent, request] of ROWS) {
  test(`${what} is read as ${request}`, () => {
    expect(certificateRequest(Buffer.concat(sent))).toBe(request)
  })
}

const RESET: UpstreamFailure = { kind: 'reset', during: 'request' }
const alerted = (alert: string): UpstreamFailure => ({ kind: 'tls-handshake', alert, code: 'X' })
const page = (refusal: 'missing' | 'refused' | undefined): FirstAnswer => ({
  kind: 'answered',
  status: 400,
  refusal,
})

const ENDS: readonly (readonly [
  promise: string,
  ended: Parameters<typeof demandFailure>[0],
  kind: string | undefined,
])[] = [
  [
    'an alert about certificates after a request is about ours',
    { request: 'shown', fatal: alerted('unknown_ca'), answer: undefined },
    'client-certificate-refused',
  ],
  [
    'the same without one says that it is missing',
    { request: 'none-shown', fatal: alerted('certificate_required'), answer: undefined },
    'client-certificate-missing',
  ],
  [
    'a connection that is broken off after a request counts as refused',
    { request: 'none-shown', fatal: RESET, answer: undefined },
    'client-certificate-missing',
  ],
  [
    'a page of a refusal counts, whatever was shown',
    { request: 'none-shown', fatal: undefined, answer: page('refused') },
    'client-certificate-refused',
  ],
  [
    'any other page does not',
    { request: 'none-shown', fatal: undefined, answer: page(undefined) },
    undefined,
  ],
  [
    'an alert about something else does not',
    { request: 'shown', fatal: alerted('protocol_version'), answer: undefined },
    undefined,
  ],
  [
    'a server that did not ask has not refused our certificate',
    { request: 'not-asked', fatal: RESET, answer: undefined },
    undefined,
  ],
]

for (const [promise, ended, kind] of ENDS) {
  test(promise, () => {
    expect(demandFailure(ended)?.kind).toBe(kind)
  })
}

test('a demand is told with what was shown and what to do', () => {
  const how = 'with the alert unknown_ca'
  expect(explainDemand({ kind: 'client-certificate-missing', how }, 'core:443')).toEqual({
    sentence:
      'core:443 asked for a client certificate, was shown none, and refused with the alert unknown_ca',
    nextStep: 'set `tls.clientCertificate` to one that the server knows',
  })
  expect(explainDemand({ kind: 'client-certificate-refused', how }, 'core:443').sentence).toContain(
    'was shown the one of `tls.clientCertificate`',
  )
})
