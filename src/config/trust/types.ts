/** What a configuration says about the CAs that name devices. */
import type { RevocationDemand, Standing } from '../../decide/policy.ts'
import type { LoadedFile } from '../../handshake/server-identity.ts'
import type { KeyFingerprint, Millis } from '../../kernel/types.ts'
import type { ListSource } from '../../trust/list-source.ts'
import type { Limits } from '../../trust/limits.ts'

/** The revocation lists of an enrollment setting. */
export interface CrlSettings extends Pick<RevocationDemand, 'failure' | 'grace'> {
  readonly lists: readonly [CrlSource, ...CrlSource[]]
  /** How often a URL is asked again. */
  readonly refresh: Millis
  /** How often an administrator let older lists take the place of newer ones (the store counts). */
  readonly resets: number
}

/** Where a list is found, and where that is written. */
export type CrlSource = ListSource & { readonly at: string }

/** Which CAs are trusted to name devices, and which keys and certificates are not. */
export interface TrustSettings {
  /** `private` admits harmless departures from the profile of RFC 5280, `strict` refuses on any finding. */
  readonly profile: 'private' | 'strict'
  readonly enrollmentSettings: readonly EnrollmentSetting[]
  /** Those that the file calls removed: they seed no store, and admit no device where a store still has them. */
  readonly removed: readonly RemovedSetting[]
  readonly denied: ConfiguredDenyList
  /** What is demanded of keys, signatures and the length of a path. */
  readonly limits: TrustLimits
}

/** Refused at once; `<issuer key fingerprint>:<serial>` for single certificates. */
export interface ConfiguredDenyList {
  readonly keys: ReadonlySet<KeyFingerprint>
  readonly serials: ReadonlySet<string>
}

/** The limits that an operator may set; budgets are ours, for they protect the front end and not the fleet. */
export type TrustLimits = Pick<Limits, 'depth' | 'rsaBits' | 'digests' | 'mlDsa' | 'anyPurpose'>

/** A setting whose life has ended. */
export interface RemovedSetting {
  readonly at: string
  readonly name: string
}

/** A CA chain that devices' certificates come from, and where it stands in the life of the fleet (decision 8). */
export interface EnrollmentSetting {
  readonly at: string
  readonly name: string
  readonly source: 'local' | 'scep' | 'other'
  readonly standing: Standing
  /** PEM: the trust anchor and any intermediates. */
  readonly chain: LoadedFile
  /** Undefined where revocation is not asked for. */
  readonly crl: CrlSettings | undefined
}
