/** Requests that the throttle holds back, by each of what they may be counted by. */
import { THROTTLED_BY, type ThrottleRefusal } from '../../src/throttle/throttle-refusal.ts'
import { amount } from './placeholders.ts'
import { byDevice, type Cases } from './samples.ts'

const wait = { retryAfter: amount('retryAfter') }

export const THROTTLED: Cases<ThrottleRefusal> = {
  'rate-limited': byDevice(
    ...THROTTLED_BY.filter((by) => by !== 'account-and-network').map((by) => ({
      kind: 'rate-limited' as const,
      by,
      perMinute: amount('perMinute'),
      ...wait,
    })),
  ),
  'locked-out': byDevice(
    ...THROTTLED_BY.map((by) => ({
      kind: 'locked-out' as const,
      by,
      failures: amount('failures'),
      ...wait,
    })),
  ),
}
