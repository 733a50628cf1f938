/**
 * ML-DSA (FIPS 204) in certificates (RFC 9881): one object identifier for the key and for the signature of each set of
 * parameters.
 */

/** The sets of parameters, weakest first, by the numbers in their names: ML-DSA-44, ML-DSA-65, ML-DSA-87. */
export type MlDsaSet = 44 | 65 | 87

/** By object identifier (RFC 9881 §2). */
export const ML_DSA_SETS: ReadonlyMap<string, MlDsaSet> = new Map<string, MlDsaSet>([
  ['2.16.840.1.101.3.4.3.17', 44],
  ['2.16.840.1.101.3.4.3.18', 65],
  ['2.16.840.1.101.3.4.3.19', 87],
])
