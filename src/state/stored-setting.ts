/** An enrollment setting and its revocation lists, as the store says them to the processes that judge. */
import type { CrlSettings, EnrollmentSetting } from '../config/trust/types.ts'
import type { Standing } from '../decide/policy.ts'
import type { ListSource } from '../trust/list-source.ts'

/** An enrollment setting as the store keeps it. */
export interface StoredEnrollmentSetting {
  readonly name: string
  readonly source: EnrollmentSetting['source']
  readonly standing: Standing
  /** DER: the trust anchor and any intermediates. */
  readonly chain: readonly Uint8Array[]
  /** Its revocation lists; undefined where revocation is not asked for. */
  readonly crl: StoredCrl | undefined
}

/** The revocation lists of a stored setting, as the configuration has them, without places in a file. */
export type StoredCrl = Omit<CrlSettings, 'lists'> & {
  readonly lists: readonly [ListSource, ...ListSource[]]
}
