import { expect, test } from 'vitest'
import type { Millis } from '../../src/kernel/types.ts'
import {
  Throttle,
  type SignInResult,
  type Caller,
  type ThrottleRules,
} from '../../src/throttle/throttle.ts'

const ms = (value: number): Millis => value as Millis
const MINUTE = 60_000
const DAY = 1440 * MINUTE

/** Rates that are never met: these tests are about failures unless they say otherwise. */
const wide: ThrottleRules = {
  address: { perMinute: 60_000, burst: 10_000 },
  account: { perMinute: 60_000, burst: 10_000 },
  lockout: {
    period: ms(15 * MINUTE),
    failures: 3,
    addressFailures: 6,
    accountFailures: 9,
    first: ms(MINUTE),
    longest: ms(60 * MINUTE),
  },
}

const from = (network: string, ...accounts: readonly string[]): Caller => ({
  network,
  accounts,
  isSure: accounts.length === 1,
})

/** A door with a server behind it. */
class ThrottledServer {
  readonly throttle = new Throttle()
  readonly #rules: ThrottleRules

  constructor(rules: ThrottleRules = wide) {
    this.#rules = rules
  }

  /** Asks, and lets the server answer when it may: what came of it, in a word. */
  try(caller: Caller, answered: SignInResult, now = 0): string {
    const held = this.throttle.check(caller, this.#rules, ms(now))
    if (held !== undefined) return `${held.kind} ${held.by} ${held.retryAfter}`
    this.throttle.recordResult({ ...caller, answered }, this.#rules, ms(now))
    return answered
  }

  /** Fails so many times; each different answer once. */
  fail(times: number, caller: (index: number) => Caller, now = 0): readonly string[] {
    const answers = Array.from({ length: times }, (_, at) => this.try(caller(at), 'failed', now))
    return [...new Set(answers)]
  }
}

test('one address that tries many accounts is locked out', () => {
  const server = new ThrottledServer()
  expect(server.fail(6, (at) => from('net', `name-${at}`))).toEqual(['failed'])
  expect(server.try(from('net', 'one more'), 'failed')).toBe('locked-out address 60')
})

test('a client that names no account is locked out all the same', () => {
  const server = new ThrottledServer()
  expect(server.fail(6, () => from('net'))).toEqual(['failed'])
  expect(server.try(from('net'), 'failed')).toBe('locked-out address 60')
})

test('one account from one address is locked out before the address is', () => {
  const server = new ThrottledServer()
  expect(server.fail(3, () => from('net', 'ann'))).toEqual(['failed'])
  expect(server.try(from('net', 'ann'), 'succeeded')).toBe('locked-out account-and-network 60')
  expect(server.try(from('net', 'bob'), 'succeeded')).toBe('succeeded')
})

test('a lock from one address leaves the account open from another', () => {
  const server = new ThrottledServer()
  server.fail(3, () => from('attacker', 'ann'))
  expect(server.try(from('home', 'ann'), 'succeeded')).toBe('succeeded')
})

test('who owns one account does not buy back the address with it', () => {
  const server = new ThrottledServer()
  for (const guess of ['a', 'b', 'c', 'd', 'e']) {
    expect(server.try(from('net', guess), 'failed')).toBe('failed')
    expect(server.try(from('net', 'own'), 'succeeded')).toBe('succeeded')
  }
  expect(server.try(from('net', 'f'), 'failed')).toBe('failed')
  expect(server.try(from('net', 'own'), 'succeeded')).toBe('locked-out address 60')
  expect(server.try(from('net', 'g'), 'failed')).toBe('locked-out address 60')
})

test('a success does not forgive the failures of its own account', () => {
  const server = new ThrottledServer()
  server.fail(2, () => from('net', 'ann'))
  server.try(from('net', 'ann'), 'succeeded')
  server.try(from('net', 'ann'), 'failed')
  expect(server.try(from('net', 'ann'), 'failed')).toBe('locked-out account-and-network 60')
})

test('many addresses that try one account lock it out for strangers, and no other account', () => {
  const server = new ThrottledServer()
  expect(server.fail(9, (at) => from(`net-${at}`, 'ann'))).toEqual(['failed'])
  expect(server.try(from('another', 'ann'), 'failed')).toBe('locked-out account 900')
  expect(server.try(from('another', 'bob'), 'succeeded')).toBe('succeeded')
})

test('no client can lock an account out of where its owner signs in', () => {
  const server = new ThrottledServer()
  server.try(from('home', 'ann'), 'succeeded')
  for (let day = 0; day < 20; day += 1) {
    for (let minute = 0; minute < 60; minute += 1) {
      server.fail(20, (at) => from(`net-${at}`, 'ann'), day * DAY + minute * MINUTE)
    }
    const now = day * DAY + 59 * MINUTE
    expect(server.try(from('stranger', 'ann'), 'failed', now)).toContain('locked-out account ')
    expect(server.try(from('home', 'ann'), 'succeeded', now)).toBe('succeeded')
  }
})

test('elsewhere an account is locked out for the same time however often, and no longer by knocking', () => {
  const server = new ThrottledServer()
  for (const round of [0, 1, 2, 3, 4, 5]) {
    const begin = round * 15 * MINUTE
    expect(server.fail(9, (at) => from(`${round}-${at}`, 'ann'), begin)).toEqual(['failed'])
    for (const later of [1, 5, 14]) {
      const knocked = server.try(from(`${round}-x`, 'ann'), 'failed', begin + later * MINUTE)
      expect(knocked).toBe(`locked-out account ${(15 - later) * 60}`)
    }
  }
  expect(server.try(from('new phone', 'ann'), 'succeeded', 6 * 15 * MINUTE)).toBe('succeeded')
})

const unsure: readonly (readonly [string, Caller, SignInResult])[] = [
  ['a failure', from('net', 'ann'), 'failed'],
  ['an answer that is no token', from('net', 'ann'), 'unclear'],
  ['a success under two names', from('net', 'ann', 'own'), 'succeeded'],
  ['a success with something unread', { ...from('net', 'ann'), isSure: false }, 'succeeded'],
]
for (const [what, caller, answered] of unsure) {
  test(`${what} does not make an address known to an account`, () => {
    const server = new ThrottledServer()
    server.try(caller, answered)
    server.fail(9, (at) => from(`net-${at}`, 'ann'))
    expect(server.try(from('net', 'ann'), 'failed')).toContain('locked-out account ')
  })
}

for (const [promise, now, expected] of [
  ['through the last millisecond of thirty days', 30 * DAY - 1, 'succeeded'],
  ['and no longer', 30 * DAY, 'locked-out account 900'],
] as const) {
  test(`an address where an account signed in is known to it, ${promise}`, () => {
    const server = new ThrottledServer()
    server.try(from('home', 'ann'), 'succeeded')
    server.fail(9, (at) => from(`net-${at}`, 'ann'), now)
    expect(server.try(from('home', 'ann'), 'succeeded', now)).toBe(expected)
  })
}

test('where an account is known, its password cannot be guessed more often', () => {
  const server = new ThrottledServer()
  server.try(from('home', 'ann'), 'succeeded')
  expect(server.fail(3, () => from('home', 'ann'))).toEqual(['failed'])
  expect(server.try(from('home', 'ann'), 'failed')).toBe('locked-out account-and-network 60')
})

test('whatever a request says of itself, it never passes where silence is held back', () => {
  const server = new ThrottledServer()
  server.try(from('net', 'known'), 'succeeded')
  server.fail(6, () => from('net'))
  for (const claim of [[], ['known'], ['other'], ['known', 'other']]) {
    expect(server.try(from('net', ...claim), 'succeeded')).toBe('locked-out address 60')
  }
})

const slow: ThrottleRules = {
  ...wide,
  address: { perMinute: 60, burst: 3 },
  account: { perMinute: 6, burst: 2 },
}

test('an address that asks too often is told when the next token is there', () => {
  const server = new ThrottledServer(slow)
  for (const at of [1, 2, 3]) expect(server.try(from('net', `${at}`), 'unclear')).toBe('unclear')
  expect(server.try(from('net', '4'), 'unclear')).toBe('rate-limited address 1')
  expect(server.try(from('other', '4'), 'unclear')).toBe('unclear')
  expect(server.try(from('net', '5'), 'unclear', 999)).toBe('rate-limited address 1')
  expect(server.try(from('net', '5'), 'unclear', 1000)).toBe('unclear')
})

test('an account that is named too often is held back, from any address', () => {
  const server = new ThrottledServer(slow)
  for (const at of [1, 2]) expect(server.try(from(`net-${at}`, 'ann'), 'unclear')).toBe('unclear')
  expect(server.try(from('net-3', 'ann'), 'unclear')).toBe('rate-limited account 10')
  expect(server.try(from('net-3', 'bob'), 'unclear')).toBe('unclear')
})

test('no client can use up the requests of an account where its owner signs in', () => {
  const server = new ThrottledServer(slow)
  server.try(from('home', 'ann'), 'succeeded')
  for (const at of [1, 2, 3, 4]) server.try(from(`net-${at}`, 'ann'), 'unclear')
  expect(server.try(from('net-5', 'ann'), 'unclear')).toBe('rate-limited account 10')
  expect(server.try(from('home', 'ann'), 'succeeded')).toBe('succeeded')
})

test('who is held back by one bucket does not empty another', () => {
  const server = new ThrottledServer(slow)
  for (const at of [1, 2]) server.try(from('net', 'ann'), 'unclear', at)
  for (const at of [3, 4, 5, 6]) {
    expect(server.try(from('net', 'ann'), 'unclear', at)).toBe('rate-limited account 10')
  }
  expect(server.try(from('net', 'bob'), 'unclear', 7)).toBe('unclear')
})

test('a request that is locked out costs no token', () => {
  const server = new ThrottledServer({ ...slow, lockout: { ...wide.lockout, failures: 1 } })
  server.try(from('net', 'ann'), 'failed')
  for (const at of [1, 2, 3, 4]) {
    expect(server.try(from('net', 'ann'), 'failed', at)).toBe('locked-out account-and-network 60')
  }
  expect(server.try(from('net', 'bob'), 'unclear', 5)).toBe('unclear')
})

test('those who are locked out are counted while they are', () => {
  const server = new ThrottledServer()
  server.fail(6, (at) => from('spray', `name-${at}`))
  server.fail(3, () => from('net', 'ann'))
  server.fail(9, (at) => from(`bot-${at}`, 'bob'))
  expect(server.throttle.locked(ms(MINUTE - 1))).toEqual({
    address: 1,
    'account-and-network': 1,
    account: 1,
  })
  expect(server.throttle.locked(ms(MINUTE))).toEqual({
    address: 0,
    'account-and-network': 0,
    account: 1,
  })
  expect(server.throttle.locked(ms(15 * MINUTE)).account).toBe(0)
})

test('made-up names do not push out where an owner signed in', () => {
  const server = new ThrottledServer()
  server.try(from('home', 'ann'), 'succeeded')
  for (let at = 0; at < 30_000; at += 1) server.try(from(`net-${at}`, `made-up-${at}`), 'failed')
  server.fail(9, (at) => from(`bot-${at}`, 'ann'))
  expect(server.try(from('stranger', 'ann'), 'failed')).toContain('locked-out account ')
  expect(server.try(from('home', 'ann'), 'succeeded')).toBe('succeeded')
})
