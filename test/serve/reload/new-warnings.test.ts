import { expect, test } from 'vitest'
import { openLogTo } from '../../../src/serve/log.ts'
import { logNewWarnings } from '../../../src/serve/reload/coordinator.ts'

const A = { at: 'tfe.yaml:1:1', message: 'its CA expires soon' }
const B = { at: 'tfe.yaml:2:1', message: 'its CA expires soon' }
const C = { at: 'tfe.yaml:1:1', message: 'its CA expired' }

const ROWS = [
  { promise: 'at the start every warning is logged', before: [], now: [A, B], logged: [A, B] },
  { promise: 'one that stands is not logged again', before: [A, B], now: [A, B], logged: [] },
  { promise: 'a new one is logged alone', before: [A], now: [A, C], logged: [C] },
  { promise: 'the same words in another place are new', before: [A], now: [A, B], logged: [B] },
  { promise: 'one that is gone is not logged', before: [A, B], now: [B], logged: [] },
]

for (const { promise, before, now, logged } of ROWS) {
  test(promise, () => {
    const lines: unknown[] = []
    const settings = { level: 'info', requests: true, connections: true } as const
    const logger = openLogTo({ write: (line) => lines.push(JSON.parse(line)) }, settings)
    logNewWarnings(now, before, logger)
    const expected = logged.map(({ at, message }) => ({ level: 'warn', at, msg: message }))
    expect(lines).toMatchObject(expected)
    expect(lines).toHaveLength(expected.length)
  })
}
