/**
 * Which keys and signatures are strong enough to prove anything.
 */
import { unreachable } from '../kernel/types.ts'
import type { KeyAlgorithm } from '../x509/key.ts'
import type { SignatureAlgorithm } from '../x509/signature.ts'
import type { Limits } from './limits.ts'

/** Whether a key may stand on a path. */
export function isStrongKey(key: KeyAlgorithm, { rsaBits, curves }: Limits): boolean {
  switch (key.kind) {
    case 'rsa':
    case 'rsa-pss':
      return (
        key.bits >= rsaBits.minimum &&
        key.bits <= rsaBits.maximum &&
        // No generator makes such a modulus on purpose (CA/Browser baseline requirements 6.1.5 forbid it, too).
        key.bits % 8 === 0 &&
        // OpenSSL's own bound: above it one verification costs as much as a private operation.
        key.exponentBits <= 64
      )
    case 'ec':
      return curves.some((curve) => curve === key.curve)
    case 'ed25519':
    case 'ed448':
      return true
    case 'other':
      return false
    default:
      return unreachable(key)
  }
}

/** Whether a signature made this way may be relied upon. */
export function isStrongSignature(algorithm: SignatureAlgorithm, { digests }: Limits): boolean {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
    case 'rsa-pss':
    case 'ecdsa':
      return digests.includes(algorithm.digest)
    case 'ed25519':
    case 'ed448':
      return true
    case 'other':
      return false
    default:
      return unreachable(algorithm)
  }
}

/** A signature algorithm in words: `ECDSA with SHA256`. */
export function signatureText(algorithm: SignatureAlgorithm): string {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return `RSA with ${algorithm.digest.toUpperCase()}`
    case 'rsa-pss':
      return `RSA-PSS with ${algorithm.digest.toUpperCase()}`
    case 'ecdsa':
      return `ECDSA with ${algorithm.digest.toUpperCase()}`
    case 'ed25519':
      return 'Ed25519'
    case 'ed448':
      return 'Ed448'
    case 'other':
      return `algorithm ${algorithm.oid}`
    default:
      return unreachable(algorithm)
  }
}
