/** Client certificates that are valid or seen in the wild, and on which products and readers disagree. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as der from '../support/certificates/der-writer.ts'
import type { Keys, MintedExtension } from '../support/certificates/mint-certificate.ts'
import {
  type Ca,
  mintCa,
  mintLeaf,
  OIDS,
  type Leaf,
  type LeafOptions,
} from '../support/certificates/mint.ts'

export interface Case {
  readonly name: string
  readonly leaf: Leaf
  /** The intermediates below the root, nearest first. */
  readonly intermediates: readonly Buffer[]
}

export interface Material {
  readonly root: Ca
  /** A PEM file of the root. */
  readonly rootFile: string
  /** A PEM file of the product's own certificate and its key. */
  readonly serverFile: string
  /** The key alone, for what wants it in a file of its own. */
  readonly serverKeyFile: string
  readonly cases: readonly Case[]
}

/** Mints everything; what products read goes below `folder`. */
export function mintCases(folder: string): Material {
  const root = mintCa({ name: 'Fleet Root' })
  const issuing = mintCa({ name: 'Fleet Issuing CA', issuer: root, pathLength: 0 })
  const oddlyNamed = mintCa({ subject: ODD_NAME, issuer: root, pathLength: 0 })
  const server = mintLeaf({ issuer: root, purposes: ['serverAuth'], dns: ['localhost'] })
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return {
    root,
    rootFile: write('root.pem', root.pem),
    serverFile: write('server.pem', server.chainPem + server.keyPem),
    serverKeyFile: write('server.key', server.keyPem),
    cases: Object.entries(CASES).map(([name, { issuer, ...options }]) => {
      const ca = issuer === 'oddly named' ? oddlyNamed : issuing
      return { name, leaf: mintLeaf({ ...options, issuer: ca }), intermediates: [ca.der] }
    }),
  }
}

/** What distinguishes one certificate from a plain one. */
interface Oddity extends Partial<Omit<LeafOptions, 'issuer'>> {
  readonly issuer?: 'oddly named'
}

const CN = '2.5.4.3'
const O = '2.5.4.10'
const OU = '2.5.4.11'
const EMAIL = '1.2.840.113549.1.9.1'

const attribute = (type: string, value: Buffer): Buffer => der.sequence(der.oid(type), value)
const named = (value: Buffer): Buffer => der.sequence(der.set(attribute(CN, value)))
const latin = (tag: number, text: string): Buffer => der.tlv(tag, Buffer.from(text, 'latin1'))
const bmp = (text: string): Buffer => der.tlv(0x1e, Buffer.from(text, 'utf16le').swap16())
const universal = (text: string): Buffer =>
  der.tlv(
    0x1c,
    ...Array.from(text, (letter) => {
      const octets = Buffer.alloc(4)
      octets.writeUInt32BE(letter.codePointAt(0) ?? 0)
      return octets
    }),
  )

const ODD_NAME = der.sequence(
  der.set(attribute(O, der.utf8('Müller A/S, "Größe"'))),
  der.set(attribute(CN, latin(0x14, 'Prüfstelle')), attribute(OU, bmp('Gerät'))),
)

/** otherName of a SubjectAltName: Microsoft's user principal name. */
const principalName = (text: string): Buffer =>
  der.context(0, der.oid('1.3.6.1.4.1.311.20.2.3'), der.context(0, der.utf8(text)))

/** Microsoft's szOID_NTDS_CA_SECURITY_EXT ([MS-WCCE] §2.2.2.7.7.4). */
const securityIdentifier = (sid: string): MintedExtension => ({
  oid: '1.3.6.1.4.1.311.25.2',
  value: der.sequence(
    der.context(
      0,
      der.oid('1.3.6.1.4.1.311.25.2.1'),
      der.context(0, der.octetString(Buffer.from(sid, 'latin1'))),
    ),
  ),
})

const rsaPss = (): Keys => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  return { key: privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) }
}

