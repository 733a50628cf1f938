/**
 * The revocation overlay: lists that arrive while the compiled configuration stays as it is. Each is verified against
 * the chains in force, even where another process has verified it before.
 */
import type { Config } from '../config/config.ts'
import type { EnrollmentSetting } from '../config/trust/types.ts'
import type { RevocationDemand, RevocationPolicy } from '../decide/policy.ts'
import { keptLists, speakForAll } from '../revoke/kept-lists.ts'
import type { CrlSetting } from '../revoke/registry.ts'
import { placeOf } from '../trust/list-source.ts'
import { listsByIssuer, verifyList, type RevocationList } from '../trust/revocation.ts'
import type { TrustStore } from '../trust/store.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'

/** Lists that were read, by setting and place. */
export class LoadedCrls {
  readonly #lists = new Map<string, readonly Crl[]>()

  /** Puts the lists of a place where others may have been; none takes them away. */
  set(setting: string, place: string, crls: readonly Crl[]): void {
    const key = keyOf(setting, place)
    if (crls.length === 0) this.#lists.delete(key)
    else this.#lists.set(key, crls)
  }

  get(setting: string, place: string): readonly Crl[] {
    return this.#lists.get(keyOf(setting, place)) ?? []
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
    let isIncomplete = false
    for (const source of crl.lists) {
      const verified = crls
        .get(name, placeOf(source))
        .map((one) => verifyList(one, chains.get(name) ?? [], trust.limits))
      const kept = verified.flatMap((list) => (list.ok ? [list.value] : []))
      lists.push(...kept)
      // They were taken under another configuration, maybe, which a reload has replaced since: of a CA of the chain
      // whose list does not count any more nothing is known, whatever others of the place say.
      isIncomplete ||=
        !speakForAll(keptLists(kept, trust.profile)) ||
        verified.some((list) => !list.ok && list.failure.kind !== 'crl-of-another-ca')
    }
    demands.set(name, demandOf(crl, isIncomplete))
  }
  // Over all places: a list that one place has taken the place of does not count by way of another.
  return { lists: listsByIssuer(keptLists(lists, trust.profile).inForce), demands }
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
    const { lists, refresh, resets } = crl
    return [{ name, lists, refresh, resets, authorities: chains.get(name) ?? [], limits, profile }]
  })
