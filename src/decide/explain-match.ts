/**
 * Why a row does not take a certificate that is sound and timely, in words.
 */
import type { MatchRule, Unmet } from './match.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** The sentence and the next step for a rule that was not met. */
export function explainMatch({ rule, wanted, found }: Unmet): Explanation {
  return {
    sentence: `this path asks for ${NOUNS[rule]} ${listed(wanted, ' or ')}, and the certificate has ${listed(found, ' and ')}`,
    nextStep: `${STEPS[rule]}, or change \`match.${rule}\` of the row`,
  }
}

/** What a rule asks for, in words. */
export const NOUNS: Readonly<Record<MatchRule, string>> = {
  subjectAltNames: 'a subject alternative name',
  enrollmentSettings: 'the enrollment setting',
  issuerKeys: 'an issuer with the key',
  policies: 'the certificate policy',
}

const STEPS: Readonly<Record<MatchRule, string>> = {
  subjectAltNames: 'issue the device a certificate with such a name',
  enrollmentSettings: 'enrol the device under that setting',
  issuerKeys: 'enrol the device under that CA',
  policies: 'issue the device a certificate under that policy',
}

/** A few, and how many more; an operator may list hundreds. */
const listed = (values: readonly string[], word: string): string => {
  if (values.length === 0) return 'none'
  const rest = values.length - MAX_LISTED
  const shown = values.slice(0, MAX_LISTED).join(word)
  return rest > 0 ? `${shown}${word}${rest} more` : shown
}

/** What fits a sentence. */
const MAX_LISTED = 5
