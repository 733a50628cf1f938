import { expect, test } from 'vitest'
import { indexEntries } from '../../src/x509/crl-entries.ts'
import { MAX_CRL_BYTES, parseCrl, type Crl } from '../../src/x509/crl.ts'
import { MAX_PEM_BYTES } from '../../src/x509/file/read-file.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'
import {
  crlPem,
  issuingPoint,
  mintCrl,
  pointName,
  type CrlFields,
} from '../support/certificates/mint-crl.ts'

const CA = mintCa({ name: 'Lister' })
const URL_OF_LIST = 'http://crl.test/a.crl'

const minted = (fields: Partial<CrlFields> = {}): Buffer => mintCrl({ issuer: CA, ...fields })

function read(octets: Buffer): Crl {
  const parsed = parseCrl(octets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure))
  return parsed.value
}

/** `read`, or the kind of the fault, for a malformed one with its problem. */
function outcome(octets: Buffer): string {
  const parsed = parseCrl(octets)
  if (parsed.ok) return 'read'
  const { failure } = parsed
  if (failure.kind === 'crl-malformed') return failure.problem
  if (failure.kind === 'crl-number-unfit') return `${failure.kind} ${failure.found}`
  if (failure.kind === 'crl-partial') return `${failure.kind} ${failure.scope}`
  return failure.kind
}

const critical = (oid: string, value: Buffer) => ({ oid, critical: true, value })
const REASON = '2.5.29.21'
const reason = (code: number) => der.tlv(0x0a, Buffer.from([code]))
const utc = (text: string) => der.tlv(0x17, Buffer.from(text, 'latin1'))
const entry = (...parts: readonly Buffer[]) => ({
  rawEntries: der.sequence(der.sequence(...parts)),
})
const WHEN = utc('260101000000Z')

