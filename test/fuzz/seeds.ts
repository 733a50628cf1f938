/**
 * The corpus: a dozen certificates of ours that between them have every field, type and extension that the reader
 * decodes. Minted at the start of each run, the same octets every time.
 */
import * as der from '../support/certificates/der-writer.ts'
import {
  mintCertificate,
  type Keys,
  type MintedExtension,
} from '../support/certificates/mint-certificate.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  ipOctets,
  keyUsage,
  OIDS,
  subjectKeyIdentifier,
} from '../support/certificates/mint.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { ecSpki, ed25519, pss, RSA, rsaSpki, SHA256, SHA512 } from './keys.ts'

/** A certificate of the corpus, and the key that signs its mutants when they are to reach what lies behind. */
export interface Seed {
  readonly name: string
  readonly der: Buffer
  readonly signer: Keys
}

const rootKeys = ed25519('root')
const issuingKeys = ed25519('issuing')
const ROOT_NAME = der.commonName('Fuzz root')
const ISSUING_NAME = der.nameOf(['2.5.4.6', 'XX'], ['2.5.4.10', 'Fuzz'], ['2.5.4.3', 'Issuing'])

const VALID = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2036-01-01T00:00:00Z'),
}

type Fields = Parameters<typeof mintCertificate>[0]

const byRoot = (fields: Partial<Fields> & Pick<Fields, 'subject' | 'keys'>): Buffer =>
  mintCertificate({
    ...VALID,
    serial: 0x0123_4567,
    issuer: { subject: ROOT_NAME, key: rootKeys.key },
    ...fields,
  }).der

const byIssuing = (fields: Partial<Fields>): Buffer =>
  byRoot({
    subject: der.commonName('device'),
    keys: keysOf(ecSpki('prime256v1', '1.2.840.10045.3.1.7')),
    issuer: { subject: ISSUING_NAME, key: issuingKeys.key },
    ...fields,
  })

/** A public key whose private half is not needed. */
const keysOf = (spki: Buffer): Keys => ({ key: rootKeys.key, spki })

/** What the mutants are judged by. */
export const ROOT = byRoot({
  subject: ROOT_NAME,
  keys: rootKeys,
  extensions: [
    basicConstraints(true),
    keyUsage('keyCertSign', 'cRLSign'),
    subjectKeyIdentifier(rootKeys.spki),
  ],
})

const CA_RIGHTS = [basicConstraints(true, 3), keyUsage('keyCertSign', 'cRLSign')]

export const ISSUING = byRoot({
  subject: ISSUING_NAME,
  keys: issuingKeys,
  extensions: [
    ...CA_RIGHTS,
    subjectKeyIdentifier(issuingKeys.spki),
    authorityKeyIdentifier(rootKeys.spki),
  ],
})

const DEVICE_RIGHTS = [
  keyUsage('digitalSignature'),
  extendedKeyUsage('1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'),
  authorityKeyIdentifier(issuingKeys.spki),
]

export const DEVICE = byIssuing({ extensions: DEVICE_RIGHTS })

const text = (tag: number, value: string): Buffer =>
  der.contextPrimitive(tag, Buffer.from(value, 'latin1'))

/** Every kind of GeneralName (RFC 5280 §4.2.1.6). */
const EVERY_NAME = [
  text(1, 'device@example.test'),
  text(2, 'device.example.test'),
  der.context(4, ISSUING_NAME),
  text(6, 'urn:uuid:0f0e0d0c-0b0a-0908-0706-050403020100'),
  der.contextPrimitive(7, ipOctets('192.0.2.1')),
  der.contextPrimitive(7, ipOctets('2001:db8::1')),
  der.context(0, der.oid('1.3.6.1.4.1.311.20.2.3'), der.context(0, der.utf8('device@example'))),
  text(8, 'registered'),
]

const extension = (oid: string, value: Buffer, critical = false): MintedExtension => ({
  oid,
  critical,
  value,
})

const policy = (oid: string): Buffer =>
  der.sequence(
    der.oid(oid),
    der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.2.1'), der.ia5('https://example.test/cps'))),
  )

const subtree = (base: Buffer, ...range: readonly Buffer[]): Buffer => der.sequence(base, ...range)

const odd = (tag: number, octets: Buffer): Buffer =>
  der.set(der.sequence(der.oid('2.5.4.3'), der.tlv(tag, octets)))

const ODD_NAME = der.sequence(
  odd(0x0c, Buffer.from('Straße ﷺ', 'utf8')),
  odd(0x1e, Buffer.from('0044006500760069', 'hex')),
  odd(0x1c, Buffer.from('0001f6000000004100000042', 'hex')),
  odd(0x14, Buffer.from('Ger\u00e4t', 'latin1')),
  der.set(
    der.sequence(der.oid('2.5.4.11'), der.printable('Two  in')),
    der.sequence(der.oid('2.5.4.5'), der.tlv(0x12, Buffer.from('0042'))),
  ),
)

