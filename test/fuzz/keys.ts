/**
 * Keys that are the same in every run: a corpus that changed from run to run could not be replayed. Worth nothing
 * anywhere else, because every reader of this file has them.
 */
import { createECDH, createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import * as der from '../support/certificates/der-writer.ts'
import type { Keys } from '../support/certificates/mint-certificate.ts'
import { SeededRandom } from '../support/seeded-random.ts'

/** An Ed25519 pair: its signatures follow from the key and the content, so that they are the same in every run. */
export function ed25519(label: string): Keys {
  const secret = Buffer.from(hash('sha256', `fuzz ${label}`), 'hex')
  const pkcs8 = der.sequence(
    der.integer(0),
    der.sequence(der.oid('1.3.101.112')),
    der.octetString(der.octetString(secret)),
  )
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { key, spki: spkiOf(createPublicKey(key)) }
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })

/** The public half of an elliptic key; nothing is signed with it. */
export function ecSpki(curve: 'prime256v1' | 'secp384r1' | 'secp521r1', oid: string): Buffer {
  const sizes = { prime256v1: 32, secp384r1: 48, secp521r1: 64 }
  const pair = createECDH(curve)
  pair.setPrivateKey(new SeededRandom(1).octets(sizes[curve]))
  const algorithm = der.sequence(der.oid('1.2.840.10045.2.1'), der.oid(oid))
  return der.sequence(algorithm, der.bitString(pair.getPublicKey()))
}

/** What looks like the public half of an RSA key; its modulus is any odd number. */
export function rsaSpki(bits: number, algorithm: Buffer): Buffer {
  const modulus = new SeededRandom(bits).octets(bits / 8)
  modulus[0] = (modulus[0] ?? 0) | 0x80
  modulus[modulus.length - 1] = (modulus.at(-1) ?? 0) | 1
  const numbers = der.sequence(der.tlv(0x02, Buffer.from([0]), modulus), der.integer(65_537))
  return der.sequence(algorithm, der.bitString(numbers))
}

export const RSA = der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nothing())

/** RSASSA-PSS with this digest, mask and salt (RFC 4055 §3.1). */
export function pss(digest: string, salt: number): Buffer {
  const hashId = der.sequence(der.oid(digest), der.nothing())
  return der.sequence(
    der.oid('1.2.840.113549.1.1.10'),
    der.sequence(
      der.context(0, hashId),
      der.context(1, der.sequence(der.oid('1.2.840.113549.1.1.8'), hashId)),
      der.context(2, der.integer(salt)),
    ),
  )
}

export const SHA256 = '2.16.840.1.101.3.4.2.1'
export const SHA512 = '2.16.840.1.101.3.4.2.3'
