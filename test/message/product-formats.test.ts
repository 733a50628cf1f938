/** What real products were seen to send (`npm run test:formats`), in rows. */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { fieldText, identityFields } from '../../src/message/encode/encode.ts'
import type { IdentitySettings } from '../../src/message/encode/settings.ts'
import * as der from '../support/certificates/der-writer.ts'
import type { LeafOptions } from '../support/certificates/mint.ts'
import { aDevice, named, settings } from './encoder-devices.ts'

type Fields = Readonly<Record<string, string>>

const sent = (options: Partial<LeafOptions>, parts: Partial<IdentitySettings>): Fields =>
  named(identityFields(aDevice(options), settings({ name: 'format', ...parts })))

const CN = '2.5.4.3'
const O = '2.5.4.10'
const attribute = (type: string, tag: number, octets: Buffer): Buffer =>
  der.sequence(der.oid(type), der.tlv(tag, octets))
/** The subject `CN`, in a string of any type. */
const oneName = (tag: number, octets: Buffer): Buffer =>
  der.sequence(der.set(attribute(CN, tag, octets)))
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const TAG = { utf8: 0x0c, printable: 0x13, teletex: 0x14, bmp: 0x1e, universal: 0x1c }

/** The date as HAProxy gave it for the second, and `undefined` where it gave nothing. */
const times: readonly (readonly [at: number, text: string | undefined])[] = [
  [Date.UTC(1949, 11, 31, 23, 59, 59), undefined],
  [Date.UTC(1975, 0, 1), undefined],
  [Date.UTC(1999, 11, 31, 23, 59, 59), undefined],
  [Date.UTC(2000, 0, 1), '000101000000Z'],
  [Date.UTC(2049, 11, 31, 23, 59, 59), '491231235959Z'],
  [Date.UTC(2050, 0, 1), '500101000000Z'],
  [Date.UTC(2099, 11, 31, 23, 59, 59), '991231235959Z'],
  [Date.UTC(2100, 0, 1), undefined],
  [Date.UTC(2150, 5, 1), undefined],
  [Date.UTC(9999, 11, 31, 23, 59, 59), undefined],
]

for (const [at, text] of times) {
  const shown = new Date(at).toISOString().slice(0, 10)
  test(`haproxy writes ${shown} as ${text ?? 'nothing'}, never as another year`, () => {
    const fields = sent({ notBefore: at, notAfter: at }, { format: 'haproxy' })
    expect(fields['X-SSL-Client-NotBefore']).toBe(text)
    expect(fields['X-SSL-Client-NotAfter']).toBe(text)
  })
}

const digests: readonly (readonly [name: string | undefined, digest: 'sha1' | 'sha256'])[] = [
  [undefined, 'sha1'],
  ['X-SSL-Client-SHA1', 'sha1'],
  ['x-ssl-client-sha-1', 'sha1'],
  ['Client_Sha_1', 'sha1'],
  ['X-SSL-Client-SHA256', 'sha256'],
  ['x-ssl-client-sha-256', 'sha256'],
  ['Client_Sha_256', 'sha256'],
]

for (const [name, digest] of digests) {
  test(`haproxy puts a ${digest} under ${name ?? 'its own name'}, whatever digest is set`, () => {
    const device = aDevice()
    const oracle = new X509Certificate(device.leaf.der)
    const hex = (digest === 'sha1' ? oracle.fingerprint : oracle.fingerprint256).replaceAll(':', '')
    const fields = name === undefined ? {} : { fingerprint: name }
    for (const other of ['sha1', 'sha256'] as const) {
      const fingerprint = { digest: other, form: 'hex' } as const
      const one = settings({ format: 'haproxy', fields, fingerprint })
      expect(named(identityFields(device, one))[name ?? 'X-SSL-Client-SHA1']).toBe(hex)
    }
  })
}

test('haproxy puts the digest that is set under a name that names none', () => {
  const device = aDevice()
  const oracle = new X509Certificate(device.leaf.der)
  for (const name of ['X-Print', 'X-SHA1-Print', 'X-SHA256-Print']) {
    const print = (digest: 'sha1' | 'sha256', form: 'hex' | 'base64'): unknown =>
      named(
        identityFields(
          device,
          settings({
            format: 'haproxy',
            fields: { fingerprint: name },
            fingerprint: { digest, form },
          }),
        ),
      )[name]
    expect(print('sha1', 'hex')).toBe(oracle.fingerprint.replaceAll(':', ''))
    expect(print('sha256', 'hex')).toBe(oracle.fingerprint256.replaceAll(':', ''))
    const octets = Buffer.from(oracle.fingerprint256.replaceAll(':', ''), 'hex')
    expect(print('sha256', 'base64')).toBe(octets.toString('base64'))
  }
})

