import { expect, test } from 'vitest'
import type { Millis } from '../../src/kernel/types.ts'
import { perWorkerRules } from '../../src/throttle/per-worker-share.ts'

const lockout = {
  period: 900_000 as Millis,
  failures: 5,
  addressFailures: 20,
  accountFailures: 50,
  first: 60_000 as Millis,
  longest: 3_600_000 as Millis,
}
const account = { perMinute: 12, burst: 10 }

const rows: readonly (readonly [string, number, number, number, number, number])[] = [
  ['one process allows what the operator wrote', 60, 20, 1, 60, 20],
  ['each of four allows a quarter', 60, 20, 4, 15, 5],
  ['a burst is rounded up', 60, 21, 4, 15, 6],
  ['many workers still allow five at once', 60, 20, 64, 60 / 64, 5],
  ['but no more than the operator wrote', 60, 3, 4, 15, 3],
]
for (const [promise, perMinute, burst, sharers, shared, atOnce] of rows) {
  test(promise, () => {
    const found = perWorkerRules({ address: { perMinute, burst }, account, lockout }, sharers)
    expect(found.address).toEqual({ perMinute: shared, burst: atOnce })
  })
}

test('failures are not divided', () => {
  expect(perWorkerRules({ address: account, account, lockout }, 8).lockout).toEqual(lockout)
})
