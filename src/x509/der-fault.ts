/**
 * What can be wrong with an encoded certificate: departures that end the reading, and harmless ones.
 */

/** What about an encoded certificate is wrong; a closed union, fit for counting. */
export type Problem =
  | 'algorithms-differ'
  | 'bit-string-padding'
  | 'boolean-not-canonical'
  | 'duplicate-extension'
  | 'extensions-in-old-version'
  | 'indefinite-length'
  | 'integer-not-minimal'
  | 'length-not-minimal'
  | 'missing-element'
  | 'nested-too-deep'
  | 'object-identifier-malformed'
  | 'tag-number-too-high'
  | 'text-not-ascii'
  | 'time-malformed'
  | 'too-many-elements'
  | 'trailing-octets'
  | 'truncated'
  | 'unexpected-element'
  | 'version-unknown'

/** A harmless departure from DER, or from what an algorithm's RFC wants beside its identifier; read all the same. */
export type Laxity =
  | 'algorithm-parameters'
  | 'default-value-encoded'
  | 'named-bits-not-minimal'
  | 'time-form-of-another-year'

/** The first thing wrong with an encoding; `offset` counts octets from its beginning. */
export interface DerFault {
  readonly problem: Problem
  /** The part that was being read, as the RFC calls it; an extension by its object identifier. */
  readonly field: string
  readonly offset: number
}
