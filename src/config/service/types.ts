/** What a configuration says about the store, the admin API, approval, the fleet and the legacy OAuth endpoint. */
import type { ApprovalModel } from '../../decide/policy.ts'
import type { MutualAuthenticationSetting } from '../../fleet/expectation.ts'
import type { MinimumVersions } from '../../fleet/readiness.ts'
import type { IdentitySource } from '../../handshake/server-identity.ts'
import type { Network } from '../../kernel/network.ts'
import type { Millis } from '../../kernel/types.ts'
import type { BasicNameOwner } from '../../throttle/account-names.ts'
import type { ThrottleRules } from '../../throttle/throttle.ts'
import type { LoadedSecret } from '../reading/content.ts'

/** Where the store is that keeps what administrators change while serving. */
export type StoreConfig =
  | {
      readonly kind: 'sqlite'
      readonly at: string
      /** The resolved path; whether anything is there is asked when it is opened. */
      readonly path: string
      /** Undefined: this store seals no secrets. */
      readonly keys: KeyRingReference | undefined
    }
  | {
      readonly kind: 'postgres'
      readonly at: string
      readonly url: LoadedSecret
      readonly schema: string | undefined
      readonly keys: KeyRingReference
    }
  /** The operator said explicitly that there is none. */
  | { readonly kind: 'dangerous-none'; readonly at: string }

/** The key ring: not read here, because `tfe init` makes one and other commands do without. */
export interface KeyRingReference {
  readonly at: string
  /** `file:` and a resolved path, or `env:` and a name. */
  readonly reference: string
}

/** The admin API's own listener. */
export interface AdminListenerSettings {
  readonly at: string
  readonly address: string
  readonly port: number
  /** Networks that may call at all. */
  readonly allow: readonly Network[]
  /** Undefined: in the clear, on the loopback only. */
  readonly certificate: IdentitySource | undefined
  readonly clientCertificates: boolean
}

/** Which devices have to be approved, and which count as inside. */
export interface ApprovalSettings {
  readonly model: ApprovalModel
  /** Whether the file says so itself: then it is not edited in the portal. */
  readonly modelStated: boolean
  /** Where it says so. */
  readonly modelAt: string
  /** Where devices are inside, unless `externalNetworks` or the listener says otherwise. */
  readonly internalNetworks: readonly Network[]
  /** Where devices are outside, whatever else says that they are inside. */
  readonly externalNetworks: readonly Network[]
}

/** What is expected of the fleet; no verdict asks for it. */
export interface FleetSettings {
  /** The oldest agents that can come to authenticate: the file's, or else the profile's. */
  readonly minimums: MinimumVersions
  /** Whether the file says so itself: then they are not edited in the portal. */
  readonly minimumsStated: boolean
  /** What the management server says of its setting, where the file does. */
  readonly mutualAuthentication: MutualAuthenticationSetting | undefined
  /** Whether its app store front asks for certificates, where the file says so. */
  readonly storefrontCertificates: boolean | undefined
}

/** Refusals that the store keeps. */
export interface RefusalSettings {
  /** For how long. */
  readonly keep: Millis
  /** How many at most, half of them for known devices. */
  readonly rows: number
}

/** How often rows of class `legacy-oauth` may be asked. */
export interface LegacyOAuthSettings extends ThrottleRules {
  readonly basic: BasicNameOwner
}
