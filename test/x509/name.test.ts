import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { DerReader } from '../../src/x509/der.ts'
import { readName, type Name, type NameForm } from '../../src/x509/name.ts'
import { printName } from '../../src/x509/print-name.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCertificate, mintKeys } from '../support/certificates/mint-certificate.ts'

const CN = '2.5.4.3'
const O = '2.5.4.10'

const read = (encoded: Buffer): Name => readName(DerReader.over(encoded))
const attribute = (oid: string, value: Buffer): Buffer => der.sequence(der.oid(oid), value)
const one = (value: Buffer, oid = CN): Buffer => der.sequence(der.set(attribute(oid, value)))
const text = (value: string): Buffer => one(der.utf8(value))
const bmp = (value: string): Buffer => der.tlv(0x1e, Buffer.from(value, 'utf16le').swap16())
const universal = (value: string): Buffer =>
  der.tlv(
    0x1c,
    ...Array.from(value, (letter) => {
      const octets = Buffer.alloc(4)
      octets.writeUInt32BE(letter.codePointAt(0) ?? 0)
      return octets
    }),
  )
const latin = (value: string): Buffer => der.tlv(0x14, Buffer.from(value, 'latin1'))

const same: readonly (readonly [promise: string, Buffer, Buffer])[] = [
  ['upper and lower case are the same', text('Device A'), text('dEVICE a')],
  ['the type of string is not compared', text('device'), one(der.printable('device'))],
  ['UTF-16 and UTF-8 of a text are the same', text('Gerät'), one(bmp('Gerät'))],
  ['UTF-32 and UTF-8 of a text are the same', text('Gerät'), one(universal('Gerät'))],
  ['Latin-1 and UTF-8 of a text are the same', text('Gerät'), one(latin('Gerät'))],
  ['white space at the ends is not compared', text(' device '), text('device')],
  ['white space inside is compared as one', text('a   b'), text('a b')],
  ['a tab is white space', text('a\tb'), text('a b')],
  ['composed and decomposed letters are the same', text('Gera\u0308t'), text('Gerät')],
  ['compatible letters are the same', text('ﬁle'), text('file')],
  ['letters that fold together only in upper case are the same', text('straße'), text('STRASSE')],
  ['invisible characters are not compared', text('de\u00advice'), text('device')],
  [
    'the order within a relative name is not compared',
    der.sequence(der.set(attribute(CN, der.utf8('a')), attribute(O, der.utf8('b')))),
    der.sequence(der.set(attribute(O, der.utf8('b')), attribute(CN, der.utf8('a')))),
  ],
  ['no name is the same as no name', der.sequence(), der.sequence()],
]

for (const [promise, left, right] of same) {
  test(promise, () => {
    expect(read(left).key).toBe(read(right).key)
  })
}

const different: readonly (readonly [promise: string, Buffer, Buffer])[] = [
  ['other text is another name', text('device-1'), text('device-2')],
  ['another type is another name', one(der.utf8('x'), CN), one(der.utf8('x'), O)],
  ['white space inside a word counts', text('de vice'), text('device')],
  [
    'the order of relative names counts',
    der.nameOf([CN, 'a'], [O, 'b']),
    der.nameOf([O, 'b'], [CN, 'a']),
  ],
  [
    'two relative names are not one with two attributes',
    der.nameOf([CN, 'a'], [O, 'b']),
    der.sequence(der.set(attribute(CN, der.utf8('a')), attribute(O, der.utf8('b')))),
  ],
  ['an undecodable value is compared by its octets', one(der.integer(5)), one(der.integer(6))],
  ['an undecodable value is not the text that it prints as', one(der.integer(5)), text('#020105')],
  [
    'a value cannot imitate the end of a relative name',
    text('a\u00002.5.4.10=b'),
    der.nameOf([CN, 'a'], [O, 'b']),
  ],
  ['something is not nothing', text('x'), der.sequence()],
]