interface NameRow {
  readonly promise: string
  readonly subject: Buffer
  readonly dn: string
  readonly cn: string | undefined
}

const names: readonly NameRow[] = [
  {
    promise: 'letters of all scripts as UTF-8',
    subject: der.nameOf([O, 'Größe 株式会社'], [CN, 'Gerät 📱']),
    dn: '/O=Größe 株式会社/CN=Gerät 📱',
    cn: 'Gerät 📱',
  },
  {
    promise: 'each attribute of a relative name behind a slash',
    subject: der.sequence(
      der.set(attribute(O, TAG.utf8, utf8('Acme'))),
      der.set(attribute(CN, TAG.utf8, utf8('d')), attribute('2.5.4.5', TAG.printable, utf8('1'))),
    ),
    dn: '/O=Acme/CN=d/serialNumber=1',
    cn: 'd',
  },
  {
    promise: 'the first common name',
    subject: der.nameOf([CN, 'first'], [O, 'Acme'], [CN, 'last']),
    dn: '/CN=first/O=Acme/CN=last',
    cn: 'first',
  },
  {
    promise: 'a type without a short name by number',
    subject: der.nameOf(['1.2.3.4.5', 'x']),
    dn: '/1.2.3.4.5=x',
    cn: undefined,
  },
  {
    promise: 'a slash inside a value so that no attribute begins there',
    subject: der.nameOf([O, 'x/CN=admin'], [CN, 'a/b']),
    dn: String.raw`/O=x\2FCN=admin/CN=a\2Fb`,
    cn: 'a/b',
  },
  {
    promise: 'a backslash as itself unless it would begin an escape',
    subject: der.nameOf([O, String.raw`x\2FCN=y\0az`], [CN, String.raw`DOMAIN\user`]),
    dn: String.raw`/O=x\5C2FCN=y\0az/CN=DOMAIN\user`,
    cn: String.raw`DOMAIN\user`,
  },
  {
    promise: 'what is not seen as escapes',
    subject: der.nameOf([O, 'a\r\nb: c'], [CN, 'd\u0000\t\u007f\u0085\u2028\u2029\u202ee']),
    dn: String.raw`/O=a\0D\0Ab: c/CN=d\00\09\7F\C2\85\E2\80\A8\E2\80\A9\E2\80\AEe`,
    cn: String.raw`d\00\09\7F\C2\85\E2\80\A8\E2\80\A9\E2\80\AEe`,
  },
  {
    promise: 'a BMPString as its text, also where its octets could be read as other text',
    subject: oneName(TAG.bmp, utf16('Gerät')),
    dn: '/CN=Gerät',
    cn: 'Gerät',
  },
  {
    promise: 'a BMPString whose octets spell an administrator as its own two letters',
    subject: oneName(TAG.bmp, utf8('root')),
    dn: '/CN=牯潴',
    cn: '牯潴',
  },
  {
    promise: 'a UniversalString as its text',
    subject: oneName(TAG.universal, Buffer.from('00010001', 'hex')),
    dn: '/CN=\u{10001}',
    cn: '\u{10001}',
  },
  {
    promise: 'a TeletexString in Latin-1 as UTF-8',
    subject: oneName(TAG.teletex, latin1('Gerät')),
    dn: '/CN=Gerät',
    cn: 'Gerät',
  },
  {
    promise: 'a PrintableString that holds UTF-8 as that',
    subject: oneName(TAG.printable, utf8('Gerät')),
    dn: '/CN=Gerät',
    cn: 'Gerät',
  },
  {
    promise: 'a UTF8String that is none octet by octet',
    subject: oneName(TAG.utf8, latin1('Ger\u00e4t\\C3 \n~')),
    dn: String.raw`/CN=Ger\E4t\5CC3 \0A~`,
    cn: String.raw`Ger\E4t\5CC3 \0A~`,
  },
  {
    promise: 'a BMPString of an odd length octet by octet',
    subject: oneName(TAG.bmp, Buffer.from('47e4ff', 'hex')),
    dn: String.raw`/CN=G\E4\FF`,
    cn: String.raw`G\E4\FF`,
  },
]

