/**
 * Keys from passphrases: PKCS#12's own way (RFC 7292 §B) and those of PBES2 (RFC 8018 §5.2, RFC 7914). All of it takes as
 * long as the file asks for, within limits; it is called on a thread that serves nothing else.
 */
import { hash, pbkdf2Sync, scryptSync } from 'node:crypto'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { DerFault } from '../../x509/der-fault.ts'
import { TAG, type DerReader } from '../../x509/der.ts'
import { hmacDigestOf, nameOf } from './algorithms.ts'
import type { BeyondLimit, Pkcs12Failure, Unsupported } from './failure.ts'
import { MAX_MEMORY, MAX_SALT, within, type Rounds } from './limits.ts'
import { read, readAlgorithm, type Algorithm } from './structure.ts'

/** A passphrase as the two kinds of derivation read it. */
export interface Secret {
  /** UTF-16 with a zero at the end (RFC 7292 §B.1). */
  readonly utf16: Buffer
  /** RFC 8018 §3. */
  readonly utf8: Buffer
}

/** What PKCS#12's own derivation is for; it makes another key for each (RFC 7292 §B.3). */
export type Purpose = 'cipher' | 'integrity' | 'iv'

export interface Pkcs12Derivation {
  readonly digest: string
  readonly salt: Buffer
  readonly iterations: number
}

/** RFC 7292 §B.2: derives so many octets. */
export function pkcs12Key(
  secret: Secret,
  { digest, salt, iterations }: Pkcs12Derivation,
  {
    purpose,
    size,
    rounds,
  }: { readonly purpose: Purpose; readonly size: number; readonly rounds: Rounds },
): Result<Buffer, BeyondLimit> {
  const salted = within('octets of salt', salt.length, MAX_SALT)
  if (!salted.ok) return salted
  const block = BLOCKS[digest] ?? 64
  const needed = Math.ceil(size / hash(digest, NOTHING, 'buffer').length)
  const taken = rounds.take(needed * Math.max(iterations, 1))
  if (!taken.ok) return taken
  const diversifier = Buffer.alloc(block, IDS[purpose])
  let input = Buffer.concat([filled(salt, block), filled(secret.utf16, block)])
  const made: Buffer[] = []
  for (let index = 0; index < needed; index += 1) {
    let octets = hash(digest, Buffer.concat([diversifier, input]), 'buffer')
    for (let round = 1; round < iterations; round += 1) octets = hash(digest, octets, 'buffer')
    made.push(octets)
    input = added(input, filled(octets, block).subarray(0, block))
  }
  return ok(Buffer.concat(made).subarray(0, size))
}

/** Repeats octets up to whole blocks; none stay none. */
function filled(octets: Buffer, block: number): Buffer {
  const size = block * Math.ceil(octets.length / block)
  return octets.length === 0 ? NOTHING : Buffer.alloc(size, octets)
}

/** Adds a block and one to each block of the input, as numbers. */
function added(input: Buffer, block: Buffer): Buffer<ArrayBuffer> {
  const sum = Buffer.from(input)
  for (let from = 0; from < sum.length; from += block.length) {
    let carry = 1
    for (let at = block.length - 1; at >= 0; at -= 1) {
      carry += (sum[from + at] ?? 0) + (block[at] ?? 0)
      sum[from + at] = carry & 0xff
      carry >>= 8
    }
  }
  return sum
}

const NOTHING = Buffer.alloc(0)
const IDS: Readonly<Record<Purpose, number>> = { cipher: 1, iv: 2, integrity: 3 }
/** Octets that each digest takes in at a time, where it is not 64. */
const BLOCKS: Readonly<Record<string, number>> = {
  sha384: 128,
  sha512: 128,
  'sha512-224': 128,
  'sha512-256': 128,
  'sha3-224': 144,
  'sha3-256': 136,
  'sha3-384': 104,
  'sha3-512': 72,
}

/** What a derivation may end with. */
export type DerivationFailure = BeyondLimit | Unsupported | (Pkcs12Failure & { kind: 'damaged' })

/** A key of the size that its cipher has, or of the size that the file states where there is none. */
export type DerivedKey = (size: number | undefined) => Result<Buffer, DerivationFailure>

/** Reads how PBES2 or PBMAC1 derives its key; it is derived when it is asked for. */
export function derivationOf(
  algorithm: Algorithm,
  secret: Secret,
  rounds: Rounds,
): Result<DerivedKey, DerivationFailure> {
  const { oid, parameters } = algorithm
  if (oid === PBKDF2) return readWith(parameters, readPbkdf2, (one) => pbkdf2(one, secret, rounds))
  if (oid === SCRYPT) return readWith(parameters, readScrypt, (one) => scrypt(one, secret, rounds))
  return fail({ kind: 'unsupported', what: 'key derivation', algorithm: nameOf(oid) })
}

