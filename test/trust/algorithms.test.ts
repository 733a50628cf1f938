import { expect, test } from 'vitest'
import { isStrongKey, isStrongSignature, signatureText } from '../../src/trust/algorithms.ts'
import { Effort } from '../../src/trust/effort.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import { keyText, type KeyAlgorithm } from '../../src/x509/key.ts'
import type { SignatureAlgorithm } from '../../src/x509/signature.ts'

const rsa = (bits: number, exponentBits = 17): KeyAlgorithm => ({ kind: 'rsa', bits, exponentBits })

const keys: readonly (readonly [text: string, key: KeyAlgorithm, strong: boolean])[] = [
  ['RSA 2048', rsa(2048), true],
  ['RSA 2040', rsa(2040), false],
  ['RSA 2047', rsa(2047), false],
  ['RSA 2052', rsa(2052), false],
  ['RSA 8192', rsa(8192), true],
  ['RSA 8200', rsa(8200), false],
  ['RSA 3072', rsa(3072, 64), true],
  ['RSA 3072', rsa(3072, 65), false],
  ['RSA-PSS 2048', { kind: 'rsa-pss', bits: 2048, exponentBits: 17 }, true],
  ['RSA-PSS 1024', { kind: 'rsa-pss', bits: 1024, exponentBits: 17 }, false],
  ['P-256', { kind: 'ec', curve: 'P-256' }, true],
  ['P-384', { kind: 'ec', curve: 'P-384' }, true],
  ['P-521', { kind: 'ec', curve: 'P-521' }, true],
  ['EC on another curve', { kind: 'ec', curve: 'other' }, false],
  ['Ed25519', { kind: 'ed25519' }, true],
  ['Ed448', { kind: 'ed448' }, true],
  ['key type 1.2.840.10040.4.1', { kind: 'other', oid: '1.2.840.10040.4.1' }, false],
]

for (const [text, key, strong] of keys) {
  const detail = 'exponentBits' in key ? `, exponent of ${key.exponentBits} bits` : ''
  test(`${text}${detail} is ${strong ? 'strong' : 'not strong'} enough`, () => {
    expect(isStrongKey(key, DEFAULT_LIMITS)).toBe(strong)
    expect(keyText(key)).toBe(text)
  })
}

const signatures: readonly (readonly [text: string, SignatureAlgorithm, strong: boolean])[] = [
  ['RSA with SHA256', { kind: 'rsa-pkcs1', digest: 'sha256' }, true],
  ['RSA with SHA224', { kind: 'rsa-pkcs1', digest: 'sha224' }, false],
  ['RSA with SHA1', { kind: 'rsa-pkcs1', digest: 'sha1' }, false],
  ['RSA-PSS with SHA384', { kind: 'rsa-pss', digest: 'sha384', saltLength: 48 }, true],
  ['RSA-PSS with SHA1', { kind: 'rsa-pss', digest: 'sha1', saltLength: 20 }, false],
  ['ECDSA with SHA512', { kind: 'ecdsa', digest: 'sha512' }, true],
  ['ECDSA with SHA1', { kind: 'ecdsa', digest: 'sha1' }, false],
  ['Ed25519', { kind: 'ed25519' }, true],
  ['Ed448', { kind: 'ed448' }, true],
  ['algorithm 1.2.3', { kind: 'other', oid: '1.2.3' }, false],
]

for (const [text, algorithm, strong] of signatures) {
  test(`${text} is ${strong ? 'strong' : 'not strong'} enough as a signature`, () => {
    expect(isStrongSignature(algorithm, DEFAULT_LIMITS)).toBe(strong)
    expect(signatureText(algorithm)).toBe(text)
  })
}

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
