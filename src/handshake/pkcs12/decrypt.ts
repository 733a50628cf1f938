/** Decrypts the parts of a PKCS#12 file: by PBES2 (RFC 8018 §6.2) or by PKCS#12's own schemes (RFC 7292 §C). */
import { createDecipheriv, getCipherInfo, type CipherGCMTypes } from 'node:crypto'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { TAG, type DerReader } from '../../x509/der.ts'
import { cipherOf, nameOf } from './algorithms.ts'
import {
  damaged,
  derivationOf,
  pkcs12Key,
  type DerivationFailure,
  type Purpose,
  type Secret,
} from './key-derivation.ts'
import { decryptLegacy, type LegacyCipher } from './legacy-ciphers.ts'
import type { Rounds } from './limits.ts'
import { read, readAlgorithm, type Algorithm, type Encrypted } from './structure.ts'

/** `mismatch`: the octets do not come out, so that the key is not the one that they were encrypted with. */
export type DecryptFailure = DerivationFailure | { readonly kind: 'mismatch' }

/** Decrypts one part. */
export function decrypt(
  { algorithm, octets }: Encrypted,
  secret: Secret,
  rounds: Rounds,
): Result<Buffer, DecryptFailure> {
  if (algorithm.oid === PBES2) return byPbes2(algorithm, secret, { rounds, octets })
  const scheme = PKCS12_SCHEMES[algorithm.oid]
  if (scheme === undefined) return notThere(algorithm.oid)
  return byPkcs12(scheme, algorithm, { secret, rounds, octets })
}

/** One of PKCS#12's own schemes; all of them derive by SHA-1. */
interface Pkcs12Scheme {
  readonly cipher: string | LegacyCipher
  readonly keySize: number
}

const PKCS12_SCHEMES: Readonly<Record<string, Pkcs12Scheme>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keySize: 24 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des-ede-cbc', keySize: 16 },
  '1.2.840.113549.1.12.1.5': { cipher: { kind: 'rc2', effectiveBits: 128 }, keySize: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: { kind: 'rc2', effectiveBits: 40 }, keySize: 5 },
}

interface Work {
  readonly rounds: Rounds
  readonly octets: Buffer
}

function byPkcs12(
  { cipher, keySize }: Pkcs12Scheme,
  { parameters }: Algorithm,
  { secret, rounds, octets }: Work & { readonly secret: Secret },
): Result<Buffer, DecryptFailure> {
  const found = read(parameters, (reader) => {
    const pair = reader.field('pkcs-12PbeParams').enter(TAG.sequence)
    return { salt: pair.content(TAG.octetString), iterations: pair.count() }
  })
  if (!found.ok) return damaged(found.failure)
  const derive = (purpose: Purpose, size: number) =>
    pkcs12Key(secret, { digest: 'sha1', ...found.value }, { purpose, size, rounds })
  const key = derive('cipher', keySize)
  if (!key.ok) return key
  const iv = derive('iv', 8)
  if (!iv.ok) return iv
  return deciphered(cipher, { key: key.value, iv: iv.value, octets })
}

function byPbes2(
  { parameters }: Algorithm,
  secret: Secret,
  { rounds, octets }: Work,
): Result<Buffer, DecryptFailure> {
  const found = read(parameters, (reader) => {
    const pair = reader.field('PBES2-params').enter(TAG.sequence)
    return { derivation: readAlgorithm(pair), scheme: readAlgorithm(pair) }
  })
  if (!found.ok) return damaged(found.failure)
  const { derivation, scheme } = found.value
  const derived = derivationOf(derivation, secret, rounds)
  if (!derived.ok) return derived
  if (scheme.oid === RC2_CBC) {
    const rc2 = read(scheme.parameters, readRc2)
    if (!rc2.ok) return damaged(rc2.failure)
    const { effectiveBits, iv } = rc2.value
    // The key is as long as it is strong, unless the file states its length, which is then demanded.
    const stated = derived.value(undefined)
    const key =
      stated.ok || stated.failure.kind !== 'damaged' ? stated : derived.value(effectiveBits / 8)
    return key.ok ? deciphered({ kind: 'rc2', effectiveBits }, { key: key.value, iv, octets }) : key
  }
  const cipher = scheme.oid === DES_CBC ? DES : cipherOf(scheme.oid)
  if (cipher === undefined) return notThere(scheme.oid)
  const parametersOf = read(scheme.parameters, readIv)
  if (!parametersOf.ok) return damaged(parametersOf.failure)
  const key = derived.value(typeof cipher === 'string' ? getCipherInfo(cipher)?.keyLength : 8)
  return key.ok ? deciphered(cipher, { ...parametersOf.value, key: key.value, octets }) : key
}

