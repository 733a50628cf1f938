/** Where the store is and how it is administered, as the configuration says. */
import type { Network } from '../../kernel/network.ts'
import type { IdentityFiles, LoadedSecret } from '../reading/loaded-file.ts'

/** Where what the operator changes while running is kept; undefined parts of it are defaults of the store's own. */
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
  /** The operator wants none, in writing. */
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
  readonly certificate: IdentityFiles | undefined
  readonly clientCertificates: boolean
}