for (const { promise, subject, dn, cn } of names) {
  test(`haproxy writes ${promise}`, () => {
    const fields = sent({ subject }, { format: 'haproxy' })
    expect(fieldText(fields['X-SSL-Client-DN'] ?? '')).toBe(dn)
    const common = fields['X-SSL-Client-CN']
    expect(common === undefined ? undefined : fieldText(common)).toBe(cn)
  })
}

test('haproxy writes the issuer as it writes the subject', () => {
  expect(sent({}, { format: 'haproxy' })['X-SSL-Issuer']).toBe('/CN=Issuing CA')
})

test('haproxy writes names in the form that is asked for', () => {
  const subject = der.nameOf([CN, 'Gerät'])
  const dn = (name: IdentitySettings['name']): unknown =>
    sent({ subject }, { format: 'haproxy', name })['X-SSL-Client-DN']
  expect(dn('rfc2253')).toBe(String.raw`CN=Ger\C3\A4t`)
  expect(dn('slash')).toBe(String.raw`/CN=Ger\xC3\xA4t`)
})

const apacheNames: readonly NameRow[] = [
  {
    promise: 'letters of all scripts as UTF-8, whatever the type of the string',
    subject: der.sequence(
      der.set(attribute(O, TAG.utf8, utf8('Größe 株式会社'))),
      der.set(attribute('2.5.4.11', TAG.bmp, utf16('Gerät'))),
      der.set(attribute(CN, TAG.teletex, latin1('Gerät'))),
    ),
    dn: 'CN=Gerät,OU=Gerät,O=Größe 株式会社',
    cn: 'Gerät',
  },
  {
    promise: 'a PrintableString as Latin-1, in both fields alike',
    subject: oneName(TAG.printable, utf8('Gerät')),
    dn: 'CN=GerÃ¤t',
    cn: 'GerÃ¤t',
  },
  {
    promise: 'the first common name',
    subject: der.nameOf([CN, 'first'], [O, 'Acme'], [CN, 'last']),
    dn: 'CN=last,O=Acme,CN=first',
    cn: 'first',
  },
  {
    promise: 'no common name where there is none',
    subject: der.nameOf([O, 'Acme']),
    dn: 'O=Acme',
    cn: undefined,
  },
  {
    promise: 'syntax inside a value so that no attribute begins there',
    subject: der.nameOf([O, 'x,CN=admin+"é"'], [CN, String.raw`DOMAIN\user\C3\A4`]),
    dn: String.raw`CN=DOMAIN\\user\\C3\\A4,O=x\,CN=admin\+\"é\"`,
    cn: String.raw`DOMAIN\\user\\C3\\A4`,
  },
  {
    promise: 'what is not seen as escapes',
    subject: der.nameOf([CN, 'a\r\nb: c\u0000\t\u007f\u0085\u2028\u202ee']),
    dn: String.raw`CN=a\0D\0Ab: c\00\09\7F\C2\85\E2\80\A8\E2\80\AEe`,
    cn: String.raw`a\0D\0Ab: c\00\09\7F\C2\85\E2\80\A8\E2\80\AEe`,
  },
  {
    promise: 'a UTF8String that is none octet by octet',
    subject: oneName(TAG.utf8, latin1('Ger\u00e4t\\ \n~')),
    dn: String.raw`CN=Ger\E4t\\ \0A~`,
    cn: String.raw`Ger\E4t\\ \0A~`,
  },
  {
    promise: 'a string of an odd length octet by octet',
    subject: oneName(TAG.bmp, Buffer.from('47e4ff', 'hex')),
    dn: 'CN=#1E0347E4FF',
    cn: String.raw`G\E4\FF`,
  },
]

for (const { promise, subject, dn, cn } of apacheNames) {
  test(`apache writes ${promise}`, () => {
    const fields = sent({ subject }, { format: 'apache', fields: { commonName: 'CN' } })
    expect(fieldText(fields['SSL_CLIENT_S_DN'] ?? '')).toBe(dn)
    const common = fields['CN']
    expect(common === undefined ? undefined : fieldText(common)).toBe(cn)
  })
}

test('apache writes the issuer as it writes the subject', () => {
  expect(sent({}, { format: 'apache' })['SSL_CLIENT_I_DN']).toBe('CN=Issuing CA')
})

