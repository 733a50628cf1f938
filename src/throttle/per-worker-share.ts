/** What one of several processes allows, when all together should allow no more than the operator wrote. */
import type { RateLimit } from './token-bucket.ts'
import type { ThrottleRules } from './throttle.ts'

/**
 * Returns the rules for one of several workers. The kernel spreads connections over them: what is allowed is divided. Failures are not:
 * a quarter of five would lock out a user who mistypes a password once.
 */
export function perWorkerRules(rules: ThrottleRules, workers: number): ThrottleRules {
  const share = ({ perMinute, burst }: RateLimit): RateLimit => ({
    perMinute: perMinute / workers,
    burst: Math.max(Math.min(burst, MIN_BURST), Math.ceil(burst / workers)),
  })
  return { address: share(rules.address), account: share(rules.account), lockout: rules.lockout }
}

/** A client with one connection meets one worker, and asks for more than one thing at once. */
const MIN_BURST = 5
