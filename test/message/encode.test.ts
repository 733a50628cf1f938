import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Vouched } from '../../src/decide/decide.ts'
import {
  encodeIdentity,
  fieldText,
  identityFields,
  identityNames,
} from '../../src/message/encode/encode.ts'
import { escapedPem, inert, serialText } from '../../src/message/encode/facts.ts'
import { IDENTITY_FIELDS, IDENTITY_FORMATS } from '../../src/message/encode/settings.ts'
import type { IdentitySettings } from '../../src/message/encode/settings.ts'
import { fieldFilter } from '../../src/message/request-fields.ts'
import * as der from '../support/certificates/der-writer.ts'
import { aDevice, named, settings } from './encoder-devices.ts'

const device = aDevice({ dns: ['d1.example'], ips: ['192.0.2.7'], emails: ['a@b.example'] })
const inGrace: Vouched = { ...device, timeliness: 'in-grace' }
const oracle = new X509Certificate(device.leaf.der)
/** Every fact under a name of its own. */
const EVERYTHING = Object.fromEntries(IDENTITY_FIELDS.map((field) => [field, `X-${field}`]))

const everything = (parts: Partial<IdentitySettings> = {}): Record<string, string> =>
  named(identityFields(device, settings({ format: 'base64-der', fields: EVERYTHING, ...parts })))

const VISIBLE_OCTETS = /^[ -~\u0080-\u00ff]+$/u
const VISIBLE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]+$/u

for (const format of IDENTITY_FORMATS) {
  const verifyOf = (vouched: Vouched | undefined, parts: Partial<IdentitySettings> = {}): unknown =>
    named(identityFields(vouched, settings({ format, fields: { verify: 'V' }, ...parts })))['V']
  const isNumeric = format === 'haproxy'
  const sendsUtf8 = ['haproxy', 'apache', 'lighttpd'].includes(format)
  const looksAtVerify = ['nginx', 'apache', 'haproxy', 'lighttpd'].includes(format)

  test(`${format} says NONE, and nothing about any device, when none is vouched for`, () => {
    const fields = named(identityFields(undefined, settings({ format, chain: true })))
    const values = Object.values(fields)
    expect(values).toEqual(isNumeric ? ['0', '1'] : ['NONE'])
    expect(encodeIdentity(undefined, settings({ format }))).toMatchObject({
      verify: 'NONE',
      withheld: 'nothing',
    })
  })

  test(`${format} says SUCCESS for a verified device`, () => {
    expect(verifyOf(device)).toBe(isNumeric ? '0' : 'SUCCESS')
  })

  test(`${format} never says SUCCESS for a device in grace`, () => {
    const failed = isNumeric ? '10' : 'FAILED:expired-grace'
    expect(verifyOf(inGrace)).toBe(failed)
    expect(verifyOf(inGrace, { grace: true })).toBe(failed)
  })

  test(`${format} names a device in grace ${looksAtVerify ? 'beside its verify field' : 'only where the upstream opted in'}`, () => {
    const plain = encodeIdentity(inGrace, settings({ format }))
    const opted = encodeIdentity(inGrace, settings({ format, grace: true }))
    const certificate = device.leaf.der.toString('base64').slice(0, 40)
    expect(plain.withheld).toBe(looksAtVerify ? 'nothing' : 'grace')
    expect(plain.fields.some((text) => text.includes(certificate.slice(0, 30)))).toBe(looksAtVerify)
    expect(opted.withheld).toBe('nothing')
    expect(opted.fields.some((text) => text.includes(certificate.slice(0, 30)))).toBe(true)
  })

  test(`${format} drops the chain before it grows too large, and the identity only after that`, () => {
    const deep = aDevice({}, 2)
    const wanted = settings({ format, chain: true, fields: { chain: 'X-Chain' } })
    const size = (fields: readonly string[]): number =>
      fields.reduce((sum, text) => sum + text.length + 2, 0)
    const whole = encodeIdentity(deep, wanted)
    const bare = encodeIdentity(deep, { ...wanted, chain: false })
    const [wholeSize, bareSize] = [size(whole.fields), size(bare.fields)]
    expect(wholeSize).toBeGreaterThan(bareSize)
    const within = (maxBytes: number): unknown => encodeIdentity(deep, { ...wanted, maxBytes })
    expect(within(wholeSize)).toEqual(whole)
    expect(within(wholeSize - 1)).toEqual({ ...bare, withheld: 'chain' })
    expect(within(bareSize)).toEqual({ ...bare, withheld: 'chain' })
    expect(within(bareSize - 1)).toMatchObject({
      verify: 'FAILED:identity-too-large',
      withheld: 'identity',
    })
    const kept = encodeIdentity(deep, { ...wanted, maxBytes: bareSize - 1 }).fields
    expect(kept.filter((_, index) => index % 2 === 1)).toEqual(
      isNumeric ? ['0', '50'] : ['FAILED:identity-too-large'],
    )
  })

  test(`${format} never lets a device send one of its fields itself`, () => {
    const own = settings({ format, chain: true, fields: { ...EVERYTHING, chain: 'X-Chain' } })
    const filter = fieldFilter(identityNames(own))
    const sent = [device, undefined].flatMap((one) => [
      ...identityFields(one, own),
      ...identityFields(one, settings({ format, chain: true })),
    ])
    for (const [index, name] of sent.entries()) {
      if (index % 2 === 1) continue
      expect(filter(name)).toBe('drop')
      expect(filter(name.toLowerCase().replaceAll('-', '_'))).toBe('drop')
    }
  })

  test(`${format} lets no certificate write a second field`, () => {
    const evil = 'x\r\nX-Evil: 1\u0000\u0085\u2028é"\\;,=CN=admin\\'
    const hostile = aDevice({
      subject: der.nameOf(['2.5.4.10', evil], ['2.5.4.3', evil]),
      dns: ['a\r\nX-Evil: 1, URI:b'],
      uris: ['u"\\;URI=spiffe://admin'],
      emails: ['e\u0000,DNS:c'],
    })
    for (const name of ['format', 'rfc4514', 'rfc2253', 'slash'] as const) {
      const fields = identityFields(hostile, settings({ format, name, fields: EVERYTHING }))
      expect(fields.length).toBeGreaterThan(4)
      for (const text of fields) expect(text).toMatch(sendsUtf8 ? VISIBLE_OCTETS : /^[ -~]+$/)
      for (const text of fields) expect(fieldText(text)).toMatch(VISIBLE)
    }
  })
}

