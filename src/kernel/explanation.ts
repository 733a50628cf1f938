/**
 * What an operator reads about a refusal, a failure or a warning.
 */

export interface Explanation {
  /** Names the facts: what was found, and what was wanted. */
  readonly sentence: string
  /** What the operator can do about it. */
  readonly nextStep: string
}

/** Returns an explanation as the fields of a log line. */
export const explanationFields = ({
  code,
  sentence,
  nextStep,
}: Explanation & { readonly code: string }) => ({ code, reason: sentence, next_step: nextStep })
