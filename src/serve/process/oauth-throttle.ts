/** The watch over the legacy OAuth endpoint, plugged to this process's metrics. */
import { availableParallelism } from 'node:os'
import type { LegacyWatch } from '../../pipeline/oauth-throttle.ts'
import type { Millis } from '../../kernel/types.ts'
import type { Metrics } from '../../record/metrics.ts'
import { Throttle } from '../../throttle/throttle.ts'
import type { Orders } from './process-config.ts'

/** Starts with nothing remembered; it outlives reloads, and reads the rules of each snapshot. */
export function legacyWatch(
  { config: { workers }, accountKey }: Orders,
  { shared, metrics }: { readonly shared: boolean; readonly metrics: Metrics },
): LegacyWatch {
  const throttle = new Throttle()
  metrics.watchLocked(() => throttle.locked(performance.now() as Millis))
  return {
    throttle,
    // The channel from the primary makes another kind of octets of a buffer.
    key: Buffer.from(accountKey),
    sharers: !shared ? 1 : workers === 'auto' ? availableParallelism() : workers,
    noted: (attempt) => metrics.legacyAttempt(attempt),
  }
}
