/**
 * Whether a signature on a certificate or a list holds under an issuer's key (RFC 5280 §6.1.3 (a)(1)).
 */
import {
  constants,
  createPublicKey,
  verify,
  type KeyObject,
  type VerifyKeyObjectInput,
} from 'node:crypto'
import { unreachable } from '../kernel/types.ts'
import type { Certificate, Signature } from './certificate.ts'
import type { Digest, SignatureAlgorithm } from './signature.ts'

/** Whether the issuer's key made this signature, on a certificate or a list. Says nothing about names or rights. */
export function verifiesUnder(
  { signature }: { readonly signature: Signature },
  issuer: Certificate,
): boolean {
  const { algorithm, tbs, value } = signature
  if (!fitsKey(algorithm, issuer)) return false
  const key = keyOf(issuer)
  if (key === undefined) return false
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
    case 'ecdsa':
      return holds(algorithm.digest, tbs, { key, value })
    case 'rsa-pss': {
      const { digest, saltLength } = algorithm
      const padding = constants.RSA_PKCS1_PSS_PADDING
      return holds(digest, tbs, { key: { key, padding, saltLength }, value })
    }
    case 'ed25519':
    case 'ed448':
    case 'ml-dsa':
      return holds(null, tbs, { key, value })
    case 'unfit-parameters':
    case 'other':
      return false
    default:
      return unreachable(algorithm)
  }
}

/**
 * OpenSSL throws where a key may not be used so: an RSA-PSS key can name the one digest and the shortest salt it is
 * for (RFC 4055 §3.1), and the peer that presents a certificate chooses others. That is a signature which does not hold.
 */
function holds(
  digest: Digest | null,
  tbs: Buffer,
  { key, value }: { readonly key: KeyObject | VerifyKeyObjectInput; readonly value: Buffer },
): boolean {
  try {
    return verify(digest, tbs, key, value)
  } catch {
    return false
  }
}

function fitsKey(algorithm: SignatureAlgorithm, { publicKey }: Certificate): boolean {
  const { algorithm: of } = publicKey
  const key = of.kind
  switch (algorithm.kind) {
    case 'rsa-pkcs1':
      return key === 'rsa'
    case 'rsa-pss':
      return key === 'rsa' || key === 'rsa-pss'
    case 'ecdsa':
      return key === 'ec'
    case 'ed25519':
    case 'ed448':
      return key === algorithm.kind
    case 'ml-dsa':
      return of.kind === 'ml-dsa' && of.set === algorithm.set
    case 'unfit-parameters':
    case 'other':
      return false
    default:
      return unreachable(algorithm)
  }
}

/** Importing a key costs a third of a verification: an issuer's is imported once and kept as long as its certificate. */
function keyOf(issuer: Certificate): KeyObject | undefined {
  const known = imported.get(issuer)
  if (known !== undefined) return known.key
  const key = importedKey(issuer.publicKey.spki)
  imported.set(issuer, { key })
  return key
}

const imported = new WeakMap<Certificate, { readonly key: KeyObject | undefined }>()

function importedKey(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch {
    // The only way node:crypto has to say that the octets are no key: a point off its curve, say.
    return undefined
  }
}