const NAMES: Readonly<Record<string, Oddity>> = {
  plain: { subject: der.nameOf(['2.5.4.6', 'DE'], [O, 'Acme, Inc.'], [CN, 'device 1']) },
  'multi-valued': {
    subject: der.sequence(
      der.set(attribute(O, der.utf8('Acme'))),
      der.set(attribute('2.5.4.5', der.printable('SN-1')), attribute(CN, der.utf8('device'))),
    ),
  },
  // DER wants the shorter one first (X.690 §11.6).
  'multi-valued out of order': {
    subject: der.sequence(
      der.set(attribute(CN, der.utf8('device')), attribute('2.5.4.5', der.printable('SN-1'))),
    ),
  },
  UTF8String: { subject: der.nameOf([O, 'Größe 株式会社'], [CN, 'Gerät 📱']) },
  'UTF8String without UTF-8': { subject: named(latin(0x0c, 'Ger\u00e4t')) },
  BMPString: { subject: named(bmp('Gerät')) },
  'BMPString in ASCII': { subject: named(bmp('Gert')) },
  UniversalString: { subject: named(universal('Gerät 📱')) },
  'UTF8String like a BMPString': { subject: named(der.utf8('\0G\0e\0r\0t')) },
  TeletexString: { subject: named(latin(0x14, 'Gerät')) },
  PrintableString: { subject: named(der.printable('device-1')) },
  // Made by software that takes every string for UTF-8.
  'PrintableString with UTF-8': { subject: named(der.tlv(0x13, Buffer.from('Gerät'))) },
  IA5String: { subject: named(der.ia5('device_1@example')) },
  NumericString: { subject: named(latin(0x12, '0123 456')) },
  VisibleString: { subject: named(latin(0x1a, 'device*1')) },
  'no string': { subject: named(der.bitString(Buffer.from('0123', 'hex'))) },
  'two common names': { subject: der.nameOf([CN, 'first'], [O, 'Acme'], [CN, 'last']) },
  'slash, quotes, backslash': {
    subject: der.nameOf([O, 'Foo A/S'], [OU, 'a+b="c"'], [CN, 'DOMAIN\\user']),
  },
  'slash before a type': { subject: der.nameOf([O, 'x/CN=admin'], [CN, 'device']) },
  'type behind a slash': { subject: der.nameOf([O, 'x'], [CN, 'admin'], [CN, 'device']) },
  'like an escape': { subject: der.nameOf([O, 'a\\2FCN=b'], [CN, 'a\\0Ab\\\\0Ac#']) },
  'number sign': { subject: der.nameOf([O, '#1'], [CN, '#0C0161']) },
  'other types': {
    subject: der.nameOf(
      ['0.9.2342.19200300.100.1.25', 'example'],
      [EMAIL, 'a@b.example'],
      ['1.2.3.4.5', 'unknown'],
      [CN, ' edges '],
    ),
  },
  'line break': { subject: der.nameOf([O, 'Acme'], [CN, 'a\r\nb: c\t\u007f\u0085d\u2028e']) },
  'another direction': { subject: der.nameOf([CN, 'a\u202eb\u200bc']) },
  'zero octet': { subject: der.nameOf([O, 'Acme'], [CN, 'admin\u0000.example']) },
  'only null': { subject: der.nameOf([CN, '(null)']) },
  'empty common name': { subject: der.nameOf([O, 'Acme'], [CN, '']) },
  'no common name': { subject: der.nameOf([O, 'Acme'], [OU, 'Phones']) },
  'no subject': {
    subject: der.sequence(),
    extensions: [
      {
        oid: OIDS.subjectAltName,
        critical: true,
        value: der.sequence(der.contextPrimitive(2, Buffer.from('device.example'))),
      },
    ],
  },
  // RFC 5280 §4.2.1.6 wants the names to be critical then.
  'no subject, names not critical': { subject: der.sequence(), dns: ['device.example'] },
  'long common name': { subject: der.nameOf([CN, 'n'.repeat(600)]) },
  'longer common name': { subject: der.nameOf([CN, 'n'.repeat(601)]) },
  '40 attributes': {
    subject: der.nameOf(
      ...Array.from({ length: 39 }, (_, index): [string, string] => [OU, `unit ${index}`]),
      [CN, 'device'],
    ),
  },
  'oddly named issuer': { issuer: 'oddly named' },
}

const NUMBERS_AND_TIMES: Readonly<Record<string, Oddity>> = {
  'serial of 21 octets': { serial: Buffer.from(`00${'f1'.repeat(20)}`, 'hex') },
  'negative serial': { serial: -0x1234567890n },
  'positive serial': { serial: 0x1234567890n },
  'serial 0': { serial: 0 },
  'short serial': { serial: 5 },
  'year 2049': { notAfter: Date.UTC(2049, 11, 31, 23, 59, 59) },
  'year 2050': { notAfter: Date.UTC(2050, 0, 1) },
  'year 2099': { notAfter: Date.UTC(2099, 11, 31, 23, 59, 59) },
  'year 2100': { notAfter: Date.UTC(2100, 0, 1) },
  'year 2150': { notAfter: Date.UTC(2150, 5, 1) },
  'year 9999': { notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) },
  'since 1999': { notBefore: Date.UTC(1999, 11, 31) },
  'since 2000': { notBefore: Date.UTC(2000, 0, 1) },
  'since 1975': { notBefore: Date.UTC(1975, 0, 1) },
  'since 1949': { notBefore: Date.UTC(1949, 0, 1) },
}

const KEYS_AND_EXTENSIONS: Readonly<Record<string, Oddity>> = {
  'P-384': { keyType: 'p384' },
  'P-521': { keyType: 'p521' },
  RSA: { keyType: 'rsa2048' },
  'RSA-PSS': { keys: rsaPss() },
  Ed25519: { keyType: 'ed25519' },
  Ed448: { keyType: 'ed448' },
  'ML-DSA-44': { keyType: 'ml-dsa-44' },
  'ML-DSA-65': { keyType: 'ml-dsa-65' },
  'ML-DSA-87': { keyType: 'ml-dsa-87' },
  '300 names': { dns: Array.from({ length: 300 }, (_, index) => `d${index}.example`) },
  'all kinds of names': {
    dns: ['d.example'],
    emails: ['a@b.example'],
    uris: ['urn:uuid:00000000-0000-4000-8000-000000000000'],
    ips: ['192.0.2.1', '2001:db8::1'],
  },
  'user principal name': {
    extensions: [
      { oid: OIDS.subjectAltName, value: der.sequence(principalName('user@corp.example')) },
    ],
  },
  'security identifier': { extensions: [securityIdentifier('S-1-5-21-1-2-3-1105')] },
  'unknown extension': { extensions: [{ oid: '1.2.3.4.6', value: der.nothing() }] },
  'unknown critical extension': {
    extensions: [{ oid: '1.2.3.4.6', critical: true, value: der.nothing() }],
  },
}

const CASES: Readonly<Record<string, Oddity>> = {
  ...NAMES,
  ...NUMBERS_AND_TIMES,
  ...KEYS_AND_EXTENSIONS,
}
