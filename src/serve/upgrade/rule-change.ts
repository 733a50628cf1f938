/** What a rule of this version changes for a fleet that was there before it, by name. */

/** One thing that a changed rule touches, and what it meets. */
export interface TouchedThing {
  readonly kind:
    | 'administrator'
    | 'device'
    | 'enforcement'
    | 'enrollment-setting'
    | 'listener'
    | 'route'
    | 'upstream'
  readonly name: string
  /** How people know it, where the name is an id. */
  readonly label?: string | undefined
  readonly before: string
  readonly after: string
}

/** The rules that were changed, each with a stable code. */
export const RULE_CHANGE_CODES = [
  'refused-links',
  'file-differences',
  'revocation-lists-taken-over',
  'blocked-ids',
  'too-many-ids',
  'approval-rule',
  'oauth-not-configured',
  'allow-and-log-dropped',
  'default-cipher-suites',
  'identity-fields',
  'published-ports',
  'administrator-names',
] as const

/** A changed rule with everything that it touches. */
export interface RuleChange {
  readonly code: (typeof RULE_CHANGE_CODES)[number]
  readonly sentence: string
  readonly next: string
  /** Whether an operator has to look or choose before the upgrade; otherwise it is a note of what changes. */
  readonly needsDecision: boolean
  readonly touched: readonly TouchedThing[]
}
