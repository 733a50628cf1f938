/**
 * What an administrator decided for the whole fleet, over the configuration file: the latch, the CAs, the OAuth
 * endpoints, closed ports. Small and rare, so it travels with the process configuration, and a process compiles anew.
 */
import type { Config } from '../config/config.ts'
import type { ApprovalModel, Enforcement, OAuthEndpoints, Standing } from '../decide/policy.ts'
import { pemOf } from '../x509/pem.ts'
import { applyUpstreamTls, type AppliedUpstreamTls } from './upstream-tls.ts'
import type { EnrollmentSetting } from '../config/trust/types.ts'

/** What the store says of the whole fleet; plain data for structured clone. */
export interface StoreRules {
  readonly revision: number
  /** The latch beats the file. */
  readonly enforcement: Enforcement
  /** In place of the file's, which only seed a store. Those that were removed are left out. */
  readonly enrollmentSettings: readonly StoredEnrollmentSetting[]
  /** Undefined where the file, or its default, decides. */
  readonly approvalModel: ApprovalModel | undefined
  readonly oauth: OAuthEndpoints
  /** Names of listeners that take no connection any more. */
  readonly closedListeners: readonly string[]
  /** What upstreams are called with, as far as the file does not say so. */
  readonly upstreamTls: readonly AppliedUpstreamTls[]
}

/** An enrollment setting as the store keeps it. */
export interface StoredEnrollmentSetting {
  readonly name: string
  readonly source: EnrollmentSetting['source']
  readonly standing: Standing
  /** DER: the trust anchor and any intermediates. */
  readonly chain: readonly Uint8Array[]
}

/** The configuration as it is in force under the rules of a store. */
export function applyRules(config: Config, rules: StoreRules | undefined): Config {
  if (rules === undefined) return config
  const { trust, approval } = config
  const written = new Map(trust.enrollmentSettings.map((one) => [one.name, one]))
  return {
    ...config,
    enforcement: rules.enforcement,
    approval: { ...approval, model: rules.approvalModel ?? approval.model },
    ...applyUpstreamTls(config, rules.upstreamTls),
    trust: {
      ...trust,
      enrollmentSettings: rules.enrollmentSettings.map((one) =>
        settingOf(one, written.get(one.name)),
      ),
    },
  }
}

/** Where its revocation lists are is written in the file alone, under the same name. */
function settingOf(
  { name, source, standing, chain }: StoredEnrollmentSetting,
  written: EnrollmentSetting | undefined,
): EnrollmentSetting {
  const at = `store: enrollment setting ${name}`
  const bytes = Buffer.from(chain.map((der) => pemOf(Buffer.from(der))).join(''), 'latin1')
  return { at, name, source, standing, chain: { at, path: at, bytes }, crl: written?.crl }
}
