import { createPublicKey, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseCertificate } from '../../src/x509/certificate.ts'
import * as der from '../support/certificates/der-writer.ts'
import {
  mintCertificate,
  mintKeys,
  type CertificateFields,
} from '../support/certificates/mint-certificate.ts'

// Each of these was read by us and refused by OpenSSL until mutants showed it.

const keys = mintKeys()
const minted = (fields: Partial<CertificateFields>): Buffer =>
  mintCertificate({
    subject: der.commonName('device-1'),
    keys,
    issuer: { subject: der.commonName('Test CA'), key: keys.key },
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    ...fields,
  }).der

const withKey = (...algorithm: readonly Buffer[]): Buffer => {
  const spki = der.sequence(der.sequence(...algorithm), der.bitString(Buffer.from([4, 5, 6])))
  return minted({ keys: { key: keys.key, spki } })
}
const withSignature = (...algorithm: readonly Buffer[]): Buffer =>
  minted({ innerAlgorithm: der.sequence(...algorithm) })
const withUniqueId = (...octets: readonly number[]): Buffer =>
  minted({ beforeExtensions: der.contextPrimitive(1, Buffer.from(octets)) })

const ecKey = der.oid('1.2.840.10045.2.1')
const p256 = der.oid('1.2.840.10045.3.1.7')
const ecdsa = der.oid('1.2.840.10045.4.3.2')
const unknown = der.oid('1.2.3.4')
const fullNull = der.tlv(0x05, Buffer.from([0]))

const refused: readonly (readonly [promise: string, octets: Buffer, problem: string])[] = [
  ['a key with two parameters', withKey(ecKey, p256, p256), 'trailing-octets'],
  ['a key with a NULL that holds something', withKey(unknown, fullNull), 'trailing-octets'],
  [
    'a key whose parameters are cut short',
    withKey(ecKey, Buffer.from([0x30, 0x05, 0x00])),
    'truncated',
  ],
  ['a signature with two parameters', withSignature(ecdsa, p256, p256), 'trailing-octets'],
  [
    'a signature of an unknown kind with two',
    withSignature(unknown, p256, p256),
    'trailing-octets',
  ],
  [
    'a signature with a NULL that holds something',
    withSignature(ecdsa, fullNull),
    'trailing-octets',
  ],
  ['an empty unique identifier', withUniqueId(), 'bit-string-padding'],
  ['a unique identifier with eight unused bits', withUniqueId(8, 0), 'bit-string-padding'],
]

for (const [promise, octets, problem] of refused) {
  test(`${promise} is refused`, () => {
    expect(parseCertificate(octets)).toMatchObject({ ok: false, failure: { problem } })
    expect(() => new X509Certificate(octets)).toThrow()
  })
}

test('a key with text for parameters is refused, although OpenSSL carries it', () => {
  const octets = withKey(ecKey, der.utf8('P-256'))
  const failure = { problem: 'unexpected-element', field: 'subjectPublicKeyInfo' }
  expect(parseCertificate(octets)).toMatchObject({ ok: false, failure })
})

const noted: readonly (readonly [promise: string, octets: Buffer, laxities: readonly string[]])[] =
  [
    ['an RSA key with NULL', withKeyOf('rsa2048', der.nothing()), []],
    ['an RSA key without parameters', withKeyOf('rsa2048'), ['algorithm-parameters']],
    ['an RSA key with a structure', withKeyOf('rsa2048', der.sequence()), ['algorithm-parameters']],
  ]

function withKeyOf(type: 'rsa2048', ...parameters: readonly Buffer[]): Buffer {
  const { key } = mintKeys(type)
  const octets = createPublicKey(key).export({ type: 'pkcs1', format: 'der' })
  const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.1'), ...parameters)
  return minted({ keys: { key, spki: der.sequence(algorithm, der.bitString(octets)) } })
}

for (const [promise, octets, laxities] of noted) {
  test(`${promise} is read, as OpenSSL reads it, with ${laxities.length} findings`, () => {
    expect(parseCertificate(octets)).toMatchObject({
      ok: true,
      value: { publicKey: { algorithm: { kind: 'rsa', bits: 2048 } }, laxities: new Set(laxities) },
    })
    expect(new X509Certificate(octets).publicKey.asymmetricKeyType).toBe('rsa')
  })
}

const bareKeys: readonly (readonly [oid: string, of: string])[] = [
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
  ['2.16.840.1.101.3.4.3.17', 'ml-dsa'],
  ['2.16.840.1.101.3.4.3.18', 'ml-dsa'],
  ['2.16.840.1.101.3.4.3.19', 'ml-dsa'],
]

for (const [oid, of] of bareKeys) {
  test(`a key ${oid} is ${of} without parameters, and unfit with them`, () => {
    const read = (...parameters: readonly Buffer[]) => {
      const parsed = parseCertificate(withKey(der.oid(oid), ...parameters))
      return parsed.ok ? parsed.value.publicKey.algorithm : undefined
    }
    expect(read()?.kind).toBe(of)
    expect(read(der.nothing())).toEqual({ kind: 'unfit-parameters', of })
    expect(read(der.sequence())).toEqual({ kind: 'unfit-parameters', of })
  })
}

const read: readonly (readonly [promise: string, octets: Buffer])[] = [
  ['a key with no parameters', withKey(unknown)],
  ['a key with NULL', withKey(unknown, der.nothing())],
  ['a key with a structure of its own', withKey(unknown, der.sequence(p256))],
  ['a signature of an unknown kind with parameters', withSignature(unknown, der.sequence(p256))],
  ['a unique identifier', withUniqueId(0, 1)],
]

for (const [promise, octets] of read) {
  test(`${promise} is read`, () => {
    expect(parseCertificate(octets).ok).toBe(true)
    expect(new X509Certificate(octets).raw).toEqual(octets)
  })
}