test('every fact is sent where it has a name, whatever the format', () => {
  const { 'X-info': none, ...facts } = everything({ chain: true, name: 'rfc4514' })
  expect(none).toBeUndefined()
  expect(facts).toMatchObject({
    'X-certificate': device.leaf.der.toString('base64'),
    'X-escapedCertificate': encodeURIComponent(oracle.toString()),
    'X-chain': device.path.certificates[1]?.der.toString('base64'),
    'X-used': '1',
    'X-verify': 'SUCCESS',
    'X-subject': 'CN=device 1,O=Acme\\, Inc.,C=DE',
    'X-issuer': 'CN=Issuing CA',
    'X-commonName': 'device 1',
    'X-subjectAltNames': 'email:a@b.example, DNS:d1.example, IP Address:192.0.2.7',
    'X-serial': '0A1B',
    'X-notBefore': '2026-09-01T01:02:03Z',
    'X-notAfter': '2027-11-12T22:43:21Z',
    'X-validity': 'NotBefore=2026-09-01T01:02:03Z;NotAfter=2027-11-12T22:43:21Z',
  })
})

test('the list of formats is closed', () => {
  expect(new Set(IDENTITY_FORMATS).size).toBe(10)
})

test('the state of the certificate is told where it has a name', () => {
  const fields = { timeliness: 'T' }
  expect(named(identityFields(device, settings({ fields })))['T']).toBe('valid')
  expect(named(identityFields(inGrace, settings({ fields, grace: true })))['T']).toBe('in-grace')
})

test('a value in which nothing is printable is escaped as any other', () => {
  const odd = aDevice({ subject: der.nameOf(['2.5.4.3', 'é']) })
  const fields = named(identityFields(odd, settings({ fields: { commonName: 'N' } })))
  expect(fields['N']).toBe('\\C3\\A9')
})

test('a character of several octets is percent-encoded octet by octet', () => {
  expect(inert('a é,', /[^!-~]|,/gu)).toBe('a%20%C3%A9%2C')
})

