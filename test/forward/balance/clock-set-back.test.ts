import { expect, test, vi } from 'vitest'
import { openUpstream } from '../../../src/forward/balance/upstream.ts'
import { upstreamSettings } from '../../support/front-ends/forwarding-server.ts'

const HOUR_MS = 3_600_000

/** A server that has just been put out, and the clocks by which it comes back. */
function ejected() {
  const opened = openUpstream(upstreamSettings(1), { identity: undefined, onUntrusted: () => {} })
  if (!opened.ok) throw new Error('the settings are sound')
  const [server] = opened.value.servers
  if (server === undefined) throw new Error('there is a server')
  const [date, begun] = [Date.now(), performance.now()]
  const clocks = {
    date: vi.spyOn(Date, 'now').mockReturnValue(date),
    monotonic: vi.spyOn(performance, 'now').mockReturnValue(begun),
  }
  const { failures, ejection } = server.plan.settings.health
  for (let n = 0; n < failures; n += 1) server.failed({ kind: 'refused', address: '127.0.0.1:1' })
  return {
    server,
    ejection,
    setDate: (by: number) => clocks.date.mockReturnValue(date + by),
    pass: (length: number) => clocks.monotonic.mockReturnValue(begun + length),
    [Symbol.dispose]() {
      opened.value.destroy()
      clocks.date.mockRestore()
      clocks.monotonic.mockRestore()
    },
  }
}

for (const by of [-HOUR_MS, HOUR_MS]) {
  const where = by < 0 ? 'back' : 'forward'
  test(`a clock that is set ${where} by an hour while a server is out changes nothing in how long it is out`, () => {
    using scene = ejected()
    expect(scene.server.state).toBe('ejected')
    scene.setDate(by)
    scene.pass(scene.ejection * 0.9 - 1)
    expect(scene.server.state).toBe('ejected')
    scene.pass(scene.ejection)
    expect(scene.server.state).toBe('available')
  })
}
