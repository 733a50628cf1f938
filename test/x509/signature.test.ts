import { constants, createPublicKey, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import * as der from '../support/certificates/der-writer.ts'
import {
  mintCertificate,
  mintKeys,
  type CertificateFields,
  type Keys,
} from '../support/certificates/mint-certificate.ts'
import { verifiesUnder } from '../../src/x509/verify-signature.ts'

const rsa = mintKeys('rsa2048')
const p256 = mintKeys()

function parsed(octets: Buffer): Certificate {
  const result = parseCertificate(octets)
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value
}

/** A certificate whose subject has `of` and whose signature is by `by`. */
function certificate(of: Keys, by: Keys, fields: Partial<CertificateFields> = {}): Certificate {
  return parsed(
    mintCertificate({
      subject: der.commonName('x'),
      keys: of,
      issuer: { subject: der.commonName('x'), key: by.key },
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      ...fields,
    }).der,
  )
}

const TYPES = [
  'p256',
  'p384',
  'p521',
  'rsa2048',
  'ed25519',
  'ed448',
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
] as const

for (const type of TYPES) {
  const keys = type === 'rsa2048' ? rsa : mintKeys(type)
  const issuer = certificate(keys, keys)

  test(`a signature by ${type} holds`, () => {
    expect(verifiesUnder(certificate(p256, keys), issuer)).toBe(true)
  })

  test(`a signature by ${type} with one bit changed does not hold`, () => {
    const { der: octets } = certificate(p256, keys)
    const changed = Buffer.from(octets)
    changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 1
    expect(verifiesUnder(parsed(changed), issuer)).toBe(false)
  })

  test(`a signature by ${type} does not hold for other content`, () => {
    const { der: octets } = certificate(p256, keys)
    const changed = Buffer.from(octets)
    const at = changed.indexOf(der.commonName('x')) + der.commonName('x').length - 1
    changed[at] = 'y'.charCodeAt(0)
    expect(verifiesUnder(parsed(changed), issuer)).toBe(false)
  })

  test(`a signature by ${type} does not hold under another key of its kind`, () => {
    const other = mintKeys(type)
    expect(verifiesUnder(certificate(p256, keys), certificate(other, other))).toBe(false)
  })
}

for (const digest of ['sha256', 'sha384', 'sha512']) {
  test(`RSA and ECDSA hold with ${digest}`, () => {
    expect(verifiesUnder(certificate(p256, rsa, { digest }), certificate(rsa, rsa))).toBe(true)
    expect(verifiesUnder(certificate(rsa, p256, { digest }), certificate(p256, p256))).toBe(true)
  })
}

const HASHES = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
} as const

const hashId = (oid: string): Buffer => der.sequence(der.oid(oid), der.nothing())

interface Pss {
  readonly mask?: keyof typeof HASHES
  readonly salt?: number
  readonly trailer?: number
  readonly signedWithSalt?: number
}

/** RSASSA-PSS, which the test CA does not do by itself. */
function pss({ mask = 'sha256', salt = 32, trailer, signedWithSalt = salt }: Pss): Certificate {
  const algorithm = der.sequence(
    der.oid('1.2.840.113549.1.1.10'),
    der.sequence(
      der.context(0, hashId(HASHES.sha256)),
      der.context(1, der.sequence(der.oid('1.2.840.113549.1.1.8'), hashId(HASHES[mask]))),
      der.context(2, der.integer(salt)),
      ...(trailer === undefined ? [] : [der.context(3, der.integer(trailer))]),
    ),
  )
  const unsigned = certificate(p256, rsa, { innerAlgorithm: algorithm })
  const signature = sign('sha256', unsigned.signature.tbs, {
    key: rsa.key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: signedWithSalt,
  })
  const whole = der.sequence(unsigned.signature.tbs, algorithm, der.bitString(signature))
  return parsed(whole)
}

const authority = certificate(rsa, rsa)

test('RSA-PSS holds', () => {
  expect(verifiesUnder(pss({}), authority)).toBe(true)
  expect(verifiesUnder(pss({ salt: 20 }), authority)).toBe(true)
  expect(verifiesUnder(pss({ trailer: 1 }), authority)).toBe(true)
})

test('RSA-PSS with another salt than it says does not hold', () => {
  expect(verifiesUnder(pss({ salt: 32, signedWithSalt: 20 }), authority)).toBe(false)
})

test('RSA-PSS with parameters that are never used is one that nothing verifies', () => {
  for (const odd of [
    pss({ mask: 'sha384' }),
    pss({ trailer: 2 }),
    pss({ salt: 1025, signedWithSalt: 32 }),
  ]) {
    expect(odd.signature.algorithm).toEqual({ kind: 'unfit-parameters', of: 'rsa-pss' })
    expect(verifiesUnder(odd, authority)).toBe(false)
  }
})

