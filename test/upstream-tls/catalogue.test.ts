/** What the catalogue says of a runtime; the real one is asked in test/config/reading/runtime-offers.test.ts. */
import { expect, test } from 'vitest'
import { findItem, offeredItems, type Column } from '../../src/upstream-tls/catalogue.ts'
import { suiteFacts } from '../../src/upstream-tls/suite.ts'
import { aCatalogue, CBC, E128, E256, RSA, T128, T256 } from './small-runtime.ts'

const catalogue = aCatalogue()

test('Available holds what the runtime offers, the strongest first, and nothing that needs a shared secret', () => {
  expect(offeredItems(catalogue, 'suites').map(({ name }) => name)).toEqual([
    T256,
    T128,
    E256,
    E128,
    CBC,
    RSA,
  ])
  expect(offeredItems(catalogue, 'groups').map(({ name }) => name)).toEqual([
    'X25519MLKEM768',
    'X25519',
    'P-256',
    'ffdhe2048',
  ])
})

test('the secure default is forward-secret and authenticated, over TLS 1.3 and 1.2, hybrid groups first', () => {
  expect(catalogue.defaults.secure).toEqual({
    protocols: ['TLSv1.3', 'TLSv1.2'],
    suites: [T256, T128, E256, E128],
    groups: ['X25519MLKEM768', 'X25519', 'P-256'],
  })
})

test('the default of sentry-compat is TLS 1.2 alone with every suite it has', () => {
  expect(catalogue.defaults['sentry-compat']).toEqual({
    protocols: ['TLSv1.2'],
    suites: [E256, E128, CBC, RSA],
    groups: ['X25519', 'P-256'],
  })
})

test('a protocol that the runtime lacks is impossible and in no default', () => {
  const narrow = aCatalogue({ protocols: ['TLSv1.2'] })
  expect(narrow.defaults.secure.protocols).toEqual(['TLSv1.2'])
  expect(findItem(narrow, 'protocols', 'TLSv1.3')).toMatchObject({ kind: 'impossible' })
})

interface NameRow {
  readonly promise: string
  readonly written: string
  readonly column?: Column
  readonly expect: string
}

