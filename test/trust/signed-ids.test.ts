import { expect, test } from 'vitest'
import { digestOf, SIGNED_ID_LIMIT, signedIds, signedIdsOf } from '../../src/trust/signed-ids.ts'
import type { Certificate } from '../../src/x509/certificate.ts'
import type { GeneralName } from '../../src/x509/general-name.ts'
import { aCertificate } from '../decide/builders.ts'

const uri = (text: string): GeneralName => ({ kind: 'uri', text })

/** What stands in the certificate, and the ids among it. */
const ROWS: readonly [string, readonly GeneralName[], readonly string[]][] = [
  ['a URN is an id', [uri('urn:example:device-7')], ['urn:example:device-7']],
  ['a UUID counts in either case', [uri('URN:UUID:ABCD-EF')], ['urn:uuid:abcd-ef']],
  ['other URNs keep their case behind the namespace', [uri('urn:SN:AbC')], ['urn:sn:AbC']],
  ['a locator is no id', [uri('https://a.example/urn:uuid:1')], []],
  ['a URN without anything in its namespace is no id', [uri('urn:uuid:')], []],
  ['an id with a space in it is none', [uri('urn:x:a b')], []],
  [
    'an id of 200 characters counts',
    [uri(`urn:x:${'a'.repeat(194)}`)],
    [`urn:x:${'a'.repeat(194)}`],
  ],
  ['an id of 201 characters is left out', [uri(`urn:x:${'a'.repeat(195)}`)], []],
  [
    'what names people or services links nothing',
    [
      { kind: 'email', text: 'anna@example.com' },
      { kind: 'dns', text: 'phone.example.com' },
      { kind: 'email', text: 'urn:sn:ABC' },
      { kind: 'dns', text: 'urn:sn:ABC' },
    ],
    [],
  ],
]

for (const [promise, names, ids] of ROWS) {
  test(promise, () => {
    expect(signedIds(names)).toEqual(ids)
  })
}

const certificateWith = (count: number): Certificate => ({
  ...aCertificate('device'),
  subjectAltNames: Array.from({ length: count }, (_, at) => uri(`urn:sn:${at}`)),
})

const COUNTS: readonly (readonly [promise: string, count: number, looked: number])[] = [
  ['a certificate without ids has none', 0, 0],
  ['all ids are looked at, up to the limit', SIGNED_ID_LIMIT, SIGNED_ID_LIMIT],
  ['past the limit none is looked at, and all are counted', SIGNED_ID_LIMIT + 1, 0],
]

for (const [promise, found, looked] of COUNTS) {
  test(promise, () => {
    const it = signedIdsOf(certificateWith(found))
    expect(it.found).toBe(found)
    expect(it.ids).toHaveLength(looked)
    expect(it.ids.map(({ text }) => digestOf(text))).toEqual(it.ids.map(({ digest }) => digest))
  })
}

test('the ids of a certificate are worked out once, however often a request asks', () => {
  const [one, other] = [certificateWith(3), certificateWith(3)]
  expect(signedIdsOf(one)).toBe(signedIdsOf(one))
  expect(signedIdsOf(other)).not.toBe(signedIdsOf(one))
})
