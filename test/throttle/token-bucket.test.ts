import { expect, test } from 'vitest'
import type { Millis } from '../../src/kernel/types.ts'
import {
  takeToken,
  refill,
  waitForToken,
  type TokenBucket,
} from '../../src/throttle/token-bucket.ts'

const at = (ms: number): Millis => ms as Millis
const bucket = (tokens: number): TokenBucket => ({ tokens, at: at(0) })
const limit = { perMinute: 60, burst: 3 }

const rows: readonly {
  readonly promise: string
  readonly from: TokenBucket | undefined
  readonly now: number
  readonly tokens: number
  readonly wait: number
}[] = [
  { promise: 'an unknown client has the whole burst', from: undefined, now: 7, tokens: 3, wait: 0 },
  { promise: 'one token is enough', from: bucket(1), now: 0, tokens: 1, wait: 0 },
  {
    promise: 'an empty bucket waits for a whole token',
    from: bucket(0),
    now: 0,
    tokens: 0,
    wait: 1000,
  },
  { promise: 'a millisecond early is early', from: bucket(0), now: 999, tokens: 0.999, wait: 1 },
  {
    promise: 'a token is there when its time has come',
    from: bucket(0),
    now: 1000,
    tokens: 1,
    wait: 0,
  },
  { promise: 'a bucket fills up to the burst', from: bucket(2.5), now: 500, tokens: 3, wait: 0 },
  { promise: 'and no further', from: bucket(2.5), now: 501, tokens: 3, wait: 0 },
  { promise: 'not in a year', from: bucket(0), now: 365 * 86_400_000, tokens: 3, wait: 0 },
]

for (const { promise, from, now, tokens, wait } of rows) {
  test(promise, () => {
    const found = refill(from, limit, at(now))
    expect([found.tokens, waitForToken(found, limit)]).toEqual([tokens, wait])
  })
}

test('a request costs one token', () => {
  expect(takeToken(bucket(2))).toEqual(bucket(1))
})

test('a burst that a reload made smaller holds at once', () => {
  expect(refill(bucket(20), limit, at(0)).tokens).toBe(3)
})
