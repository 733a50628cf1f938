/**
 * Which revocation lists a configuration wants kept, with the CAs that each may come from.
 */
import type { Config } from '../config/config.ts'
import type { CrlSetting } from '../revoke/registry.ts'
import type { TrustStore } from '../trust/store.ts'
import type { Certificate } from '../x509/certificate.ts'

/** The part of a world that says so. */
export interface CompiledTrust {
  readonly config: Config
  readonly chains: ReadonlyMap<string, readonly Certificate[]>
  readonly trust: TrustStore
}

/** The settings with lists. */
export const configuredCrls = ({ config, chains, trust }: CompiledTrust): readonly CrlSetting[] =>
  config.trust.enrollmentSettings.flatMap(({ name, crl }) =>
    crl === undefined
      ? []
      : [
          {
            name,
            lists: crl.lists,
            refresh: crl.refresh,
            authorities: chains.get(name) ?? [],
            limits: trust.limits,
          },
        ],
  )
