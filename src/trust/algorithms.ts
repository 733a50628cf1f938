/**
 * Which keys and signatures may prove anything, and what speaks against the others.
 */
import { unreachable } from '../kernel/types.ts'
import type { KeyAlgorithm } from '../x509/key.ts'
import type { MlDsaSet } from '../x509/ml-dsa.ts'
import type { SignatureAlgorithm, SignatureKind } from '../x509/signature.ts'
import type { Limits } from './limits.ts'

/** Why an algorithm is not taken although nothing is known to be weak about it. */
export type Unsupported =
  /** Its object identifier is none that we know. */
  | 'unknown'
  /** We know it, and the limits do not take it. */
  | 'not-enabled'
  /** We know it, and what stands behind its object identifier does not belong there. */
  | 'unfit-parameters'

/** What speaks against an algorithm. */
export type AlgorithmObjection = 'weak' | Unsupported

/** What speaks against a key on a path; nothing for one that may stand there. */
export function objectionToKey(key: KeyAlgorithm, limits: Limits): AlgorithmObjection | undefined {
  switch (key.kind) {
    case 'ml-dsa':
      return takesMlDsa(key.set, limits) ? undefined : 'not-enabled'
    case 'unfit-parameters':
      return 'unfit-parameters'
    case 'other':
      return 'unknown'
    case 'rsa':
    case 'rsa-pss':
    case 'ec':
    case 'ed25519':
    case 'ed448':
      return isStrong(key, limits) ? undefined : 'weak'
    default:
      return unreachable(key)
  }
}

/** Whether a key may stand on a path. */
export const isStrongKey = (key: KeyAlgorithm, limits: Limits): boolean =>
  objectionToKey(key, limits) === undefined

type ClassicKey = Exclude<KeyAlgorithm, { readonly kind: 'ml-dsa' | 'unfit-parameters' | 'other' }>

function isStrong(key: ClassicKey, { rsaBits, curves }: Limits): boolean {
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
    default:
      return unreachable(key)
  }
}

const takesMlDsa = (set: MlDsaSet, { mlDsa }: Limits): boolean => mlDsa !== 'off' && set >= mlDsa

/** What speaks against relying on a signature made this way; nothing for one that may be relied upon. */
export function objectionToSignature(
  algorithm: SignatureAlgorithm,
  limits: Limits,
): AlgorithmObjection | undefined {
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
    case 'rsa-pss':
    case 'ecdsa':
      return limits.digests.includes(algorithm.digest) ? undefined : 'weak'
    case 'ed25519':
    case 'ed448':
      return undefined
    case 'ml-dsa':
      return takesMlDsa(algorithm.set, limits) ? undefined : 'not-enabled'
    case 'unfit-parameters':
      return 'unfit-parameters'
    case 'other':
      return 'unknown'
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
    case 'ml-dsa':
      return `ML-DSA-${algorithm.set}`
    case 'unfit-parameters':
      return `${NAMES[algorithm.of]} with parameters`
    case 'other':
      return `algorithm ${algorithm.oid}`
    default:
      return unreachable(algorithm)
  }
}

const NAMES: Readonly<Record<SignatureKind, string>> = {
  'rsa-pkcs1': 'RSA',
  'rsa-pss': 'RSA-PSS',
  ecdsa: 'ECDSA',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
  'ml-dsa': 'ML-DSA',
}

/** As the end of a sentence that has named the algorithm. */
export const UNSUPPORTED_TEXT: Readonly<Record<Unsupported, string>> = {
  unknown: 'which this program does not know',
  'not-enabled': 'which the limits do not take',
  'unfit-parameters': 'and parameters such as these are not taken with it',
}

/** What a CA can do about it. */
export const UNSUPPORTED_STEP: Readonly<Record<Unsupported, string>> = {
  unknown: 'with RSA, ECDSA or Ed25519',
  'not-enabled': 'with RSA, ECDSA or Ed25519, or take ML-DSA (`trust.limits.mlDsa`)',
  'unfit-parameters':
    'with no parameters for ECDSA, EdDSA and ML-DSA, NULL for RSA, one hash for all of RSA-PSS (RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §2, RFC 4055 §3.1 and §5)',
}
