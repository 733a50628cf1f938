/** What one of several processes allows, when all together should allow no more than the operator wrote. */
import type { Pace } from './token-bucket.ts'
import type { Rules } from './throttle.ts'

/**
 * The kernel spreads connections over the workers, whoever makes them: what is allowed is divided. Failures are not:
 * a quarter of five would lock out whoever mistypes a password once.
 */
export function shareOf(rules: Rules, sharers: number): Rules {
  const share = ({ perMinute, burst }: Pace): Pace => ({
    perMinute: perMinute / sharers,
    burst: Math.max(Math.min(burst, LEAST_BURST), Math.ceil(burst / sharers)),
  })
  return { address: share(rules.address), account: share(rules.account), lockout: rules.lockout }
}

/** A client with one connection meets one worker, and asks for more than one thing at once. */
const LEAST_BURST = 5
