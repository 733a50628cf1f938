import { expect, test } from 'vitest'
import { signedIds } from '../../src/trust/signed-ids.ts'
import type { GeneralName } from '../../src/x509/general-name.ts'

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
    ],
    [],
  ],
]

for (const [promise, names, ids] of ROWS) {
  test(promise, () => {
    expect(signedIds(names)).toEqual(ids)
  })
}
