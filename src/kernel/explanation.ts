/**
 * What an operator reads about a refusal, a failure or a warning.
 */

export interface Explanation {
  /** Names the facts: what was found, and what was wanted. */
  readonly sentence: string
  /** What the operator can do about it. */
  readonly nextStep: string
}