test('a certificate that fills its last line of PEM is escaped without an empty line behind it', () => {
  // 48 octets are a line; a signature may come out an octet longer or shorter, so several are made.
  let certificate = device.leaf
  for (let length = 1; certificate.der.length % 48 !== 0 && length < 500; length += 1) {
    certificate = aDevice({ dns: [`${'a'.repeat(1 + (length % 50))}.example`] }).leaf
  }
  expect(certificate.der.length % 48).toBe(0)
  const pem = new X509Certificate(certificate.der).toString()
  expect(decodeURIComponent(escapedPem(certificate))).toBe(pem)
  expect(escapedPem(certificate)).not.toContain('%0A%0A')
})

test('nginx and Apache write times as OpenSSL does', () => {
  for (const format of ['nginx', 'apache'] as const) {
    expect(everything({ format })).toMatchObject({
      'X-notBefore': oracle.validFrom,
      'X-notAfter': oracle.validTo,
    })
  }
  expect(oracle.validFrom).toBe('Sep  1 01:02:03 2026 GMT')
})

test('names are written in the form that was asked for', () => {
  expect(everything({ name: 'slash' })['X-subject']).toBe('/C=DE/O=Acme, Inc./CN=device 1')
  expect(everything({ name: 'rfc2253' })['X-subject']).toBe('CN=device 1,O=Acme\\, Inc.,C=DE')
})

test('characters beyond ASCII are escaped as RFC 4514 allows', () => {
  const one = aDevice({ subject: der.nameOf(['2.5.4.3', 'Gerät 📱']) })
  const fields = { subject: 'S' }
  const subject = (name: IdentitySettings['name']): unknown =>
    named(identityFields(one, settings({ fields, name })))['S']
  expect(subject('rfc4514')).toBe('CN=Ger\\C3\\A4t \\F0\\9F\\93\\B1')
  expect(subject('rfc2253')).toBe('CN=Ger\\C3\\A4t \\F0\\9F\\93\\B1')
  expect(subject('slash')).toBe('/CN=Ger\\xC3\\xA4t \\xF0\\x9F\\x93\\xB1')
})

const serials: readonly (readonly [
  serial: string,
  form: IdentitySettings['serial'],
  text: string,
])[] = [
  ['0a1b', 'hex-lower', '0a1b'],
  ['0a1b', 'hex-upper', '0A1B'],
  ['0a1b', 'hex-colon', '0a:1b'],
  ['0a1b', 'decimal', '2587'],
  ['-0a', 'hex-upper', '-0A'],
  ['-0a', 'hex-colon', '-0a'],
  ['-0a', 'decimal', '-10'],
  ['00', 'decimal', '0'],
  ['ffffffffffffffffffff', 'decimal', '1208925819614629174706175'],
]

for (const [serial, form, text] of serials) {
  test(`the serial ${serial} is ${text} in ${form}`, () => {
    expect(serialText(serial, form)).toBe(text)
  })
}

test('fingerprints agree with OpenSSL in every form', () => {
  const digests = { sha1: oracle.fingerprint, sha256: oracle.fingerprint256 }
  for (const digest of ['sha1', 'sha256'] as const) {
    const print = (form: 'hex' | 'colon' | 'base64'): unknown =>
      everything({ fingerprint: { digest, form } })['X-fingerprint']
    const hex = digests[digest].replaceAll(':', '').toLowerCase()
    expect(print('colon')).toBe(digests[digest])
    expect(print('hex')).toBe(hex)
    expect(print('base64')).toBe(Buffer.from(hex, 'hex').toString('base64'))
  }
})

test('the most specific common name is told, and none where there is none', () => {
  const nameOf = (...attributes: readonly (readonly [string, string])[]): unknown => {
    const one = aDevice({ subject: der.nameOf(...attributes) })
    return named(identityFields(one, settings({ fields: { commonName: 'CN' } })))['CN']
  }
  expect(nameOf(['2.5.4.3', 'first'], ['2.5.4.3', 'last'], ['2.5.4.10', 'o'])).toBe('last')
  expect(nameOf(['2.5.4.10', 'o'])).toBeUndefined()
})

test('a name in a list cannot pass for two', () => {
  const one = aDevice({ dns: ['a, DNS:admin'], uris: ['x%2Cy'], extensions: [] })
  const fields = { subjectAltNames: 'SAN' }
  expect(named(identityFields(one, settings({ fields })))['SAN']).toBe(
    'DNS:a%2C%20DNS:admin, URI:x%2Cy',
  )
})

