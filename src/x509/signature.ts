/**
 * Signatures on certificates: which algorithm (RFC 5280 §4.1.1.2), and whether one holds.
 */
import { readParameters } from './algorithm.ts'
import { constructed, TAG, type DerReader } from './der.ts'
import { ML_DSA_SETS, type MlDsaSet } from './ml-dsa.ts'

export type Digest = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

/** How a certificate was signed. */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa-pkcs1'; readonly digest: Digest }
  | { readonly kind: 'rsa-pss'; readonly digest: Digest; readonly saltLength: number }
  | { readonly kind: 'ecdsa'; readonly digest: Digest }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ed448' }
  | { readonly kind: 'ml-dsa'; readonly set: MlDsaSet }
  /** One of the above with parameters that it may not have; nothing verifies it. */
  | { readonly kind: 'unfit-parameters'; readonly of: SignatureKind }
  /** Unknown; nothing verifies it. */
  | { readonly kind: 'other'; readonly oid: string }

/** The algorithms that are known. */
export type SignatureKind = 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa' | 'ed25519' | 'ed448' | 'ml-dsa'

/**
 * Reads an AlgorithmIdentifier. NULL behind an ECDSA algorithm, as Java 11 and some Android key stores write it, is noted
 * and read: there is nothing in it that another reader could take otherwise.
 */
export function readSignatureAlgorithm(identifier: DerReader): SignatureAlgorithm {
  const algorithm = readAlgorithm(identifier)
  identifier.end()
  return algorithm
}

function readAlgorithm(identifier: DerReader): SignatureAlgorithm {
  const oid = identifier.oid()
  if (oid === RSA_PSS) return readPss(identifier) ?? { kind: 'unfit-parameters', of: 'rsa-pss' }
  const { kind } = readParameters(identifier)
  const known = ALGORITHMS.get(oid)
  if (known === undefined) return { kind: 'other', oid }
  // RFC 5758 §3.2, RFC 8410 §3 and RFC 9881 §2 want nothing.
  if (kind === 'absent') return known
  // RFC 4055 §5 wants NULL with RSA, and old signers leave it out.
  if (kind === 'null' && known.kind === 'rsa-pkcs1') return known
  if (kind !== 'null' || known.kind !== 'ecdsa') return { kind: 'unfit-parameters', of: known.kind }
  identifier.note('algorithm-parameters')
  return known
}

const RSA_PSS = '1.2.840.113549.1.1.10'

type KnownAlgorithm = Extract<SignatureAlgorithm, { readonly kind: SignatureKind }>

const ALGORITHMS: ReadonlyMap<string, KnownAlgorithm> = new Map<string, KnownAlgorithm>([
  ['1.2.840.113549.1.1.4', { kind: 'rsa-pkcs1', digest: 'md5' }],
  ['1.2.840.113549.1.1.5', { kind: 'rsa-pkcs1', digest: 'sha1' }],
  ['1.2.840.113549.1.1.14', { kind: 'rsa-pkcs1', digest: 'sha224' }],
  ['1.2.840.113549.1.1.11', { kind: 'rsa-pkcs1', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { kind: 'rsa-pkcs1', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { kind: 'rsa-pkcs1', digest: 'sha512' }],
  ['1.2.840.10045.4.1', { kind: 'ecdsa', digest: 'sha1' }],
  ['1.2.840.10045.4.3.1', { kind: 'ecdsa', digest: 'sha224' }],
  ['1.2.840.10045.4.3.2', { kind: 'ecdsa', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { kind: 'ecdsa', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { kind: 'ecdsa', digest: 'sha512' }],
  ['1.3.101.112', { kind: 'ed25519' }],
  ['1.3.101.113', { kind: 'ed448' }],
  ...[...ML_DSA_SETS].map(([oid, set]) => [oid, { kind: 'ml-dsa', set }] as const),
])

const DIGESTS: ReadonlyMap<string, Digest> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

/** RFC 4055 §3.1: hash, mask generation (MGF1 with the same hash, or nothing verifies here), salt length, trailer. */
function readPss(identifier: DerReader): SignatureAlgorithm | undefined {
  const parameters = identifier.enter(TAG.sequence)
  const digest = readDigest(parameters.optional(constructed(0))?.enter(TAG.sequence))
  const mask = parameters.optional(constructed(1))?.enter(TAG.sequence)
  const maskOid = mask?.oid() ?? MGF1
  const maskDigest = readDigest(mask?.enter(TAG.sequence))
  const saltLength = parameters.optional(constructed(2))?.count() ?? 20
  const trailer = parameters.optional(constructed(3))?.count() ?? 1
  parameters.end()
  const fits = digest !== undefined && maskOid === MGF1 && maskDigest === digest && trailer === 1
  // The longest salt that fits 8192 bits of RSA is below 1024 octets.
  return fits && saltLength <= 1024 ? { kind: 'rsa-pss', digest, saltLength } : undefined
}

const MGF1 = '1.2.840.113549.1.1.8'

/** Absent means SHA-1, the default of 1999. */
function readDigest(identifier: DerReader | undefined): Digest | undefined {
  if (identifier === undefined) return 'sha1'
  const digest = DIGESTS.get(identifier.oid())
  if (identifier.more) identifier.content(0x05)
  identifier.end()
  return digest
}
