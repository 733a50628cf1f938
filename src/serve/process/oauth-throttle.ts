/** The throttle of the legacy OAuth endpoint, connected to this process's metrics. */
import { availableParallelism } from 'node:os'
import type { LegacyOAuthThrottle } from '../../pipeline/oauth-throttle.ts'
import type { Millis } from '../../kernel/types.ts'
import type { Metrics } from '../../record/metrics.ts'
import { Throttle } from '../../throttle/throttle.ts'
import type { ProcessConfig } from './process-config.ts'

/** Starts with nothing remembered; it outlives reloads, and reads the rules of each snapshot. */
export function legacyOAuthThrottle(
  { config: { workers }, accountKey }: ProcessConfig,
  { shared, metrics }: { readonly shared: boolean; readonly metrics: Metrics },
): LegacyOAuthThrottle {
  const throttle = new Throttle()
  metrics.registerLockouts(() => throttle.locked(performance.now() as Millis))
  return {
    throttle,
    // The channel from the primary makes another kind of octets of a buffer.
    key: Buffer.from(accountKey),
    processCount: !shared ? 1 : workers === 'auto' ? availableParallelism() : workers,
    onAttempt: (attempt) => metrics.legacyOAuthAttempt(attempt),
  }
}
