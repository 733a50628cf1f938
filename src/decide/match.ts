/**
 * What a row of the route table asks of a certificate besides its class. Rules only narrow: they are looked at when
 * the path would have been admitted, and can do nothing but refuse it.
 */
import type { KeyFingerprint } from '../kernel/types.ts'
import { validPolicies } from '../trust/policy-graph.ts'
import type { SoundPath } from '../trust/validate.ts'
import { generalNameText } from '../x509/print-name.ts'
import { isNamed, type NamePattern } from './name-pattern.ts'

/** Each rule that is there must be met; one entry of its list is enough. An empty list admits no device. */
export interface MatchRules {
  /** One of the device's subject alternative names. */
  readonly subjectAltNames: readonly NamePattern[] | undefined
  /** The enrollment setting that the path ends at. */
  readonly enrollmentSettings: readonly string[] | undefined
  /** The key that signed the device's certificate. */
  readonly issuerKeys: readonly KeyFingerprint[] | undefined
  /** A certificate policy for which the path is valid (RFC 5280 §6.1.5 (g)), in dotted decimal. */
  readonly policies: readonly string[] | undefined
}

export type MatchRule = keyof MatchRules

/** A path that would have been admitted, but for the row. */
export interface Unmet {
  readonly kind: 'match-rule-unmet'
  readonly rule: MatchRule
  readonly wanted: readonly string[]
  /** What the certificate has in its place; bounded. */
  readonly found: readonly string[]
}

/** One rule held against one path. */
export interface RuleOutcome {
  readonly rule: MatchRule
  readonly met: boolean
  readonly wanted: readonly string[]
  /** Worked out only when a rule asks. */
  readonly found: () => readonly string[]
}

/** The first rule that the path does not meet, if any. */
export function unmetRule(path: SoundPath, rules: MatchRules | undefined): Unmet | undefined {
  if (rules === undefined) return undefined
  const unmet = ruleOutcomes(path, rules).find(({ met }) => !met)
  if (unmet === undefined) return undefined
  const { rule, wanted } = unmet
  return { kind: 'match-rule-unmet', rule, wanted, found: unmet.found().slice(0, MAX_SHOWN) }
}

/** Every rule that is there, with its outcome; for deciding and for explaining. */
export function ruleOutcomes(path: SoundPath, rules: MatchRules): readonly RuleOutcome[] {
  const { certificates, anchor } = path
  const [leaf, issuer = anchor.certificate] = certificates
  const outcomes: RuleOutcome[] = []
  const { subjectAltNames: patterns, enrollmentSettings: settings, issuerKeys, policies } = rules
  if (patterns !== undefined) {
    const names = leaf.subjectAltNames
    outcomes.push({
      rule: 'subjectAltNames',
      met: names.some((name) => patterns.some((pattern) => isNamed(name, pattern))),
      wanted: patterns.map(({ text }) => text),
      found: () =>
        names.slice(0, MAX_SHOWN).map((name) => generalNameText(name).slice(0, MAX_NAME)),
    })
  }
  if (settings !== undefined) {
    const { setting } = anchor
    outcomes.push(among('enrollmentSettings', settings, [setting]))
  }
  if (issuerKeys !== undefined) {
    outcomes.push(among('issuerKeys', issuerKeys, [issuer.publicKey.fingerprint]))
  }
  if (policies !== undefined) {
    outcomes.push(among('policies', policies, validPolicies(certificates, anchor)))
  }
  return outcomes
}

const among = (
  rule: MatchRule,
  wanted: readonly string[],
  found: readonly string[],
): RuleOutcome => ({
  rule,
  met: found.some((one) => wanted.includes(one)),
  wanted,
  found: () => found,
})

/** Enough to recognise what the CA issues; a certificate may hold a thousand names. */
const MAX_SHOWN = 8
/** Longer than any honest name; a certificate may hold one of twenty thousand characters. */
const MAX_NAME = 128