interface Pbkdf2 {
  readonly salt: Buffer | undefined
  readonly iterations: number
  readonly size: number | undefined
  readonly hmac: string
}

function readPbkdf2(reader: DerReader): Pbkdf2 {
  const parameters = reader.field('PBKDF2-params').enter(TAG.sequence)
  // Another source than the file itself was foreseen and never defined (RFC 8018 §A.2).
  const isStated = parameters.tag === TAG.octetString
  const salt = isStated ? parameters.content(TAG.octetString) : undefined
  if (!isStated) parameters.step(TAG.sequence)
  const iterations = parameters.count()
  const size = parameters.tag === TAG.integer ? parameters.count() : undefined
  const hmac = parameters.more ? readAlgorithm(parameters).oid : HMAC_SHA1
  return { salt, iterations, size, hmac }
}

function pbkdf2(
  { salt, iterations, size, hmac }: Pbkdf2,
  secret: Secret,
  rounds: Rounds,
): DerivedKey {
  return (wanted) => {
    const digest = hmacDigestOf(hmac)
    if (digest === undefined) return notThere(nameOf(hmac))
    if (salt === undefined) return notThere('PBKDF2 with a salt from elsewhere')
    const salted = within('octets of salt', salt.length, MAX_SALT)
    if (!salted.ok) return salted
    const length = sizeOf(size, wanted)
    if (!length.ok) return length
    const blocks = Math.ceil(length.value / hash(digest, NOTHING, 'buffer').length)
    const taken = rounds.take(blocks * Math.max(iterations, 1))
    if (!taken.ok) return taken
    return ok(pbkdf2Sync(secret.utf8, salt, Math.max(iterations, 1), length.value, digest))
  }
}

interface Scrypt {
  readonly salt: Buffer
  readonly cost: number
  readonly blockSize: number
  readonly parallelization: number
  readonly size: number | undefined
}

/** RFC 7914 §7.1. */
function readScrypt(reader: DerReader): Scrypt {
  const parameters = reader.field('scrypt-params').enter(TAG.sequence)
  return {
    salt: parameters.content(TAG.octetString),
    cost: parameters.count(),
    blockSize: parameters.count(),
    parallelization: parameters.count(),
    size: parameters.more ? parameters.count() : undefined,
  }
}

function scrypt(
  { salt, cost, blockSize, parallelization, size }: Scrypt,
  secret: Secret,
  rounds: Rounds,
): DerivedKey {
  return (wanted) => {
    const salted = within('octets of salt', salt.length, MAX_SALT)
    if (!salted.ok) return salted
    const length = sizeOf(size, wanted)
    if (!length.ok) return length
    // RFC 7914 §2: a power of two; anything else the runtime throws at.
    const isPower = cost > 1 && cost < 2 ** 31 && (cost & (cost - 1)) === 0
    if (!isPower || blockSize < 1 || parallelization < 1) return OUT_OF_RANGE
    const memory = within(
      'octets of memory',
      128 * blockSize * (cost + parallelization),
      MAX_MEMORY,
    )
    if (!memory.ok) return memory
    const taken = rounds.take(cost * blockSize * parallelization)
    if (!taken.ok) return taken
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: 2 * MAX_MEMORY }
    return ok(scryptSync(secret.utf8, salt, length.value, options))
  }
}

/** The size of a key, which a file need not state where its cipher does (RFC 8018 §A.2), and may not state otherwise. */
function sizeOf(
  stated: number | undefined,
  wanted: number | undefined,
): Result<number, Pkcs12Failure & { kind: 'damaged' }> {
  const size = wanted ?? stated
  const differs = stated !== undefined && stated !== size
  return size === undefined || differs || size < 1 || size > MAX_KEY ? OUT_OF_RANGE : ok(size)
}

const notThere = (algorithm: string): Result<never, Unsupported> =>
  fail({ kind: 'unsupported', what: 'key derivation', algorithm })

function readWith<Parameters>(
  parameters: Buffer,
  how: (reader: DerReader) => Parameters,
  derive: (parameters: Parameters) => DerivedKey,
): Result<DerivedKey, Pkcs12Failure & { kind: 'damaged' }> {
  const found = read(parameters, how)
  return found.ok ? ok(derive(found.value)) : damaged(found.failure)
}

/** A structure that does not hold what it says. */
export const damaged = (fault: DerFault): Result<never, Pkcs12Failure & { kind: 'damaged' }> =>
  fail({ kind: 'damaged', fault })

const OUT_OF_RANGE = damaged({
  problem: 'unexpected-element',
  field: 'key derivation parameters',
  offset: 0,
})

/** The longest HMAC key in use is as long as its digest's output: 64 octets. */
const MAX_KEY = 128
const PBKDF2 = '1.2.840.113549.1.5.12'
const SCRYPT = '1.3.6.1.4.1.11591.4.11'
const HMAC_SHA1 = '1.2.840.113549.2.7'
