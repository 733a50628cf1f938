/**
 * The revocation overlay: lists that arrive while the compiled configuration stays as it is. Each is verified against
 * the chains in force, even where another process has verified it before.
 */
import type { Config } from '../config/config.ts'
import { crlLocation, type EnrollmentSetting } from '../config/trust/types.ts'
import type { RevocationDemand, RevocationPolicy } from '../decide/policy.ts'
import type { CrlSetting } from '../revoke/registry.ts'
import { listsByIssuer, verifyList, type RevocationList } from '../trust/revocation.ts'
import type { TrustStore } from '../trust/store.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'

/** Lists that were read, by setting and place. */
export class LoadedCrls {
  readonly #lists = new Map<string, Crl>()

  /** Puts a list where another may have been; nothing takes it away. */
  set(setting: string, place: string, crl: Crl | undefined): void {
    const key = keyOf(setting, place)
    if (crl === undefined) this.#lists.delete(key)
    else this.#lists.set(key, crl)
  }

  get(setting: string, place: string): Crl | undefined {
    return this.#lists.get(keyOf(setting, place))
  }
}

const keyOf = (setting: string, place: string): string => `${setting}\n${place}`

/** Returns what the lists say about the chains of a compiled configuration. */
export function revocationPolicy(
  { config, chains, trust }: CompiledTrust,
  crls: LoadedCrls,
): RevocationPolicy {
  const lists: RevocationList[] = []
  const demands = new Map<string, RevocationDemand>()
  for (const { name, crl } of config.trust.enrollmentSettings) {
    if (crl === undefined) continue
    const found = crl.lists.flatMap((source) => {
      const one = crls.get(name, crlLocation(source))
      const list =
        one === undefined ? undefined : verifyList(one, chains.get(name) ?? [], trust.limits)
      return list?.ok === true ? [list.value] : []
    })
    lists.push(...found)
    demands.set(name, demandOf(crl, found.length < crl.lists.length))
  }
  return { lists: listsByIssuer(lists), demands }
}

const demandOf = (
  { failure, grace }: NonNullable<EnrollmentSetting['crl']>,
  incomplete: boolean,
): RevocationDemand => ({ failure, grace, incomplete })

/** The part of a compiled configuration that names revocation lists, and the CAs that each may come from. */
export interface CompiledTrust {
  readonly config: Config
  readonly chains: ReadonlyMap<string, readonly Certificate[]>
  readonly trust: TrustStore
}

/** Returns the enrollment settings with revocation lists, each with the CAs that may have issued them. */
export const configuredCrls = ({
  config,
  chains,
  trust: { limits, profile },
}: CompiledTrust): readonly CrlSetting[] =>
  config.trust.enrollmentSettings.flatMap(({ name, crl }) => {
    if (crl === undefined) return []
    const { lists, refresh } = crl
    return [{ name, lists, refresh, authorities: chains.get(name) ?? [], limits, profile }]
  })
