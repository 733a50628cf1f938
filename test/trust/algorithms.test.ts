import { expect, test } from 'vitest'
import {
  objectionToKey,
  objectionToSignature,
  signatureText,
  UNSUPPORTED_STEP,
  UNSUPPORTED_TEXT,
} from '../../src/trust/algorithms.ts'
import { Effort } from '../../src/trust/effort.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import { keyText, type KeyAlgorithm } from '../../src/x509/key.ts'
import type { SignatureAlgorithm } from '../../src/x509/signature.ts'

const TAKEN = 'taken'
const rsa = (bits: number, exponentBits = 17): KeyAlgorithm => ({ kind: 'rsa', bits, exponentBits })

const keys: readonly (readonly [text: string, key: KeyAlgorithm, objection: string])[] = [
  ['RSA 2048', rsa(2048), TAKEN],
  ['RSA 2040', rsa(2040), 'weak'],
  ['RSA 2047', rsa(2047), 'weak'],
  ['RSA 2052', rsa(2052), 'weak'],
  ['RSA 8192', rsa(8192), TAKEN],
  ['RSA 8200', rsa(8200), 'weak'],
  ['RSA 3072', rsa(3072, 64), TAKEN],
  ['RSA 3072', rsa(3072, 65), 'weak'],
  ['RSA-PSS 2048', { kind: 'rsa-pss', bits: 2048, exponentBits: 17 }, TAKEN],
  ['RSA-PSS 1024', { kind: 'rsa-pss', bits: 1024, exponentBits: 17 }, 'weak'],
  ['P-256', { kind: 'ec', curve: 'P-256' }, TAKEN],
  ['P-384', { kind: 'ec', curve: 'P-384' }, TAKEN],
  ['P-521', { kind: 'ec', curve: 'P-521' }, TAKEN],
  ['EC on another curve', { kind: 'ec', curve: 'other' }, 'weak'],
  ['Ed25519', { kind: 'ed25519' }, TAKEN],
  ['Ed448', { kind: 'ed448' }, TAKEN],
  ['ML-DSA-87', { kind: 'ml-dsa', set: 87 }, 'not-enabled'],
  ['Ed25519 with parameters', { kind: 'unfit-parameters', of: 'ed25519' }, 'unfit-parameters'],
  ['Ed448 with parameters', { kind: 'unfit-parameters', of: 'ed448' }, 'unfit-parameters'],
  ['ML-DSA with parameters', { kind: 'unfit-parameters', of: 'ml-dsa' }, 'unfit-parameters'],
  ['key type 1.2.840.10040.4.1', { kind: 'other', oid: '1.2.840.10040.4.1' }, 'unknown'],
]

for (const [text, key, objection] of keys) {
  const detail = 'exponentBits' in key ? `, exponent of ${key.exponentBits} bits` : ''
  test(`${text}${detail} as a key is ${objection}`, () => {
    expect(objectionToKey(key, DEFAULT_LIMITS) ?? TAKEN).toBe(objection)
    expect(keyText(key)).toBe(text)
  })
}

const signatures: readonly (readonly [string, SignatureAlgorithm, objection: string])[] = [
  ['RSA with SHA256', { kind: 'rsa-pkcs1', digest: 'sha256' }, TAKEN],
  ['RSA with SHA224', { kind: 'rsa-pkcs1', digest: 'sha224' }, 'weak'],
  ['RSA with SHA1', { kind: 'rsa-pkcs1', digest: 'sha1' }, 'weak'],
  ['RSA-PSS with SHA384', { kind: 'rsa-pss', digest: 'sha384', saltLength: 48 }, TAKEN],
  ['RSA-PSS with SHA1', { kind: 'rsa-pss', digest: 'sha1', saltLength: 20 }, 'weak'],
  ['ECDSA with SHA512', { kind: 'ecdsa', digest: 'sha512' }, TAKEN],
  ['ECDSA with SHA1', { kind: 'ecdsa', digest: 'sha1' }, 'weak'],
  ['Ed25519', { kind: 'ed25519' }, TAKEN],
  ['Ed448', { kind: 'ed448' }, TAKEN],
  ['ML-DSA-44', { kind: 'ml-dsa', set: 44 }, 'not-enabled'],
  ...(
    [
      ['RSA', 'rsa-pkcs1'],
      ['RSA-PSS', 'rsa-pss'],
      ['ECDSA', 'ecdsa'],
      ['Ed25519', 'ed25519'],
      ['Ed448', 'ed448'],
      ['ML-DSA', 'ml-dsa'],
    ] as const
  ).map(
    ([name, of]) =>
      [`${name} with parameters`, { kind: 'unfit-parameters', of }, 'unfit-parameters'] as const,
  ),
  ['algorithm 1.2.3', { kind: 'other', oid: '1.2.3' }, 'unknown'],
]

for (const [text, algorithm, objection] of signatures) {
  test(`${text} as a signature is ${objection}`, () => {
    expect(objectionToSignature(algorithm, DEFAULT_LIMITS) ?? TAKEN).toBe(objection)
    expect(signatureText(algorithm)).toBe(text)
  })
}

const ML_DSA: readonly (readonly [set: 44 | 65 | 87, limit: 44 | 65 | 87, objection: string])[] = [
  [44, 44, TAKEN],
  [65, 44, TAKEN],
  [44, 65, 'not-enabled'],
  [65, 65, TAKEN],
  [87, 65, TAKEN],
  [65, 87, 'not-enabled'],
]

for (const [set, mlDsa, objection] of ML_DSA) {
  test(`ML-DSA-${set} is ${objection} where ML-DSA-${mlDsa} is the weakest that counts`, () => {
    const limits = { ...DEFAULT_LIMITS, mlDsa }
    expect(objectionToKey({ kind: 'ml-dsa', set }, limits) ?? TAKEN).toBe(objection)
    expect(objectionToSignature({ kind: 'ml-dsa', set }, limits) ?? TAKEN).toBe(objection)
  })
}

test('each reason why an algorithm is not taken has a sentence and a step of its own', () => {
  for (const texts of [UNSUPPORTED_TEXT, UNSUPPORTED_STEP]) {
    const told = Object.values(texts)
    expect(new Set(told).size).toBe(3)
    expect(told.every((text) => text.length > 10)).toBe(true)
  }
})

test('once one budget is spent, none is spent any more', () => {
  const effort = new Effort({ ...DEFAULT_LIMITS, steps: 1 })
  expect(effort.spend('steps')).toBe(true)
  expect(effort.isExhausted).toBe(false)
  expect(effort.spend('steps')).toBe(false)
  expect(effort.isExhausted).toBe(true)
  expect(effort.spend('signatures')).toBe(false)
  expect(effort.spent.signatures).toBe(0)
  expect(effort.failure()).toEqual({ kind: 'budget-exhausted', resource: 'steps', limit: 1 })
})