test('xfcc keeps a hostile subject and a hostile name inside their quotes', () => {
  const one = aDevice({
    subject: der.nameOf(['2.5.4.3', 'a";Hash=0;Subject="CN=admin\\']),
    uris: ['u";URI=admin', 'v\\'],
  })
  const sent = named(identityFields(one, settings({ format: 'xfcc' })))['x-forwarded-client-cert']
  expect(sent).toMatch(
    /;Subject="CN=a\\22\\;Hash=0\\;Subject=\\22CN=admin\\5C";URI="u%22;URI=admin";URI=v%5C$/,
  )
})

test('traefik keeps a hostile subject from making up attributes', () => {
  const one = aDevice({ subject: der.nameOf(['2.5.4.10', 'x,CN=admin"'], ['2.5.4.3', 'real']) })
  const info = named(identityFields(one, settings({ format: 'traefik' })))
  expect(decodeURIComponent(info['X-Forwarded-Tls-Client-Cert-Info'] ?? '')).toContain(
    'Subject="O=x,CN%3Dadmin%22,CN=real";',
  )
})

test('traefik escapes what Go escapes and JavaScript does not', () => {
  const one = aDevice({ subject: der.nameOf(['2.5.4.3', "!'()* ~"]) })
  const info = named(identityFields(one, settings({ format: 'traefik' })))
  expect(info['X-Forwarded-Tls-Client-Cert-Info']).toMatch(
    /^Subject%3D%22CN%3D%21%27%28%29%2A\+~%22%3B/,
  )
})

/** The beginning of a list of names. Encoded certificates stand beside it, in which any three letters may come together. */
const LIST_OF_NAMES = /(?:^|[";,]|%3B)(?:SAN|URI|DNS)(?:=|%3D)/u

test('names in no text form are left out of the lists', () => {
  const directory = der.context(4, der.commonName('x'))
  const one = aDevice({
    extensions: [{ oid: '2.5.29.17', value: der.sequence(directory) }],
  })
  const fields = { subjectAltNames: 'SAN' }
  for (const format of ['xfcc', 'traefik', 'haproxy'] as const) {
    const sent = named(identityFields(one, settings({ format, fields })))
    expect(sent).not.toHaveProperty('SAN')
    expect(JSON.stringify(sent)).not.toMatch(LIST_OF_NAMES)
  }
  // The control: with a name that has a text form there is a list.
  const other = aDevice({ dns: ['d.example'] })
  for (const format of ['xfcc', 'traefik'] as const) {
    const sent = named(identityFields(other, settings({ format, fields })))
    expect(JSON.stringify(sent)).toMatch(LIST_OF_NAMES)
  }
})

test('traefik writes its own choice of attributes and names, in its own order', () => {
  const one = aDevice({
    subject: der.nameOf(
      ['2.5.4.3', 'cn'],
      ['2.5.4.5', 'sn'],
      ['2.5.4.11', 'ou'],
      ['2.5.4.10', 'o'],
      ['2.5.4.7', 'l'],
      ['2.5.4.8', 'st'],
      ['2.5.4.6', 'DE'],
      ['0.9.2342.19200300.100.1.25', 'example'],
      ['2.5.4.12', 'title is left out'],
      ['2.5.4.11', 'ou2'],
    ),
    uris: ['urn:x'],
    ips: ['192.0.2.7'],
    emails: ['a@b.example'],
    dns: ['d.example'],
  })
  const info = named(identityFields(one, settings({ format: 'traefik' })))
  const text = decodeURIComponent(info['X-Forwarded-Tls-Client-Cert-Info'] ?? '')
  expect(text).toContain('Subject="DC=example,C=DE,ST=st,L=l,O=o,OU=ou,OU=ou2,SN=sn,CN=cn";')
  expect(text).toMatch(/;SAN="d\.example,a@b\.example,192\.0\.2\.7,urn:x"$/)
})

test('a chain of several is a list where the format knows none', () => {
  const deep = aDevice({}, 2)
  const one = settings({ format: 'base64-der', chain: true, fields: { chain: 'C' } })
  const list = deep.path.certificates.slice(1).map(({ der: octets }) => octets.toString('base64'))
  expect(named(identityFields(deep, one))['C']).toBe(list.join(','))
})

test('a line break in a name is written as two digits', () => {
  const one = aDevice({ subject: der.nameOf(['2.5.4.3', 'a\nb']) })
  const fields = { commonName: 'CN' }
  expect(named(identityFields(one, settings({ fields })))['CN']).toBe('a\\0Ab')
})