const rows: readonly (readonly [string, Buffer, string])[] = [
  ['a list that revokes no certificate is read', minted(), 'read'],
  ['an empty list of entries is read like none', minted({ rawEntries: der.sequence() }), 'read'],
  ['version 1 is read', minted({ version: 0, revoked: [{ serial: 7 }] }), 'read'],
  ['a list for users only is read', minted({ extensions: [issuingPoint(user())] }), 'read'],
  ['a list for CAs only is read', minted({ extensions: [issuingPoint(authorities())] }), 'read'],
  [
    'a list of one distribution point is read',
    minted({ extensions: [issuingPoint(pointName(URL_OF_LIST))] }),
    'read',
  ],
  [
    'an unknown extension that is not critical is passed over',
    minted({ extensions: [{ oid: '1.2.3', value: der.nothing() }] }),
    'read',
  ],
  ['the latest reason is read', minted({ revoked: [{ serial: 1, reason: 10 }] }), 'read'],
  [
    'a number of 20 octets is read',
    minted({
      number: null,
      extensions: [{ oid: '2.5.29.20', value: der.tlv(2, Buffer.alloc(20, 1)) }],
    }),
    'read',
  ],
  [
    'a number of 21 octets is refused',
    minted({
      number: null,
      extensions: [{ oid: '2.5.29.20', value: der.tlv(2, Buffer.alloc(21, 1)) }],
    }),
    'crl-number-unfit too-large',
  ],
  ['a negative number is refused', minted({ number: -1 }), 'crl-number-unfit too-large'],
  ['version 2 without a number is read', minted({ number: null }), 'read'],
  [
    'a critical number is refused',
    minted({ number: null, extensions: [critical('2.5.29.20', der.integer(1))] }),
    'crl-number-unfit critical',
  ],
  ['a list without nextUpdate is refused', minted({ nextUpdate: null }), 'crl-without-next-update'],
  [
    'a delta list is refused',
    minted({ extensions: [critical('2.5.29.27', der.integer(1))] }),
    'crl-delta',
  ],
  [
    'a delta list is refused though its indicator is not critical',
    minted({ extensions: [{ oid: '2.5.29.27', value: der.integer(1) }] }),
    'crl-delta',
  ],
  [
    'an entry that takes another back is refused, as it belongs to delta lists',
    minted({ revoked: [{ serial: 1, reason: 8 }] }),
    'crl-delta',
  ],
  [
    'an indirect list is refused',
    minted({ extensions: [issuingPoint(der.contextPrimitive(4, Buffer.from([0xff])))] }),
    'crl-indirect',
  ],
  [
    'an entry for another CA is refused',
    minted({ revoked: [{ serial: 1, extensions: [critical('2.5.29.29', der.sequence())] }] }),
    'crl-indirect',
  ],
  [
    'a list of some reasons is refused',
    minted({ extensions: [issuingPoint(der.contextPrimitive(3, Buffer.from([6, 0x40])))] }),
    'crl-partial some-reasons',
  ],
  [
    'a list of attribute certificates is refused',
    minted({ extensions: [issuingPoint(der.contextPrimitive(5, Buffer.from([0xff])))] }),
    'crl-partial attributes',
  ],
  [
    'a list for users only and CAs only is refused',
    minted({ extensions: [issuingPoint(user(), authorities())] }),
    'crl-partial attributes',
  ],
  [
    'a distribution point that is named relatively is refused',
    minted({ extensions: [issuingPoint(der.context(0, der.context(1, der.oid('2.5.4.3'))))] }),
    'crl-partial relative-name',
  ],
  [
    'an unknown critical extension of the list is refused',
    minted({ extensions: [critical('1.2.3', der.nothing())] }),
    'crl-unknown-critical-extension',
  ],
  [
    'an unknown critical extension of an entry is refused',
    minted({ revoked: [{ serial: 1, extensions: [critical('1.2.3', der.nothing())] }] }),
    'crl-unknown-critical-extension',
  ],
  [
    'an extension that is there twice is refused',
    minted({
      extensions: [
        { oid: '1.2.3', value: der.nothing() },
        { oid: '1.2.3', value: der.nothing() },
      ],
    }),
    'duplicate-extension',
  ],
  [
    'a reason that is there twice is refused',
    minted({
      revoked: [{ serial: 1, reason: 1, extensions: [{ oid: REASON, value: reason(2) }] }],
    }),
    'duplicate-extension',
  ],
  [
    'a reason that is not defined is refused',
    minted({ revoked: [{ serial: 1, reason: 7 }] }),
    'unexpected-element',
  ],
  [
    'a reason beyond the last is refused',
    minted({ revoked: [{ serial: 1, reason: 11 }] }),
    'unexpected-element',
  ],
  [
    'extensions in version 1 are refused',
    minted({ version: 0, extensions: [{ oid: '1.2.3', value: der.nothing() }] }),
    'extensions-in-old-version',
  ],
  [
    'a reason in version 1 is refused',
    minted({ version: 0, revoked: [{ serial: 1, reason: 1 }] }),
    'extensions-in-old-version',
  ],
  ['version 3 is refused', minted({ version: 2 }), 'version-unknown'],
  [
    'another algorithm outside than inside is refused',
    minted({ outerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.3')) }),
    'algorithms-differ',
  ],
  ['a 30th of February is refused', minted({ thisUpdate: utc('260230000000Z') }), 'time-malformed'],
  [
    'a serial with a zero too many is refused',
    minted(entry(der.tlv(2, Buffer.from([0, 1])), WHEN)),
    'integer-not-minimal',
  ],
  [
    'a negative serial with an octet too many is refused',
    minted(entry(der.tlv(2, Buffer.from([0xff, 0x80])), WHEN)),
    'integer-not-minimal',
  ],
  ['a serial of 127 octets is read', minted(entry(der.tlv(2, Buffer.alloc(127, 1)), WHEN)), 'read'],
  [
    'a serial of 128 octets is refused',
    minted(entry(der.tlv(2, Buffer.alloc(128, 1)), WHEN)),
    'integer-not-minimal',
  ],
  ['an empty serial is refused', minted(entry(der.tlv(2), WHEN)), 'integer-not-minimal'],
  ['an entry without a date is refused', minted(entry(der.integer(1))), 'missing-element'],
  [
    'an entry with an impossible date is refused',
    minted(entry(der.integer(1), utc('261301000000Z'))),
    'time-malformed',
  ],
  [
    'an entry with a date of another zone is refused',
    minted(entry(der.integer(1), utc('2601010000+01'))),
    'time-malformed',
  ],
  [
    'an entry with something behind it is refused',
    minted(
      entry(
        der.integer(1),
        WHEN,
        der.sequence(der.sequence(der.oid('1.2'), der.octetString(Buffer.alloc(0)))),
        der.nothing(),
      ),
    ),
    'trailing-octets',
  ],
  [
    'an entry with no extension in its list is refused',
    minted(entry(der.integer(1), WHEN, der.sequence())),
    'missing-element',
  ],
  [
    'octets behind the list are refused',
    Buffer.concat([minted(), Buffer.from([0])]),
    'trailing-octets',
  ],
  ['a list cut short is refused', minted().subarray(0, -1), 'truncated'],
  ['a certificate is no list', CA.der, 'crl-pem-unfit'],
  ['PEM is read', Buffer.from(crlPem(minted())), 'read'],
  ['PEM with text before it is read', Buffer.from(`Issuer: us\n${crlPem(minted())}`), 'read'],
  ['PEM of a certificate is refused', Buffer.from(CA.pem), 'crl-pem-unfit'],
  ['PEM of two lists is refused', Buffer.from(crlPem(minted()).repeat(2)), 'crl-pem-unfit'],
  [
    'PEM that is cut short is refused',
    Buffer.from(crlPem(minted()).slice(0, -30)),
    'crl-pem-unfit',
  ],
  ['a page of HTML is no list', Buffer.from('<html>404</html>'), 'crl-pem-unfit'],
  ['nothing is no list', Buffer.alloc(0), 'crl-pem-unfit'],
  [
    'DER beyond the limit is refused unread',
    Buffer.alloc(MAX_CRL_BYTES + 1, 0x30),
    'crl-too-large',
  ],
  ['DER at the limit is read, and found out', Buffer.alloc(MAX_CRL_BYTES, 0x30), 'trailing-octets'],
  [
    'PEM beyond its limit is refused unread',
    Buffer.alloc(MAX_PEM_BYTES + 1, 0x2d),
    'crl-too-large',
  ],
  [
    'PEM beyond its limit is refused unread, though it begins like DER',
    upTo(MAX_PEM_BYTES + 1, `\n${crlPem(minted())}`),
    'crl-too-large',
  ],
  [
    'PEM at its limit is read, though it begins like DER',
    upTo(MAX_PEM_BYTES, `\n${crlPem(minted())}`),
    'read',
  ],
]

/** So many octets in all: explanation that begins with the digit 0, the tag of a sequence, and then a text. */
function upTo(size: number, text: string): Buffer {
  return Buffer.concat([Buffer.alloc(size - text.length, '0 '), Buffer.from(text)])
}

for (const [promise, octets, expected] of rows) {
  test(promise, () => {
    expect(outcome(octets)).toBe(expected)
  })
}

test('entries are found by their serials, whatever its sign and size, with time and reason', () => {
  const at = new Date('2026-03-01T10:20:30Z')
  const crl = read(
    minted({
      revoked: [
        { serial: 0, at, reason: 1 },
        { serial: 127, at },
        { serial: 128, at, reason: 4 },
        { serial: -1, at },
        { serial: -129, at },
        { serial: Buffer.alloc(20, 0x7a), at: new Date('2060-01-01T00:00:00Z'), reason: 6 },
      ],
    }),
  )
  const index = indexEntries(crl.der, crl.entries)
  const instant = at.getTime()
  expect(crl.entries.count).toBe(6)
  expect(index.find('00')).toEqual({ at: instant, reason: 'keyCompromise' })
  expect(index.find('7f')).toEqual({ at: instant, reason: 'unspecified' })
  expect(index.find('80')).toEqual({ at: instant, reason: 'superseded' })
  expect(index.find('-01')).toEqual({ at: instant, reason: 'unspecified' })
  expect(index.find('-81')).toEqual({ at: instant, reason: 'unspecified' })
  expect(index.find('7a'.repeat(20))).toEqual({
    at: Date.UTC(2060, 0, 1),
    reason: 'certificateHold',
  })
  for (const other of ['01', '7e', '81', 'ff', '-02', '-80', '7a'.repeat(19), '7a'.repeat(200)]) {
    expect(index.find(other), other).toBeUndefined()
  }
})

test('of two entries with one serial the first speaks', () => {
  const crl = read(
    minted({
      revoked: [
        { serial: 5, reason: 1 },
        { serial: 5, reason: 4 },
      ],
    }),
  )
  expect(indexEntries(crl.der, crl.entries).find('05')?.reason).toBe('keyCompromise')
})

test('the fields of a list are read', () => {
  const crl = read(
    minted({
      thisUpdate: new Date('2026-01-01T00:00:00Z'),
      nextUpdate: new Date('2026-01-08T00:00:00Z'),
      number: 258,
      extensions: [issuingPoint(pointName(URL_OF_LIST), user())],
    }),
  )
  expect(crl).toMatchObject({
    version: 2,
    thisUpdate: Date.UTC(2026, 0, 1),
    nextUpdate: Date.UTC(2026, 0, 8) + 999,
    number: '0102',
    scope: { certificates: 'users', points: [`uri:${URL_OF_LIST}`] },
  })
  expect(crl.issuer.rdns[0]?.[0]?.text).toBe('Lister')
})

test('every other octet of a list being changed, reading ends with a fault or a list, never otherwise', () => {
  const whole = minted({
    revoked: [{ serial: mintLeaf({ issuer: CA }).der.subarray(15, 31), reason: 1 }],
  })
  for (let at = 0; at < whole.length; at += 1) {
    for (const octet of [0x00, 0x80, 0xff]) {
      const altered = Buffer.from(whole)
      altered[at] = octet
      const parsed = parseCrl(altered)
      if (parsed.ok) indexEntries(parsed.value.der, parsed.value.entries).find('01')
    }
  }
})

test('a million entries are read, and the table takes 8 MiB', () => {
  const one = der.sequence(der.tlv(2, Buffer.alloc(16, 0x41)), WHEN)
  const all = Buffer.alloc(1_000_000 * one.length)
  for (let number = 0; number < 1_000_000; number += 1) {
    one.copy(all, number * one.length)
    all.writeUInt32BE(number, number * one.length + 16)
  }
  const crl = read(minted({ rawEntries: der.sequence(all) }))
  expect(crl.entries.count).toBe(1_000_000)
  const index = indexEntries(crl.der, crl.entries)
  const serial = (number: number): string =>
    `${'41'.repeat(12)}${number.toString(16).padStart(8, '0')}`
  for (const number of [0, 1, 500_000, 999_999]) expect(index.find(serial(number))).toBeDefined()
  expect(index.find(serial(1_000_000))).toBeUndefined()
})

test('one entry more than two million is refused', () => {
  const one = der.sequence(der.integer(1), WHEN)
  const all = Buffer.alloc(2_000_001 * one.length)
  for (let at = 0; at < all.length; at += one.length) one.copy(all, at)
  expect(outcome(minted({ rawEntries: der.sequence(all) }))).toBe('crl-too-many-entries')
  expect(outcome(minted({ rawEntries: der.sequence(all.subarray(one.length)) }))).toBe('read')
})

function user(): Buffer {
  return der.contextPrimitive(1, Buffer.from([0xff]))
}

function authorities(): Buffer {
  return der.contextPrimitive(2, Buffer.from([0xff]))
}
