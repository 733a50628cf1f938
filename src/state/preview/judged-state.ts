/**
 * Everything that a verdict depends on besides the device: the policy and the trust store, made of the file and of what
 * the store says, as `compileConfig` makes them. A preview makes two: what is in force, and what a change would put in force.
 */
import type { Config } from '../../config/config.ts'
import type { Policy } from '../../decide/policy.ts'
import { ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import type { TrustStore } from '../../trust/store.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { trustedAuthorities } from '../authorities.ts'
import { policyOf } from '../compiled-config.ts'
import type { Overlay } from '../overlay.ts'
import { revocationPolicy, type LoadedCrls } from '../revocation-policy.ts'
import { applyRules, type StoreRules } from '../store-rules.ts'
import { notAsked, type AskedConfig } from './asks.ts'

export interface JudgedState {
  readonly policy: Policy
  readonly trust: TrustStore
  readonly chains: ReadonlyMap<string, readonly Certificate[]>
  /** What says what is asked. */
  readonly asked: AskedConfig
  /** Names of listeners that take no connection. */
  readonly closed: readonly string[]
  /** What is not asked, in words. */
  readonly notAsked: readonly string[]
}

/** What the store says of the fleet and of single devices. */
export interface StateFacts {
  readonly rules: StoreRules
  /** The deny list, and the signed ids of approved and blocked devices. */
  readonly overlay: Overlay
}

/** Builds one; the faults are those of chains that no trust store can be made of. */
export function judgedState(
  fileConfig: Config,
  { rules, overlay, crls }: StateFacts & { readonly crls: LoadedCrls },
  now: Instant,
): Result<JudgedState, readonly Fault[]> {
  const config = applyRules(fileConfig, rules)
  const authorities = trustedAuthorities(config.trust, now)
  if (!authorities.ok) return authorities
  const { store: trust, chains } = authorities.value
  const policy = policyOf(config, authorities.value, { rules, overlay })
  const revocation = revocationPolicy({ config, chains, trust }, crls)
  return ok({
    policy: { ...policy, revocation },
    trust,
    chains,
    asked: config,
    closed: rules.closedListeners,
    notAsked: [...(isPartitioned(revocation) ? [POINTS] : []), ...notAsked(config), PRESENTED],
  })
}

/** Whether a list is about some certificates of its CA only: which a certificate is of is not kept. */
const isPartitioned = ({ lists }: Policy['revocation']): boolean =>
  [...lists.values()].flat().some(({ crl }) => crl.scope.points !== undefined)

const POINTS = 'which distribution point of its CA a certificate names'
/** What a device shows besides its own certificate is not kept. */
const PRESENTED = 'CA certificates that devices present and no enrollment setting in force holds'
