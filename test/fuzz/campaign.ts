/**
 * A campaign: so many inputs from one seed, one after the other, with what became of them counted and every broken
 * promise kept.
 */
import { performance } from 'node:perf_hooks'

/** What comes from a stranger or from a file. */
export type Input =
  | { readonly kind: 'der'; readonly octets: Buffer }
  | { readonly kind: 'pem'; readonly text: string }

/** What became of one input. */
export interface Outcome {
  /** To count by. */
  readonly words: readonly string[]
  /** Broken promises; none is the rule. */
  readonly broken: readonly string[]
}

/** What is tried: how inputs are made, and what they go through. */
export interface Target {
  readonly name: string
  /** The same seed and number give the same input. */
  make(seed: number, number: number): Input
  /** Whatever it throws is a broken promise, too. */
  attempt(input: Input): Outcome
}

export interface Plan {
  readonly seed: number
  /** The number of the first input. */
  readonly first: number
  readonly inputs: number
  /** Told now and then how many are done. */
  progress?(done: number, tally: Tally): void
}

export interface Tally {
  /** How often each word was said. */
  readonly words: ReadonlyMap<string, number>
  readonly failures: readonly Failure[]
  readonly slowest: { readonly number: number; readonly ms: number }
}

/** An input that broke a promise; seed, number and octets each suffice to have it again. */
export interface Failure {
  readonly target: string
  readonly seed: number
  readonly number: number
  readonly what: string
  readonly input: Input
}

/** Runs a campaign; ends early when so much is broken that more of it says nothing new. */
export function campaign(target: Target, plan: Plan): Tally {
  const words = new Map<string, number>()
  const failures: Failure[] = []
  let slowest = { number: plan.first, ms: 0 }
  const tally = (): Tally => ({ words, failures, slowest })
  for (let done = 0; done < plan.inputs && failures.length < ENOUGH; done += 1) {
    const number = plan.first + done
    const input = target.make(plan.seed, number)
    const { outcome, ms } = timed(target, input)
    for (const word of outcome.words) words.set(word, (words.get(word) ?? 0) + 1)
    if (ms > slowest.ms) slowest = { number, ms }
    for (const what of outcome.broken) {
      failures.push({ target: target.name, seed: plan.seed, number, what, input })
    }
    if ((done + 1) % EVERY === 0) plan.progress?.(done + 1, tally())
  }
  return tally()
}

const ENOUGH = 20
const EVERY = 50_000

function timed(target: Target, input: Input): { outcome: Outcome; ms: number } {
  const started = performance.now()
  const outcome = attempted(target, input)
  const ms = performance.now() - started
  // Only an alarm: the bounds proper count work. On a busy machine anything can be slow once, so it is tried again.
  if (ms < ALARM_MS) return { outcome, ms }
  const again = performance.now()
  attempted(target, input)
  const least = Math.min(ms, performance.now() - again)
  if (least < ALARM_MS) return { outcome, ms: least }
  const what = `took ${Math.round(least)} ms`
  return { outcome: { ...outcome, broken: [...outcome.broken, what] }, ms: least }
}

/** A hundred times what the dearest input takes on an idle machine. */
const ALARM_MS = 1000

function attempted(target: Target, input: Input): Outcome {
  try {
    return target.attempt(input)
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { words: ['threw'], broken: [`threw: ${what}`] }
  }
}
