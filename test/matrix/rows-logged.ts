/** The same faults without strict TLS, and under Allow and Log as far as that allows them: used, logged in the same words, and counted under each reason. */
import {
  belowOdd,
  commonNameOnly,
  expired,
  forClients,
  good,
  NAME,
  notYetValid,
  ofStranger,
  ofStrangerForOther,
  other,
  selfSigned,
} from './material.ts'
import { failed, loggedOnly, served, type Expected, type Row } from './row.ts'
import { UNUSED_PIN, unpinned, untrusted, WHY } from './rows-certificate.ts'
import { mismatch } from './rows-name.ts'
import type { Leaf } from '../support/certificates/mint.ts'

const LOOSE = { strict: false, dangerousStrictOff: true }

const loose = (what: string, leaf: Leaf, expected: Expected): Row => ({
  what,
  server: { leaf },
  tls: LOOSE,
  expected,
})

export const LOGGED_ROWS: readonly Row[] = [
  loose('nothing wrong', good, served()),
  loose('expired', expired, loggedOnly(['expired'], untrusted(WHY.expired))),
  loose('not yet valid', notYetValid, loggedOnly(['not-yet-valid'], untrusted(WHY.notYetValid))),
  loose('self-signed', selfSigned, loggedOnly(['self-signed'], untrusted(WHY.selfSigned))),
  loose('of an unknown CA', ofStranger, loggedOnly(['unknown-issuer'], untrusted(WHY.unknownCa))),
  loose('for clients only', forClients, loggedOnly(['wrong-purpose'], untrusted(WHY.wrongPurpose))),
  {
    what: 'of a trusted CA that contradicts itself',
    server: { leaf: belowOdd },
    tls: { ...LOOSE, trust: { default: 'off', custom: ['file:odd-ca.pem'] } },
    expected: loggedOnly(['unsound'], untrusted(WHY.unsound)),
  },
  loose('another name', other, loggedOnly(['tls-name-mismatch'], mismatch('default.matrix.test'))),
  loose(
    'the right common name alone',
    commonNameOnly,
    loggedOnly(['tls-name-mismatch'], mismatch(NAME)),
  ),
  loose(
    'of an unknown CA and for another name',
    ofStrangerForOther,
    loggedOnly(
      ['unknown-issuer', 'tls-name-mismatch'],
      `${untrusted(WHY.unknownCa)}; ${mismatch('other.matrix.test')}`,
    ),
  ),
  {
    what: 'another key than the one that is pinned',
    server: { leaf: good },
    tls: { ...LOOSE, pins: [UNUSED_PIN] },
    expected: loggedOnly(['tls-pin-mismatch'], unpinned(good)),
  },
  {
    what: 'the default host, and self-signed, with the preset sentry-compat',
    server: { leaf: selfSigned, virtualHost: { name: NAME, leaf: good } },
    tls: { preset: 'sentry-compat', dangerousStrictOff: true },
    expected: {
      ...loggedOnly(['self-signed'], untrusted(WHY.selfSigned)),
      protocol: 'TLSv1.2',
    },
  },
]

const allowing = (what: string, leaf: Leaf, expected: Expected): Row => ({
  what,
  server: { leaf },
  tls: { dangerousAllowAndLog: true },
  expected,
})

export const ALLOWED_ROWS: readonly Row[] = [
  allowing('nothing wrong', good, served()),
  allowing('self-signed', selfSigned, loggedOnly(['self-signed'], untrusted(WHY.selfSigned))),
  allowing(
    'of an unknown CA',
    ofStranger,
    loggedOnly(['unknown-issuer'], untrusted(WHY.unknownCa)),
  ),
  allowing(
    'of an unknown CA and for another name',
    ofStrangerForOther,
    failed('tls-name-mismatch', mismatch('other.matrix.test')),
  ),
  allowing('expired', expired, failed('tls-untrusted', untrusted(WHY.expired))),
]
