/** What lighttpd was seen to tell programs (`npm run test:formats`), in rows. */
import { expect, test } from 'vitest'
import { fieldText, identityFields } from '../../src/message/encode/encode.ts'
import type { IdentitySettings } from '../../src/message/encode/settings.ts'
import * as der from '../support/certificates/der-writer.ts'
import type { LeafOptions } from '../support/certificates/mint.ts'
import { aDevice, named, settings } from './encoder-devices.ts'

const sent = (
  options: Partial<LeafOptions>,
  parts: Partial<IdentitySettings> = {},
): Readonly<Record<string, string>> =>
  named(
    identityFields(aDevice(options), settings({ format: 'lighttpd', name: 'format', ...parts })),
  )

const CN = '2.5.4.3'
const O = '2.5.4.10'
const OU = '2.5.4.11'
const oneName = (tag: number, octets: Buffer): Buffer =>
  der.sequence(der.set(der.sequence(der.oid(CN), der.tlv(tag, octets))))
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

interface Row {
  readonly promise: string
  readonly subject: Buffer
  readonly dn: string
  readonly cn: string | undefined
}

const rows: readonly Row[] = [
  {
    promise: 'spaces around what separates, the most significant part first, letters as UTF-8',
    subject: der.nameOf(['2.5.4.6', 'DE'], [O, 'Größe 株式会社'], [CN, 'Gerät 📱']),
    dn: 'C = DE, O = Größe 株式会社, CN = Gerät 📱',
    cn: 'Gerät 📱',
  },
  {
    promise: 'several values of one part with a plus sign between, in their order',
    subject: der.sequence(
      der.set(
        der.sequence(der.oid('2.5.4.5'), der.printable('1')),
        der.sequence(der.oid(CN), der.utf8('d')),
      ),
    ),
    dn: 'serialNumber = 1 + CN = d',
    cn: 'd',
  },
  {
    promise: 'the last common name',
    subject: der.nameOf([CN, 'first'], [O, 'Acme'], [CN, 'last']),
    dn: 'CN = first, O = Acme, CN = last',
    cn: 'last',
  },
  {
    promise: 'no common name where there is none',
    subject: der.nameOf([O, 'Acme']),
    dn: 'O = Acme',
    cn: undefined,
  },
  {
    promise: 'a comma in quotes so that no attribute begins there',
    subject: der.nameOf([O, 'x, CN = admin'], [CN, 'd']),
    dn: 'O = "x, CN = admin", CN = d',
    cn: 'd',
  },
  {
    promise: 'a plus sign in quotes',
    subject: der.nameOf([O, 'a+b']),
    dn: 'O = "a+b"',
    cn: undefined,
  },
  {
    promise: 'a semicolon and angle brackets in quotes',
    subject: der.nameOf([O, 'a;b'], [OU, 'a<b'], [OU, 'a>b']),
    dn: 'O = "a;b", OU = "a<b", OU = "a>b"',
    cn: undefined,
  },
  {
    promise: 'spaces at an edge in quotes, and none inside',
    subject: der.nameOf([O, ' a'], [OU, 'a '], [CN, 'a b']),
    dn: 'O = " a", OU = "a ", CN = a b',
    cn: 'a b',
  },
  {
    promise: 'a number sign in quotes where it would begin octets, and nowhere else',
    subject: der.nameOf([O, '#1'], [CN, 'a#1']),
    dn: 'O = "#1", CN = a#1',
    cn: 'a#1',
  },
  {
    promise: 'a quote and a backslash behind a backslash, in quotes or not',
    subject: der.nameOf([O, 'a"b\\c'], [OU, ',"\\']),
    dn: String.raw`O = a\"b\\c, OU = ",\"\\"`,
    cn: undefined,
  },
  {
    promise: 'a type without a short name by number, its text as text',
    subject: der.nameOf(['1.2.3.4.5', 'x']),
    dn: '1.2.3.4.5 = x',
    cn: undefined,
  },
  {
    promise: 'what is not seen as escapes, told apart from what looks like one',
    subject: der.nameOf([O, String.raw`a\0Ab`], [CN, 'a\nb\u0000\u202e']),
    dn: String.raw`O = a\\0Ab, CN = a\0Ab\00\E2\80\AE`,
    cn: String.raw`a\0Ab\00\E2\80\AE`,
  },
  {
    promise: 'a BMPString as its text',
    subject: oneName(0x1e, utf16('Gerät')),
    dn: 'CN = Gerät',
    cn: 'Gerät',
  },
  {
    promise:
      'a PrintableString with UTF-8 as Latin-1 in the subject, and as it is in the common name',
    subject: oneName(0x13, Buffer.from('Gerät')),
    dn: 'CN = GerÃ¤t',
    cn: 'Gerät',
  },
  {
    promise: 'a UTF8String that is none octet by octet',
    subject: oneName(0x0c, Buffer.from('Ger\u00e4t\\ ~', 'latin1')),
    dn: String.raw`CN = Ger\E4t\\ ~`,
    cn: String.raw`Ger\E4t\ ~`,
  },
  {
    promise: 'what is no string in hexadecimal in the subject',
    subject: oneName(0x03, Buffer.from('00ab', 'hex')),
    dn: 'CN = #030200AB',
    cn: String.raw`\00\AB`,
  },
]

for (const { promise, subject, dn, cn } of rows) {
  test(`lighttpd writes ${promise}`, () => {
    const fields = sent({ subject })
    expect(fieldText(fields['SSL_CLIENT_S_DN'] ?? '')).toBe(dn)
    const common = fields['SSL_CLIENT_S_DN_CN']
    expect(common === undefined ? undefined : fieldText(common)).toBe(cn)
  })
}

test('lighttpd sends these fields and no others', () => {
  const device = aDevice()
  expect(named(identityFields(device, settings({ format: 'lighttpd', name: 'format' })))).toEqual({
    SSL_CLIENT_CERT: device.pem.trimEnd().replaceAll('\n', ' '),
    SSL_CLIENT_VERIFY: 'SUCCESS',
    SSL_CLIENT_S_DN: 'C = DE, O = "Acme, Inc.", CN = device 1',
    SSL_CLIENT_S_DN_CN: 'device 1',
    SSL_CLIENT_M_SERIAL: '0A1B',
  })
})

test('lighttpd writes the issuer, where it has a name, as it writes the subject', () => {
  expect(sent({}, { fields: { issuer: 'I' } })['I']).toBe('CN = Issuing CA')
})

test('lighttpd writes the serial number 0 as one digit, and others with all octets', () => {
  const serialOf = (serial: number | Buffer): unknown => sent({ serial })['SSL_CLIENT_M_SERIAL']
  expect([serialOf(0), serialOf(5), serialOf(0x100), serialOf(-1)]).toEqual([
    '0',
    '05',
    '0100',
    '-01',
  ])
})

test('a device in grace is named by lighttpd with a verdict that says so', () => {
  const device = { ...aDevice(), timeliness: 'in-grace' } as const
  const fields = named(identityFields(device, settings({ format: 'lighttpd' })))
  expect(fields['SSL_CLIENT_VERIFY']).toBe('FAILED:expired-grace')
  expect(fields['SSL_CLIENT_CERT']).toBe(device.pem.trimEnd().replaceAll('\n', ' '))
})