const oneReading: readonly (readonly [promise: string, subject: Buffer, text: string])[] = [
  ['letters', der.nameOf([CN, 'device 1']), 'device 1'],
  ['a PrintableString with UTF-8', oneName(TAG.printable, utf8('Gerät')), 'GerÃ¤t'],
  ['a TeletexString in Latin-1', oneName(TAG.teletex, latin1('Gerät')), 'Gerät'],
  ['a BMPString', oneName(TAG.bmp, utf16('Gerät')), 'Gerät'],
]

for (const [promise, subject, text] of oneReading) {
  test(`${promise} reads the same in the common name and in both RFC forms of the subject`, () => {
    const escaped = text.replaceAll(/[^ -~]/gu, (one) =>
      Array.from(utf8(one), (octet) => `\\${octet.toString(16).toUpperCase()}`).join(''),
    )
    for (const name of ['format', 'rfc2253', 'rfc4514'] as const) {
      const fields = sent({ subject }, { name, fields: { subject: 'S', commonName: 'N' } })
      expect(fields).toMatchObject({ S: `CN=${escaped}`, N: escaped })
    }
  })
}

test('octets that are no text read the same in the common name and in the subject', () => {
  const both = (subject: Buffer): Fields =>
    sent({ subject }, { fields: { subject: 'S', commonName: 'N' } })
  const odd = both(oneName(TAG.bmp, Buffer.from('47e4ff', 'hex')))
  expect(odd).toMatchObject({ S: 'CN=#1E0347E4FF', N: '#1E0347E4FF' })
  const wrong = both(oneName(TAG.utf8, latin1('Ger\u00e4t ~\n')))
  expect(wrong).toMatchObject({ S: String.raw`CN=Ger\E4t ~\0A`, N: String.raw`Ger\E4t ~\0A` })
})

test('no two common names are written alike in any format: what looks like an escape is escaped', () => {
  const nameOf = (subject: Buffer): string =>
    sent({ subject }, { fields: { commonName: 'N' } })['N'] ?? ''
  const octets = nameOf(oneName(TAG.utf8, latin1('J\u00e9')))
  const text = nameOf(oneName(TAG.utf8, utf8(String.raw`J\E9`)))
  expect([octets, text]).toEqual([String.raw`J\E9`, String.raw`J\5CE9`])
  const letters = nameOf(oneName(TAG.utf8, utf8('J\u00e9')))
  expect(letters).not.toBe(nameOf(oneName(TAG.utf8, utf8(letters))))
  const unknown = nameOf(oneName(TAG.bmp, Buffer.from('47e4ff', 'hex')))
  expect(unknown).toBe('#1E0347E4FF')
  expect(nameOf(oneName(TAG.utf8, utf8(unknown)))).toBe(String.raw`\231E0347E4FF`)
  // An ordinary number sign stays, and an ordinary backslash.
  expect(nameOf(oneName(TAG.utf8, utf8('desk #4')))).toBe('desk #4')
  expect(nameOf(oneName(TAG.utf8, utf8(String.raw`CORP\ann`)))).toBe(String.raw`CORP\ann`)
})

test('a format whose product is none of these writes names by RFC 2253', () => {
  const one = { fields: { subject: 'S', issuer: 'I' } }
  expect(sent({}, one)).toMatchObject({
    S: String.raw`CN=device 1,O=Acme\, Inc.,C=DE`,
    I: 'CN=Issuing CA',
  })
  const xfcc = sent({}, { format: 'xfcc' })['x-forwarded-client-cert']
  expect(xfcc).toContain(String.raw`Subject="CN=device 1,O=Acme\, Inc.,C=DE"`)
})

test('the octets of UTF-8 are counted, not the letters', () => {
  const device = aDevice({ subject: der.nameOf([CN, '株'.repeat(20)]) })
  const one = settings({ format: 'haproxy', name: 'format' })
  const octets = identityFields(device, one).reduce((sum, text) => sum + text.length + 2, 0)
  expect(identityFields(device, { ...one, maxBytes: octets })).toContain('X-SSL-Client-Cert')
  expect(identityFields(device, { ...one, maxBytes: octets - 1 })).not.toContain(
    'X-SSL-Client-Cert',
  )
  expect(fieldText(named(identityFields(device, one))['X-SSL-Client-CN'] ?? '')).toHaveLength(20)
})
