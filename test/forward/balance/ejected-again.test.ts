import { expect, test, vi } from 'vitest'
import { openUpstream } from '../../../src/forward/balance/upstream.ts'
import type { HealthState } from '../../../src/forward/balance/health.ts'
import type { Moment } from '../../../src/kernel/types.ts'
import { upstreamSettings } from '../../support/front-ends/forwarding-server.ts'

const EJECTION_MS = 50

test('a server that is ejected again before the end of its ejection was reported is reported when it is back', () => {
  vi.useFakeTimers()
  const states: HealthState[] = []
  let now = 0 as Moment
  const health = { failures: 1, ejection: EJECTION_MS, longestEjection: EJECTION_MS }
  const opened = openUpstream(upstreamSettings(1, { health }), {
    identity: undefined,
    onUntrusted: () => {},
    onHealth: ({ state }) => states.push(state),
    health: { clock: { now: () => now }, chance: () => 0.5 },
  })
  if (!opened.ok) throw new Error('the settings are sound')
  const [server] = opened.value.servers
  const failure = { kind: 'refused', address: '127.0.0.1:1' } as const
  server?.failed(failure)
  // Its time is over, and the timer that reports it has not run yet.
  now = (2 * EJECTION_MS) as Moment
  server?.failed(failure)
  vi.advanceTimersToNextTimer()
  now = (4 * EJECTION_MS) as Moment
  vi.advanceTimersByTime(4 * EJECTION_MS)
  expect(states).toEqual(['ejected', 'available'])
  opened.value.destroy()
  vi.useRealTimers()
})
