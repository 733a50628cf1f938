/**
 * The other signature: whenever (r, s) verifies under an ECDSA key, so does (r, n - s). The private key is not needed
 * to turn one into the other, and the octets of the certificate change with it.
 */
import * as der from './der-writer.ts'
import { pemOfDer } from './mint-certificate.ts'
import type { Leaf } from './mint.ts'

/** The order of P-256 (SEC 2 §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The same certificate, around the twin of its P-256 signature. */
export function malleated(leaf: Leaf): Leaf {
  const [tbs, algorithm, signature] = parts(leaf.der)
  const [r, s] = parts(contentOf(signature).subarray(1))
  const other = der.sequence(r, der.integer(ORDER - numberIn(s)))
  const encoded = der.sequence(tbs, algorithm, der.bitString(other))
  const pem = pemOfDer(encoded)
  return { ...leaf, der: encoded, pem, chainPem: leaf.chainPem.replace(leaf.pem, pem) }
}

const numberIn = (integer: Buffer): bigint => BigInt(`0x${contentOf(integer).toString('hex')}`)

/** The first three values inside a sequence; absent ones are empty. */
function parts(sequence: Buffer): readonly [Buffer, Buffer, Buffer] {
  let rest = contentOf(sequence)
  const next = (): Buffer => {
    const one = rest.subarray(0, rest.length === 0 ? 0 : sizeOf(rest))
    rest = rest.subarray(one.length)
    return one
  }
  return [next(), next(), next()]
}

const contentOf = (value: Buffer): Buffer => value.subarray(headOf(value), sizeOf(value))
const headOf = (value: Buffer): number =>
  (value[1] ?? 0) < 0x80 ? 2 : 2 + ((value[1] ?? 0) & 0x7f)
const sizeOf = (value: Buffer): number =>
  headOf(value) +
  ((value[1] ?? 0) < 0x80 ? (value[1] ?? 0) : value.readUIntBE(2, headOf(value) - 2))
