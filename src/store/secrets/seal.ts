/**
 * Sealing: AES-256-GCM under a key of the ring. What is sealed is bound to its row and version, so that a sealed
 * value copied into another row, or an older one put back over a newer, does not open there.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { SealFailure } from '../failure.ts'

/** Keys by their version; the newest is what new secrets are sealed with, once the store knows of it. */
export interface KeyRing {
  readonly keys: ReadonlyMap<number, Uint8Array>
}

/** A secret as the store keeps it. */
export interface Sealed {
  readonly keyVersion: number
  readonly nonce: Uint8Array
  /** Ciphertext and, behind it, the tag of 16 octets. */
  readonly sealed: Uint8Array
}

/** Which row and version of it a sealed value belongs to. */
export interface SealBinding {
  readonly name: string
  readonly version: number
}

/** Seals octets under one key of the ring. */
export function seal(
  secret: Uint8Array,
  binding: SealBinding,
  { ring, keyVersion }: { readonly ring: KeyRing; readonly keyVersion: number },
): Result<Sealed, SealFailure> {
  const key = ring.keys.get(keyVersion)
  if (key === undefined) return missing(ring, keyVersion)
  // 96 random bits: a collision becomes likely at 2^48 secrets under one key, and there are dozens.
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(additionalData(binding, keyVersion))
  const sealed = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()])
  return ok({ keyVersion, nonce, sealed })
}

/** Opens what was sealed for exactly this row and version. */
export function unseal(
  { keyVersion, nonce, sealed }: Sealed,
  binding: SealBinding,
  ring: KeyRing,
): Result<Buffer, SealFailure> {
  const key = ring.keys.get(keyVersion)
  if (key === undefined) return missing(ring, keyVersion)
  const broken = fail<SealFailure>({ kind: 'seal-broken', secret: binding.name })
  if (nonce.length !== 12 || sealed.length < TAG) return broken
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  decipher.setAAD(additionalData(binding, keyVersion))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG))
  try {
    const secret = decipher.update(sealed.subarray(0, sealed.length - TAG))
    return ok(Buffer.concat([secret, decipher.final()]))
  } catch {
    return broken
  }
}

const TAG = 16

const additionalData = ({ name, version }: SealBinding, keyVersion: number): Buffer =>
  Buffer.from(JSON.stringify(['tfe secret', name, version, keyVersion]))

const missing = (ring: KeyRing, version: number) =>
  fail<SealFailure>({ kind: 'key-missing', version, held: versionsOf(ring) })

/** The versions of a ring, oldest first. */
export const versionsOf = ({ keys }: KeyRing): readonly number[] =>
  [...keys.keys()].sort((one, other) => one - other)

/** Tells whether two instances mean the same key, and nothing else about it. */
export const checkValue = (key: Uint8Array): string =>
  createHmac('sha256', key).update('tfe key check').digest('hex').slice(0, 32)
