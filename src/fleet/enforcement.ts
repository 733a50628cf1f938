/**
 * Requiring certificates (S2-19, S0-11): what an operator is shown before, and what it takes to do it. It cannot be
 * undone, so everything that speaks against it is said at once.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { callerWarnings, type CallerNumbers, type CallerWarning } from './callers.ts'
import { successRate, type ReadinessCounts } from './readiness.ts'

/** What an operator is to know before certificates are required. */
export interface EnforcementPreview {
  readonly counts: ReadinessCounts
  /** Known devices that would be refused where they are admitted now, by the code they would get; computed by `decide` itself. */
  readonly wouldRefuse: ReadonlyMap<string, number>
  /** The lowest success rate that gives no warning, 0 to 1. */
  readonly wanted: number
  readonly key: KeyOutlook
  readonly callers: CallerNumbers
  /** Devices that were met and have not tried to authenticate, known hosts apart. */
  readonly untried: number
}

/** What becomes of the key that seals secrets (S2-20, S2-22). */
export type KeyOutlook =
  /** Nothing is sealed, and no key is needed. */
  | { readonly kind: 'none' }
  /** Secrets are sealed with this key from then on; instances lack it, by their names. */
  | { readonly kind: 'new'; readonly version: number; readonly lacking: readonly string[] }
  /** There is no new key: `why` is a sentence without its end. */
  | { readonly kind: 'impossible'; readonly why: string }

/** What speaks against it; each has to be read before the phrase counts. */
export type EnforcementWarning =
  | { readonly kind: 'irreversible' }
  | { readonly kind: 'devices-refused'; readonly devices: number }
  | { readonly kind: 'agents-too-old'; readonly devices: number }
  | { readonly kind: 'no-information'; readonly devices: number }
  | { readonly kind: 'success-rate-low'; readonly rate: number; readonly wanted: number }
  | {
      readonly kind: 'instances-lack-key'
      readonly version: number
      readonly instances: readonly string[]
    }
  | { readonly kind: 'no-new-key'; readonly why: string }
  | CallerWarning

/** The warnings of a preview, the one that always holds first. */
export function enforcementWarnings({
  counts,
  wouldRefuse,
  wanted,
  key,
  callers,
  untried,
}: EnforcementPreview): readonly EnforcementWarning[] {
  const warnings: EnforcementWarning[] = [{ kind: 'irreversible' }]
  const refused = [...wouldRefuse.values()].reduce((sum, count) => sum + count, 0)
  if (refused > 0) warnings.push({ kind: 'devices-refused', devices: refused })
  if (counts['must-upgrade'] > 0) {
    warnings.push({ kind: 'agents-too-old', devices: counts['must-upgrade'] })
  }
  warnings.push(...callerWarnings(callers))
  if (untried > 0) warnings.push({ kind: 'no-information', devices: untried })
  const rate = successRate(counts)
  if (rate !== undefined && rate < wanted) {
    warnings.push({ kind: 'success-rate-low', rate, wanted })
  }
  if (key.kind === 'new' && key.lacking.length > 0) {
    const { version, lacking } = key
    warnings.push({ kind: 'instances-lack-key', version, instances: lacking })
  }
  if (key.kind === 'impossible') warnings.push({ kind: 'no-new-key', why: key.why })
  return warnings
}

/** What has to be typed, to the letter: it is not typed by accident. */
export const CONFIRMATION_PHRASE = 'require certificates'

/** Why certificates are not required yet. */
export type LatchRefusal =
  | { readonly kind: 'already-required' }
  | { readonly kind: 'phrase-wrong'; readonly wanted: string }
  /** The warnings have changed since they were read. */
  | { readonly kind: 'warnings-changed'; readonly warnings: readonly EnforcementWarning[] }

/** What an operator sends to require certificates. */
export interface EnforcementConfirmation {
  readonly phrase: string
  /** The kinds of the warnings that were shown. */
  readonly read: readonly EnforcementWarning['kind'][]
}

/** Whether a confirmation throws the latch; every warning that holds now must have been shown. */
export function checkLatch(
  enforcement: 'recording' | 'required',
  { phrase, read }: EnforcementConfirmation,
  warnings: readonly EnforcementWarning[],
): Result<'required', LatchRefusal> {
  if (enforcement === 'required') return fail({ kind: 'already-required' })
  if (phrase !== CONFIRMATION_PHRASE)
    return fail({ kind: 'phrase-wrong', wanted: CONFIRMATION_PHRASE })
  return warnings.every(({ kind }) => read.includes(kind))
    ? ok('required')
    : fail({ kind: 'warnings-changed', warnings })
}
