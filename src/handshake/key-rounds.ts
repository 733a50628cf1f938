/**
 * How much work an encrypted private key asks for before it opens (PKCS#8, RFC 5958 §3): its author chose it, the TLS library
 * does whatever it says, and meanwhile the thread serves nothing. It is told from the file before any of it is done.
 */
import { ok, type Result } from '../kernel/types.ts'
import { TAG } from '../x509/der.ts'
import { derEnd } from '../x509/file/der-end.ts'
import type { BeyondLimit } from './pkcs12/failure.ts'
import { MAX_ROUNDS, within } from './pkcs12/limits.ts'
import { read, readAlgorithm, type Algorithm } from './pkcs12/structure.ts'

/**
 * Whether every encrypted key of a file, in PEM or in DER, stays within what a PKCS#12 file may ask for. What is not read here is
 * no encrypted key, or one that the TLS library does not read either, which says so. OpenSSL's older form (`DEK-Info`) has
 * one round and no number for it.
 */
export function keyWithinLimits(file: Buffer): Result<void, BeyondLimit> {
  const keys = derEnd(file) === undefined ? encryptedBlocks(file.toString('latin1')) : [file]
  for (const key of keys) {
    const algorithm = read(key, (reader) => readAlgorithm(reader.enter(TAG.sequence)))
    const fits = algorithm.ok ? schemeWithinLimits(algorithm.value) : ok(undefined)
    if (!fits.ok) return fits
  }
  return ok(undefined)
}

/** Cut out and decoded as the TLS library does, which takes blocks that our reader of PEM refuses. */
function encryptedBlocks(text: string): readonly Buffer[] {
  const [, ...blocks] = text.split('-----BEGIN ENCRYPTED PRIVATE KEY-----')
  return blocks.map((block) => {
    const [base64 = ''] = block.split('-----END ', 1)
    return Buffer.from(base64, 'base64')
  })
}

/** PBES2 (RFC 8018 §6.2) names its derivation; the schemes before it and PKCS#12's own (RFC 7292 §C) have salt and rounds. */
function schemeWithinLimits({ oid, parameters }: Algorithm): Result<void, BeyondLimit> {
  if (oid !== PBES2) return withinLimits(numbersIn(parameters).slice(0, 1))
  const derivation = read(parameters, (reader) => readAlgorithm(reader.enter(TAG.sequence)))
  if (!derivation.ok) return ok(undefined)
  const numbers = numbersIn(derivation.value.parameters)
  // RFC 7914 §7: cost, block size, parallelization. PBKDF2 has its rounds first, and the size of the key perhaps.
  return withinLimits(derivation.value.oid === SCRYPT ? numbers.slice(0, 3) : numbers.slice(0, 1))
}

/** One number, or the three of scrypt; its memory the TLS library bounds itself, at 32 MiB. */
const withinLimits = (numbers: readonly number[]): Result<void, BeyondLimit> =>
  within(
    'rounds',
    numbers.reduce((product, number) => product * number, 1),
    MAX_ROUNDS,
  )

/** The numbers behind the salt. */
function numbersIn(parameters: Buffer): readonly number[] {
  const found = read(parameters, (reader) => {
    const inside = reader.enter(TAG.sequence)
    inside.step(TAG.octetString)
    const numbers: number[] = []
    while (inside.tag === TAG.integer) numbers.push(inside.count())
    return numbers
  })
  return found.ok ? found.value : []
}

const PBES2 = '1.2.840.113549.1.5.13'
const SCRYPT = '1.3.6.1.4.1.11591.4.11'
