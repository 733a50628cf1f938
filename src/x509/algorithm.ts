/**
 * What stands behind the object identifier in an AlgorithmIdentifier (RFC 5280 §4.1.1.2): one element at most, of a
 * type that algorithms of certificates have.
 */
import { TAG, type DerReader } from './der.ts'

export type Parameters =
  | { readonly kind: 'absent' }
  | { readonly kind: 'null' }
  | { readonly kind: 'identifier'; readonly oid: string }
  /** Not parsed here: the code that knows the algorithm does it. */
  | { readonly kind: 'sequence' }

/** Reads the parameters, and that nothing follows; ANY is not anything, or two readers would differ in it. */
export function readParameters(algorithm: DerReader): Parameters {
  const parameters = read(algorithm)
  algorithm.end()
  return parameters
}

function read(algorithm: DerReader): Parameters {
  switch (algorithm.tag) {
    case TAG.oid:
      return { kind: 'identifier', oid: algorithm.oid() }
    case TAG.null:
      algorithm.enter(TAG.null).end()
      return NULL
    default:
      if (!algorithm.more) return ABSENT
      algorithm.element(TAG.sequence)
      return SEQUENCE
  }
}

const ABSENT: Parameters = { kind: 'absent' }
const NULL: Parameters = { kind: 'null' }
const SEQUENCE: Parameters = { kind: 'sequence' }
