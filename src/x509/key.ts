/**
 * Public keys: what their encoding says about strength, without importing them. A device's own key is never
 * imported; TLS has already proved that the peer holds it.
 */
import { unreachable } from '../kernel/types.ts'
import { readParameters, type Parameters } from './algorithm.ts'
import { DerReader, TAG } from './der.ts'
import { ML_DSA_SETS, type MlDsaSet } from './ml-dsa.ts'

/** Kind and strength of a key. */
export type KeyAlgorithm =
  | { readonly kind: 'rsa' | 'rsa-pss'; readonly bits: number; readonly exponentBits: number }
  | { readonly kind: 'ec'; readonly curve: Curve | 'other' }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ed448' }
  | { readonly kind: 'ml-dsa'; readonly set: MlDsaSet }
  /** One of the three above with parameters, which it may not have: no library takes such a key. */
  | { readonly kind: 'unfit-parameters'; readonly of: 'ed25519' | 'ed448' | 'ml-dsa' }
  /** Unknown. */
  | { readonly kind: 'other'; readonly oid: string }

export type Curve = 'P-256' | 'P-384' | 'P-521'

/** Reads what a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) says about its key. */
export function readKeyAlgorithm(spki: DerReader): KeyAlgorithm {
  const algorithm = spki.enter(TAG.sequence)
  const oid = algorithm.oid()
  const parameters = readParameters(algorithm)
  const key = spki.octetAlignedBits()
  spki.end()
  switch (oid) {
    case '1.2.840.113549.1.1.1':
      // RFC 3279 §2.3.1 wants NULL; every library reads the key whatever stands there.
      if (parameters.kind !== 'null') spki.note('algorithm-parameters')
      return rsa('rsa', key, spki)
    case '1.2.840.113549.1.1.10':
      return rsa('rsa-pss', key, spki)
    case '1.2.840.10045.2.1':
      // Explicit parameters (RFC 5480 §2.1.1 forbids them) are a curve of the peer's own choosing.
      return { kind: 'ec', curve: curveOf(parameters) }
    case '1.3.101.112':
      return bare({ kind: 'ed25519' }, parameters)
    case '1.3.101.113':
      return bare({ kind: 'ed448' }, parameters)
    default: {
      const set = ML_DSA_SETS.get(oid)
      return set === undefined ? { kind: 'other', oid } : bare({ kind: 'ml-dsa', set }, parameters)
    }
  }
}

type BareKey = Extract<KeyAlgorithm, { readonly kind: 'ed25519' | 'ed448' | 'ml-dsa' }>

/** RFC 8410 §3, RFC 9881 §4: nothing behind the object identifier. */
const bare = (key: BareKey, { kind }: Parameters): KeyAlgorithm =>
  kind === 'absent' ? key : { kind: 'unfit-parameters', of: key.kind }

const curveOf = (parameters: Parameters): Curve | 'other' =>
  (parameters.kind === 'identifier' ? CURVES.get(parameters.oid) : undefined) ?? 'other'

const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
])

function rsa(kind: 'rsa' | 'rsa-pss', key: Buffer, spki: DerReader): KeyAlgorithm {
  const whole = DerReader.over(key)
  const numbers = whole.enter(TAG.sequence)
  whole.end()
  const bits = bitLength(numbers.integer())
  const exponentBits = bitLength(numbers.integer())
  numbers.end()
  if (whole.fault !== undefined) spki.refuse(whole.fault.problem)
  return { kind, bits, exponentBits }
}

/** Of a two's complement integer; a negative one counts as nothing. */
function bitLength(octets: Buffer): number {
  const first = octets[0] ?? 0
  if (first > 0x7f) return 0
  const skip = first === 0 ? 1 : 0
  const top = octets[skip] ?? 0
  return top === 0 ? 0 : (octets.length - skip) * 8 - Math.clz32(top) + 24
}

/** A key's kind and strength in words: `RSA 2048`, `P-256`. */
export function keyText(algorithm: KeyAlgorithm): string {
  switch (algorithm.kind) {
    case 'rsa':
      return `RSA ${algorithm.bits}`
    case 'rsa-pss':
      return `RSA-PSS ${algorithm.bits}`
    case 'ec':
      return algorithm.curve === 'other' ? 'EC on another curve' : algorithm.curve
    case 'ed25519':
      return 'Ed25519'
    case 'ed448':
      return 'Ed448'
    case 'ml-dsa':
      return `ML-DSA-${algorithm.set}`
    case 'unfit-parameters':
      return `${BARE_NAMES[algorithm.of]} with parameters`
    case 'other':
      return `key type ${algorithm.oid}`
    default:
      return unreachable(algorithm)
  }
}

const BARE_NAMES = { ed25519: 'Ed25519', ed448: 'Ed448', 'ml-dsa': 'ML-DSA' } as const