test('a signature in a way that an RSA-PSS key is not for does not hold, and throws nothing', () => {
  // The caller chooses digest and salt; OpenSSL's exception let through was a bug with a trace for each such leaf.
  const uses = [
    [HASHES.sha384, 32],
    [HASHES.sha256, 48],
  ] as const
  for (const [digest, salt] of uses) {
    const issuer = certificate({ key: rsa.key, spki: pssOnly(digest, salt) }, rsa)
    expect(issuer.publicKey.algorithm.kind).toBe('rsa-pss')
    expect(verifiesUnder(pss({}), issuer)).toBe(false)
  }
  const issuer = certificate({ key: rsa.key, spki: pssOnly(HASHES.sha256, 32) }, rsa)
  expect(verifiesUnder(pss({}), issuer)).toBe(true)
})

/** The shared RSA key as one that is for RSASSA-PSS with this digest, and salts no shorter than this, alone. */
function pssOnly(digest: string, salt: number): Buffer {
  const key = createPublicKey({ key: rsa.spki, format: 'der', type: 'spki' })
  return der.sequence(
    der.sequence(
      der.oid('1.2.840.113549.1.1.10'),
      der.sequence(
        der.context(0, hashId(digest)),
        der.context(1, der.sequence(der.oid('1.2.840.113549.1.1.8'), hashId(digest))),
        der.context(2, der.integer(salt)),
      ),
    ),
    der.bitString(key.export({ type: 'pkcs1', format: 'der' })),
  )
}

test('RSA without its NULL still holds, as old signers wrote it', () => {
  const innerAlgorithm = der.sequence(der.oid('1.2.840.113549.1.1.11'))
  expect(verifiesUnder(certificate(p256, rsa, { innerAlgorithm }), authority)).toBe(true)
})

test('parameters that do not belong make an algorithm that nothing verifies', () => {
  const rsaOid = der.oid('1.2.840.113549.1.1.11')
  const [ed25519, ed448, mlDsa] = ['ed25519', 'ed448', 'ml-dsa-44'].map((type) =>
    mintKeys(type as 'ed25519' | 'ed448' | 'ml-dsa-44'),
  ) as [Keys, Keys, Keys]
  const odd = [
    [der.sequence(rsaOid, der.sequence()), rsa, 'rsa-pkcs1'],
    [der.sequence(rsaOid, rsaOid), rsa, 'rsa-pkcs1'],
    [der.sequence(ecdsaOid, der.sequence()), p256, 'ecdsa'],
    [der.sequence(ecdsaOid, ecdsaOid), p256, 'ecdsa'],
    [der.sequence(der.oid('1.3.101.112'), der.nothing()), ed25519, 'ed25519'],
    [der.sequence(der.oid('1.3.101.113'), der.nothing()), ed448, 'ed448'],
    [der.sequence(der.oid('2.16.840.1.101.3.4.3.17'), der.nothing()), mlDsa, 'ml-dsa'],
  ] as const
  for (const [innerAlgorithm, by, of] of odd) {
    const one = certificate(p256, by, { innerAlgorithm })
    expect(one.signature.algorithm).toEqual({ kind: 'unfit-parameters', of })
    expect(one.laxities).toEqual(new Set())
    expect(verifiesUnder(one, certificate(by, by))).toBe(false)
  }
})

const ecdsaOid = der.oid('1.2.840.10045.4.3.2')

test('ECDSA with NULL holds as it does without, and is noted', () => {
  const issuer = certificate(p256, p256)
  const innerAlgorithm = der.sequence(ecdsaOid, der.nothing())
  const one = certificate(rsa, p256, { innerAlgorithm })
  expect(one.signature.algorithm).toEqual({ kind: 'ecdsa', digest: 'sha256' })
  expect([...one.laxities]).toEqual(['algorithm-parameters'])
  expect(verifiesUnder(one, issuer)).toBe(true)
  expect(certificate(rsa, p256).laxities).toEqual(new Set())
  const changed = Buffer.from(one.der)
  changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 1
  expect(verifiesUnder(parsed(changed), issuer)).toBe(false)
})

test('an ML-DSA signature is not tried under a key of another set', () => {
  const [small, large] = [mintKeys('ml-dsa-44'), mintKeys('ml-dsa-65')]
  const innerAlgorithm = der.sequence(der.oid('2.16.840.1.101.3.4.3.18'))
  const one = certificate(p256, small, { innerAlgorithm })
  expect(verifiesUnder(one, certificate(small, small))).toBe(false)
  expect(verifiesUnder(one, certificate(large, large))).toBe(false)
})

test('an algorithm that does not fit the key is not tried', () => {
  const innerAlgorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'))
  const forRsa = certificate(p256, rsa, { innerAlgorithm })
  expect(verifiesUnder(forRsa, authority)).toBe(false)
  expect(verifiesUnder(certificate(p256, rsa), certificate(p256, p256))).toBe(false)
})

test('octets that are no point on their curve verify nothing', () => {
  const spki = Buffer.from(p256.spki)
  spki[spki.length - 1] = (spki.at(-1) ?? 0) ^ 1
  const issuer = certificate({ key: p256.key, spki }, p256)
  expect(verifiesUnder(certificate(rsa, p256), issuer)).toBe(false)
  // Once more, now that the failed import is remembered.
  expect(verifiesUnder(certificate(rsa, p256), issuer)).toBe(false)
})