for (const [promise, left, right] of different) {
  test(promise, () => {
    expect(read(left).key).not.toBe(read(right).key)
  })
}

test('a name lies below the names that it begins with, and no others', () => {
  const below = read(der.nameOf([O, 'Fleet'], [CN, 'device'])).key
  expect(below.startsWith(read(der.nameOf([O, 'fleet'])).key)).toBe(true)
  expect(below.startsWith(read(der.nameOf([O, 'Fle'])).key)).toBe(false)
  expect(below.startsWith(read(der.nameOf([CN, 'device'])).key)).toBe(false)
})

const texts: readonly (readonly [promise: string, Buffer, string])[] = [
  ['UTF-8 is read', one(der.utf8('Gerät')), 'Gerät'],
  ['UTF-8 that is none is kept as octets', one(der.tlv(0x0c, Buffer.from([0xc3]))), '#0c01c3'],
  [
    'a printable string beyond ASCII is kept as octets',
    one(der.tlv(0x13, Buffer.from([0xe4]))),
    '#1301e4',
  ],
  [
    'UTF-16 of odd length is kept as octets',
    one(der.tlv(0x1e, Buffer.from([0, 0x41, 0]))),
    '#1e03004100',
  ],
  ['half a surrogate is kept as octets', one(der.tlv(0x1e, Buffer.from([0xd8, 0]))), '#1e02d800'],
  [
    'UTF-32 beyond Unicode is kept as octets',
    one(der.tlv(0x1c, Buffer.from('00110000', 'hex'))),
    '#1c0400110000',
  ],
  [
    'UTF-32 of odd length is kept as octets',
    one(der.tlv(0x1c, Buffer.from('000041', 'hex'))),
    '#1c03000041',
  ],
  ['a number is kept as octets', one(der.integer(5)), '#020105'],
]

for (const [promise, encoded, expected] of texts) {
  test(promise, () => {
    expect(read(encoded).rdns[0]?.[0]?.text).toBe(expected)
  })
}

const DEVICE = der.nameOf(
  ['2.5.4.6', 'DE'],
  [O, 'Fleet, "Inc" <x>;+=\\'],
  ['0.9.2342.19200300.100.1.25', 'example'],
  ['0.9.2342.19200300.100.1.1', 'u-1'],
  ['1.2.840.113549.1.9.1', 'a@example.com'],
  ['2.5.4.5', '0012'],
  [CN, 'Gerät 😀'],
)

const printed: readonly (readonly [form: NameForm, name: Buffer, expected: string])[] = [
  ['rfc4514', der.sequence(), ''],
  ['rfc4514', text('#x '), String.raw`CN=\#x\ `],
  ['rfc4514', text(' '), String.raw`CN=\ `],
  ['rfc4514', text('a\u0000b'), String.raw`CN=a\00b`],
  ['rfc4514', text('a\r\nb\u0085\u202ec'), String.raw`CN=a\0D\0Ab\C2\85\E2\80\AEc`],
  ['rfc4514', one(der.integer(5)), 'CN=#020105'],
  ['rfc4514', one(der.utf8('x'), '2.5.4.5'), '2.5.4.5=#0c0178'],
  [
    'rfc4514',
    der.sequence(
      der.set(attribute(CN, der.utf8('a')), attribute(O, der.utf8('b'))),
      der.set(attribute(O, der.utf8('c'))),
    ),
    'O=c,CN=a+O=b',
  ],
]

for (const [form, name, expected] of printed) {
  test(`${form} prints ${JSON.stringify(expected)}`, () => {
    expect(printName(read(name), form)).toBe(expected)
  })
}

test('RFC 4514 names only what its table names', () => {
  expect(printName(read(DEVICE))).toBe(
    [
      'CN=Gerät 😀',
      '2.5.4.5=#0c0430303132',
      '1.2.840.113549.1.9.1=#0c0d61406578616d706c652e636f6d',
      'UID=u-1',
      'DC=example',
      String.raw`O=Fleet\, \"Inc\" \<x\>\;\+=\\`,
      'C=DE',
    ].join(','),
  )
})

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl) console.warn('skipped: names beside OpenSSL; there is no openssl on this machine')

