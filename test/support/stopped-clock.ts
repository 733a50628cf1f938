/** The clock that only goes forward, stopped for front ends that run in this process. */
import { vi } from 'vitest'

/** Stops `performance.now()` until it is disposed of: what counts waits and rates then depends on no time that passes. */
export function stoppedClock(): Disposable {
  return vi.spyOn(performance, 'now').mockReturnValue(performance.now())
}