const fromIssuing: Readonly<Record<string, Buffer>> = {
  device: DEVICE,
  'every alternative name, access and policy': byIssuing({
    keys: keysOf(rsaSpki(2048, RSA)),
    extensions: [
      ...DEVICE_RIGHTS.slice(0, 2),
      extension(OIDS.subjectAltName, der.sequence(...EVERY_NAME)),
      extension(
        OIDS.authorityKeyIdentifier,
        der.sequence(
          der.contextPrimitive(0, Buffer.alloc(20, 0xa5)),
          der.context(1, der.context(4, ROOT_NAME)),
          der.contextPrimitive(2, Buffer.from([1, 0x23, 0x45, 0x67])),
        ),
      ),
      extension(OIDS.certificatePolicies, der.sequence(policy('2.5.29.32.0'), policy('1.3.6.1.1'))),
      extension(
        '1.3.6.1.5.5.7.1.1',
        der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), text(6, 'http://example.test'))),
      ),
      extension('1.3.6.1.4.1.99999.1', der.utf8('unknown')),
    ],
  }),
  'names of every type': byIssuing({ subject: ODD_NAME, keys: keysOf(ed25519('leaf').spki) }),
  'a name that is a number': byIssuing({ subject: der.sequence(odd(0x02, Buffer.from([7]))) }),
  'version 1': byIssuing({ version: 0 }),
  'version 2 with unique identifiers': byIssuing({
    version: 1,
    beforeExtensions: Buffer.concat([
      der.contextPrimitive(1, Buffer.from([0, 1])),
      der.contextPrimitive(2, Buffer.from([0, 2])),
    ]),
  }),
  'another century and a long negative serial': byIssuing({
    notBefore: new Date('1951-02-03T04:05:06Z'),
    notAfter: new Date('9999-12-31T23:59:59Z'),
    serial: Buffer.alloc(21, 0x9a),
  }),
  'P-521, no subject': byIssuing({
    subject: der.sequence(),
    keys: keysOf(ecSpki('secp521r1', '1.3.132.0.35')),
    extensions: [extension(OIDS.subjectAltName, der.sequence(text(2, 'a.test')), true)],
  }),
  'signed with RSASSA-PSS, for RSASSA-PSS': byIssuing({
    keys: keysOf(rsaSpki(2048, pss(SHA512, 64))),
    innerAlgorithm: pss(SHA256, 32),
    signature: new SeededRandom(7).octets(256),
    extensions: DEVICE_RIGHTS,
  }),
  'signed with ECDSA': byIssuing({
    keys: keysOf(ecSpki('secp384r1', '1.3.132.0.34')),
    innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.2')),
    signature: der.sequence(der.integer(12_345), der.integer(67_890)),
    extensions: DEVICE_RIGHTS,
  }),
}

const fromRoot: Readonly<Record<string, Buffer>> = {
  root: ROOT,
  issuing: ISSUING,
  'every constraint': byRoot({
    subject: ISSUING_NAME,
    keys: issuingKeys,
    extensions: [
      ...CA_RIGHTS,
      subjectKeyIdentifier(issuingKeys.spki),
      authorityKeyIdentifier(rootKeys.spki),
      extension(
        OIDS.nameConstraints,
        der.sequence(
          der.context(
            0,
            subtree(text(2, 'example.test')),
            subtree(text(1, '.example.test')),
            subtree(der.contextPrimitive(7, Buffer.from('c0000200ffffff00', 'hex'))),
            subtree(der.context(4, ISSUING_NAME), der.contextPrimitive(0, Buffer.from([0]))),
          ),
          der.context(1, subtree(text(6, '.example.test')), subtree(text(2, 'bad.example.test'))),
        ),
        true,
      ),
      extension(OIDS.certificatePolicies, der.sequence(policy('1.3.6.1.1'), policy('1.3.6.1.2'))),
      extension(
        OIDS.policyMappings,
        der.sequence(der.sequence(der.oid('1.3.6.1.1'), der.oid('1.3.6.1.3'))),
      ),
      extension(
        OIDS.policyConstraints,
        der.sequence(
          der.contextPrimitive(0, Buffer.from([0])),
          der.contextPrimitive(1, Buffer.from([1])),
        ),
        true,
      ),
      extension(OIDS.inhibitAnyPolicy, der.integer(1), true),
    ],
  }),
}

const signedBy =
  (signer: Keys) =>
  ([name, octets]: readonly [string, Buffer]): Seed => ({ name, der: octets, signer })

export const SEEDS: readonly Seed[] = [
  ...Object.entries(fromIssuing).map(signedBy(issuingKeys)),
  ...Object.entries(fromRoot).map(signedBy(rootKeys)),
]