const keys = mintKeys()

function certificateFor(subject: Buffer): { pem: string; name: Name } {
  const minted = mintCertificate({
    subject,
    keys,
    issuer: { subject: der.commonName('CA'), key: keys.key },
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
  })
  const parsed = parseCertificate(minted.der)
  if (!parsed.ok) throw new Error(parsed.failure.kind)
  return { pem: minted.pem, name: parsed.value.subject }
}

function opensslPrints(pem: string, form: 'RFC2253' | 'compat'): string {
  const { stdout } = spawnSync('openssl', ['x509', '-noout', '-subject', '-nameopt', form], {
    input: pem,
    encoding: 'latin1',
  })
  return stdout.replace(/^subject= ?/u, '').replace(/\n$/u, '')
}

const besideOpenssl: readonly (readonly [string, Buffer])[] = [
  ['a device', DEVICE],
  ['nothing', der.sequence()],
  ['a leading #', text('#x')],
  ['a leading space', text(' x')],
  ['a trailing space', text('x ')],
  ['spaces only', text('  ')],
  ['a single space', text(' ')],
  ['an empty value', text('')],
  ['a control character', text('a\u0001\u007fb')],
  ['a line feed', text('a\nb')],
  ['quotes and brackets', text('"a"<b>;c\\,d+e=f#g')],
  ['Latin-1', one(latin('Gerät'))],
  ['UTF-16', one(bmp('Gerät'))],
  ['UTF-16 in ASCII', one(bmp('ab'))],
  ['UTF-32', one(universal('Gerät'))],
  ['an IA5 string', one(der.ia5('a@b'), '1.2.840.113549.1.9.1')],
  ['an unknown type', one(der.utf8('x'), '1.2.3.4.5')],
  ['a slash', text('a/b')],
  [
    'a multi-valued relative name',
    der.sequence(der.set(attribute(CN, der.utf8('a')), attribute(O, der.utf8('b')))),
  ],
  [
    'every type it names',
    der.nameOf(
      ...[
        '2.5.4.4',
        '2.5.4.5',
        '2.5.4.9',
        '2.5.4.12',
        '2.5.4.13',
        '2.5.4.15',
        '2.5.4.16',
        '2.5.4.17',
        '2.5.4.18',
        '2.5.4.19',
        '2.5.4.20',
        '2.5.4.41',
        '2.5.4.42',
        '2.5.4.43',
        '2.5.4.44',
        '2.5.4.45',
        '2.5.4.46',
        '2.5.4.50',
        '2.5.4.51',
        '2.5.4.54',
        '2.5.4.65',
        '2.5.4.72',
        '2.5.4.97',
        '0.9.2342.19200300.100.1.1',
        '0.9.2342.19200300.100.1.3',
        '0.9.2342.19200300.100.1.9',
        '0.9.2342.19200300.100.1.25',
        '0.9.2342.19200300.100.1.41',
        '0.9.2342.19200300.100.1.44',
        '1.2.840.113549.1.9.1',
        '1.2.840.113549.1.9.2',
        '1.2.840.113549.1.9.8',
        '1.3.6.1.4.1.311.60.2.1.1',
        '1.3.6.1.4.1.311.60.2.1.2',
        '1.3.6.1.4.1.311.60.2.1.3',
      ].map((oid) => [oid, 'x'] as const),
    ),
  ],
]

for (const [what, subject] of besideOpenssl) {
  test.skipIf(!openssl)(`rfc2253 and slash print ${what} as OpenSSL does`, () => {
    const { pem, name } = certificateFor(subject)
    expect(printName(name, 'rfc2253')).toBe(opensslPrints(pem, 'RFC2253'))
    expect(printName(name, 'slash')).toBe(opensslPrints(pem, 'compat'))
  })
}
