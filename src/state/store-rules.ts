/**
 * What an administrator decided for the whole fleet, over the configuration file: the latch, the CAs, the OAuth
 * endpoints, closed ports. Small and rare, so it travels with the process configuration, and a process compiles anew.
 */
import type { Config } from '../config/config.ts'
import type { ApprovalModel, Enforcement, OAuthEndpoints } from '../decide/policy.ts'
import type { ListPoint } from './missing-lists.ts'
import { pemOf } from '../x509/pem.ts'
import { enforcementInForce } from '../fleet/enforcement-in-force.ts'
import { revocationInForce } from './held-revocation.ts'
import { distrustedByFileAlone, standingInForce } from './file-holds.ts'
import type { StoredEnrollmentSetting } from './stored-setting.ts'
import { applyUpstreamTls, type AppliedUpstreamTls } from './upstream-tls.ts'
import type { CrlSettings, EnrollmentSetting } from '../config/trust/types.ts'

/** What the store says of the whole fleet; plain data for structured clone. */
export interface StoreRules {
  readonly revision: number
  /** `required` is the latch; what is in force says `enforcementInForce`. */
  readonly latch: Enforcement
  /** In place of the file's, which only seed a store. Those that were removed are left out. */
  readonly enrollmentSettings: readonly StoredEnrollmentSetting[]
  /** Names of the settings that were removed: none is used again. */
  readonly removedSettings: readonly string[]
  /** Where certificates that were accepted under each setting say that their revocation list is. */
  readonly listPoints: readonly ListPoint[]
  /** Undefined where no administrator has chosen one; the file's own word beats it. */
  readonly approvalModel: ApprovalModel | undefined
  readonly oauth: OAuthEndpoints
  /** Names of listeners that take no connection any more. */
  readonly closedListeners: readonly string[]
  /** What upstreams are called with, as far as the file does not say so. */
  readonly upstreamTls: readonly AppliedUpstreamTls[]
}

/** The configuration as it is in force under the rules of a store, and under the file's stricter words (decision 30). */
export function applyRules(config: Config, rules: StoreRules | undefined): Config {
  if (rules === undefined) return config
  const { trust, approval } = config
  const written = new Map(trust.enrollmentSettings.map(({ name, crl }) => [name, crl]))
  const stored = rules.enrollmentSettings.flatMap((one) => {
    const standing = standingInForce(one.name, one.standing, trust)
    return standing.kind === 'removed' ? [] : [{ ...one, standing }]
  })
  return {
    ...config,
    enforcement: enforcementInForce(config, rules.latch).state,
    approval: { ...approval, model: approvalModelInForce(approval, rules) },
    ...applyUpstreamTls(config, rules.upstreamTls),
    trust: {
      ...trust,
      enrollmentSettings: [
        ...stored.map((one) => settingOf(one, written.get(one.name))),
        ...distrustedByFileAlone(rules.enrollmentSettings, trust),
      ],
    },
  }
}

/** The file's own word is not edited in the portal (decision 20). */
const approvalModelInForce = (
  { model, modelStated }: Config['approval'],
  { approvalModel }: StoreRules,
): ApprovalModel => (modelStated ? model : (approvalModel ?? model))

function settingOf(
  { name, source, standing, chain, crl }: StoredEnrollmentSetting,
  written: CrlSettings | undefined,
): EnrollmentSetting {
  const at = `store: enrollment setting ${name}`
  const bytes = Buffer.from(chain.map((der) => pemOf(Buffer.from(der))).join(''), 'latin1')
  return {
    at,
    name,
    source,
    standing,
    chain: { at, path: at, bytes },
    crl: revocationInForce(crl, written, at),
  }
}