const NAMES: readonly NameRow[] = [
  { promise: "OpenSSL's spelling is known", written: E128, expect: E128 },
  {
    promise: "IANA's spelling is known",
    written: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    expect: E128,
  },
  { promise: "Java's old prefix is known", written: 'SSL_RSA_WITH_AES_128_CBC_SHA', expect: RSA },
  { promise: 'case does not count', written: 'ecdhe-rsa-aes128-sha', expect: CBC },
  { promise: 'a suite of TLS 1.3 has one name', written: T256, expect: T256 },
  {
    promise: 'triple DES is impossible here',
    written: 'SSL_RSA_WITH_3DES_EDE_CBC_SHA',
    expect: 'impossible',
  },
  {
    promise: "triple DES is impossible in OpenSSL's spelling, too",
    written: 'DES-CBC3-SHA',
    expect: 'impossible',
  },
  {
    promise: 'RC4 is impossible here',
    written: 'TLS_ECDHE_RSA_WITH_RC4_128_SHA',
    expect: 'impossible',
  },
  {
    promise: 'an export suite is impossible',
    written: 'SSL_RSA_EXPORT_WITH_RC4_40_MD5',
    expect: 'impossible',
  },
  {
    promise: 'a suite without encryption is impossible',
    written: 'TLS_RSA_WITH_NULL_SHA256',
    expect: 'impossible',
  },
  {
    promise: 'a suite of integrity alone is impossible',
    written: 'TLS_SHA256_SHA256',
    expect: 'impossible',
  },
  {
    promise: 'an anonymous suite is impossible',
    written: 'TLS_ECDH_anon_WITH_AES_128_CBC_SHA',
    expect: 'impossible',
  },
  {
    promise: "an anonymous suite is impossible in OpenSSL's spelling, too",
    written: 'AECDH-AES128-SHA',
    expect: 'impossible',
  },
  {
    promise: 'static ECDH is impossible',
    written: 'TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256',
    expect: 'impossible',
  },
  {
    promise: 'a suite with a pre-shared key is impossible',
    written: 'PSK-AES128-CBC-SHA',
    expect: 'impossible',
  },
  {
    promise: "Java's renegotiation signal is impossible to select",
    written: 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV',
    expect: 'impossible',
  },
  {
    promise: 'a suite with a tag of eight octets is impossible',
    written: 'TLS_AES_128_CCM_8_SHA256',
    expect: 'impossible',
  },
  {
    promise: 'a slip is unknown, and the nearest is named',
    written: 'ECDHE-RSA-AES128-GCM-SHA265',
    expect: `unknown ${E128}`,
  },
  {
    promise: "a slip in IANA's spelling is answered in it",
    written: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA265',
    expect: 'unknown TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  },
  {
    promise: 'nonsense is unknown, and nothing is named',
    written: 'ROT13',
    expect: 'unknown undefined',
  },
  { promise: 'a keyword of OpenSSL is no suite', written: 'HIGH', expect: 'unknown undefined' },
  { promise: 'an exclusion is no suite', written: '!aNULL', expect: 'unknown undefined' },
  { promise: 'a protocol is known', column: 'protocols', written: 'TLSv1.1', expect: 'TLSv1.1' },
  {
    promise: "the source document's misspelling is understood as a slip",
    column: 'protocols',
    written: 'TSLv1',
    expect: 'unknown TLSv1',
  },
  {
    promise: 'SSLv2Hello is impossible here',
    column: 'protocols',
    written: 'SSLv2Hello',
    expect: 'impossible',
  },
  {
    promise: 'SSLv3 is unknown',
    column: 'protocols',
    written: 'SSLv3',
    expect: 'unknown undefined',
  },
  {
    promise: "a group is known by IANA's name",
    column: 'groups',
    written: 'secp256r1',
    expect: 'P-256',
  },
  {
    promise: "a group is known by OpenSSL's old name",
    column: 'groups',
    written: 'prime256v1',
    expect: 'P-256',
  },
  {
    promise: 'a group that the runtime lacks is unknown',
    column: 'groups',
    written: 'X448',
    expect: 'unknown undefined',
  },
]

for (const { promise, written, column = 'suites', expect: wanted } of NAMES) {
  test(promise, () => {
    const found = findItem(catalogue, column, written)
    const text =
      found.kind === 'offered'
        ? found.item.name
        : found.kind === 'unknown'
          ? `unknown ${found.suggestion}`
          : found.kind
    expect(text).toBe(wanted)
  })
}

test('a lost suite says why', () => {
  expect(findItem(catalogue, 'suites', 'DES-CBC3-SHA')).toEqual({
    kind: 'impossible',
    why: "3DES is not built into this runtime's OpenSSL",
  })
})

const FACTS: readonly (readonly [string, readonly string[], string | undefined])[] = [
  [T128, ['TLSv1.3'], undefined],
  [E128, ['TLSv1.2'], undefined],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', ['TLSv1.2'], undefined],
  ['ECDHE-ECDSA-AES256-CCM', ['TLSv1.2'], undefined],
  ['ECDHE-RSA-AES256-SHA384', ['TLSv1.2'], 'CBC mode, open to padding attacks'],
  [CBC, ['TLSv1.2', 'TLSv1.1', 'TLSv1'], 'CBC mode, open to padding attacks'],
  ['DHE-RSA-AES256-GCM-SHA384', ['TLSv1.2'], 'the server alone chooses the Diffie-Hellman group'],
  ['AES256-GCM-SHA384', ['TLSv1.2'], 'no forward secrecy'],
  [RSA, ['TLSv1.2', 'TLSv1.1', 'TLSv1'], 'no forward secrecy; CBC mode, open to padding attacks'],
]

for (const [name, protocols, weak] of FACTS) {
  test(`${name} belongs to ${protocols.join(', ')} and is ${weak === undefined ? 'not weak' : 'weak for its reason'}`, () => {
    expect(suiteFacts(name)).toMatchObject({ protocols, weak })
  })
}