/** An octet string for CBC; for GCM the nonce and the size of the tag (RFC 5084 §3.2). */
function readIv(reader: DerReader): { readonly iv: Buffer; readonly tagSize: number } {
  reader.field('encryption parameters')
  if (reader.tag === TAG.octetString) return { iv: reader.content(TAG.octetString), tagSize: 0 }
  const gcm = reader.enter(TAG.sequence)
  const iv = gcm.content(TAG.octetString)
  return { iv, tagSize: gcm.more ? gcm.count() : 12 }
}

/** RFC 8018 §B.2.3. */
function readRc2(reader: DerReader): { readonly iv: Buffer; readonly effectiveBits: number } {
  const parameters = reader.field('RC2-CBC-Parameter').enter(TAG.sequence)
  const version = parameters.tag === TAG.integer ? parameters.count() : undefined
  const iv = parameters.content(TAG.octetString)
  const effectiveBits = version === undefined ? 32 : (RC2_BITS[version] ?? 0)
  if (effectiveBits === 0 || iv.length !== 8) parameters.refuse('unexpected-element')
  return { iv, effectiveBits }
}

interface Ciphered {
  readonly key: Buffer
  readonly iv: Buffer
  readonly octets: Buffer
  readonly tagSize?: number
}

function deciphered(
  cipher: string | LegacyCipher,
  { key, iv, octets, tagSize = 0 }: Ciphered,
): Result<Buffer, DecryptFailure> {
  if (typeof cipher !== 'string') {
    if (iv.length !== 8) return WRONG_PARAMETERS
    const plain = decryptLegacy(cipher, { key, iv }, octets)
    return plain === undefined ? MISMATCH : ok(plain)
  }
  const isGcm = cipher.endsWith('-gcm')
  const isFitting = isGcm
    ? TAG_SIZES.has(tagSize) && iv.length >= 1 && iv.length <= 64 && octets.length >= tagSize
    : tagSize === 0 && iv.length === getCipherInfo(cipher)?.ivLength
  if (!isFitting) return WRONG_PARAMETERS
  try {
    if (!isGcm) {
      const decipher = createDecipheriv(cipher, key, iv)
      return ok(Buffer.concat([decipher.update(octets), decipher.final()]))
    }
    const options = { authTagLength: tagSize }
    const decipher = createDecipheriv(cipher as CipherGCMTypes, key, iv, options)
    decipher.setAuthTag(octets.subarray(octets.length - tagSize))
    const plain = decipher.update(octets.subarray(0, octets.length - tagSize))
    return ok(Buffer.concat([plain, decipher.final()]))
  } catch {
    // The sizes were right, so that only padding or tag can have been wrong.
    return MISMATCH
  }
}

const notThere = (oid: string): Result<never, DecryptFailure> =>
  fail({ kind: 'unsupported', what: 'encryption', algorithm: nameOf(oid) })

const MISMATCH: Result<never, DecryptFailure> = fail({ kind: 'mismatch' })
const WRONG_PARAMETERS = damaged({
  problem: 'unexpected-element',
  field: 'encryption parameters',
  offset: 0,
})
/** RFC 5084 §3.2. */
const TAG_SIZES: ReadonlySet<number> = new Set([12, 13, 14, 15, 16])
const DES: LegacyCipher = { kind: 'des' }
/** Effective bits by what stands for them (RFC 8018 §B.2.3); larger numbers stand for themselves and are not in use. */
const RC2_BITS: Readonly<Record<number, number>> = { 160: 40, 120: 64, 58: 128 }
const PBES2 = '1.2.840.113549.1.5.13'
const RC2_CBC = '1.2.840.113549.3.2'
const DES_CBC = '1.3.14.3.2.7'
