/** Which connection makes room for another, and which never does. */
import { expect, test } from 'vitest'
import { ConnectionShares, type CountedConnection } from '../../src/accept/connection-shares.ts'
import { SeededRandom } from '../support/seeded-random.ts'

class Counted implements CountedConnection {
  holder: CountedConnection['holder']
  older: CountedConnection | undefined
  newer: CountedConnection | undefined
  network: string
  place = 0
  isIdle = false
  isArriving = false
  isClosed = false

  constructor(network: string) {
    this.network = network
  }

  makeRoom(): void {
    this.isClosed = true
  }

  destroy(): void {
    this.isClosed = true
  }
}

/** Lets connections in, one after the other: each letter is an address. */
function arriving(shares: ConnectionShares, addresses: string): readonly Counted[] {
  return addresses.split('').map((address) => {
    const one = new Counted(address)
    expect(shares.arrive(one)).toBe(true)
    return one
  })
}

const closedOf = (all: readonly Counted[]): readonly number[] =>
  all.flatMap(({ isClosed }, index) => (isClosed ? [index] : []))

interface Row {
  readonly promise: string
  /** Of a port that has eight, six of which are the share. */
  readonly from: string
  readonly idle?: readonly number[]
  readonly vouched?: readonly number[]
  readonly next: string
  readonly closed: readonly number[]
}

const ROWS: readonly Row[] = [
  { promise: 'with the share not used up none makes room', from: 'aaaaa', next: 'a', closed: [] },
  { promise: 'one address may hold the whole share', from: 'aaaaaa', next: '', closed: [] },
  { promise: 'the oldest makes room', from: 'aaaaaa', next: 'a', closed: [0] },
  {
    promise: 'an idle one makes room before an older one',
    from: 'aaaaaa',
    idle: [3, 4],
    next: 'b',
    closed: [3],
  },
  {
    promise: 'the address that holds most makes room',
    from: 'abbbcc',
    idle: [0],
    next: 'd',
    closed: [1],
  },
  {
    promise: 'of addresses that hold as many, the one that wants more makes room for itself',
    from: 'aaabbb',
    next: 'b',
    closed: [3],
  },
  {
    promise: 'where each holds one, the oldest address makes room',
    from: 'abcdef',
    next: 'g',
    closed: [0],
  },
  {
    promise: 'an address gives up no more than brings it down to the others',
    from: 'aaaaaa',
    next: 'bcdb',
    closed: [0, 1, 2, 3],
  },
  {
    promise: 'vouched ones count for no address and never make room',
    from: 'aaaaaa',
    vouched: [0, 1, 2],
    next: 'aaa',
    closed: [3],
  },
  {
    promise: 'beside vouched ones there is no more room than there may be connections',
    from: 'aaaaaa',
    vouched: [0, 1, 2, 3, 4, 5],
    next: 'abab',
    closed: [6, 7],
  },
]

for (const { promise, from, idle = [], vouched = [], next, closed } of ROWS) {
  test(promise, () => {
    const shares = new ConnectionShares(8)
    const first = arriving(shares, from)
    for (const index of idle) Object.assign(first[index] ?? {}, { isIdle: true })
    for (const index of vouched) shares.vouch(first[index] ?? expect.unreachable())
    const all = [...first, ...arriving(shares, next)]
    expect(closedOf(all)).toEqual(closed)
  })
}

test('where vouched ones hold all there may be, another is turned away', () => {
  const shares = new ConnectionShares(2)
  for (const address of ['a', 'a']) {
    for (const one of arriving(shares, address)) shares.vouch(one)
  }
  expect(shares.arrive(new Counted('b'))).toBe(false)
  expect(shares.use).toEqual({
    connections: 2,
    vouched: 2,
    held: 0,
    share: 1,
    top: { address: 'a', held: 2 },
  })
})

test('a port for one connection lets each in that arrives, until the one is vouched for', () => {
  const shares = new ConnectionShares(1)
  const [first, second] = arriving(shares, 'ab')
  expect([first?.isClosed, second?.isClosed]).toEqual([true, false])
  shares.vouch(second ?? expect.unreachable())
  expect(shares.arrive(new Counted('c'))).toBe(false)
})

test('an address that is known better later counts where it is then', () => {
  const shares = new ConnectionShares(8)
  const all = arriving(shares, 'aaabbb')
  for (const one of all.slice(0, 2)) {
    one.network = 'b'
    shares.move(one)
  }
  expect(shares.use.top).toEqual({ address: 'b', held: 5 })
  expect(closedOf([...all, ...arriving(shares, 'c')])).toEqual([3])
})

test('one that was closed is not vouched for, moved or counted down again', () => {
  const shares = new ConnectionShares(8)
  const [first = expect.unreachable()] = arriving(shares, 'aaaaaaa')
  expect(first.isClosed).toBe(true)
  shares.vouch(first)
  shares.move(first)
  shares.leave(first)
  expect([shares.vouched, shares.held]).toEqual([0, 6])
})

test('where each holds one, the address that no connection came from for longest makes room', () => {
  const shares = new ConnectionShares(8)
  const early = arriving(shares, 'abcde')
  const [second = expect.unreachable()] = arriving(shares, 'a')
  shares.leave(early[0] ?? expect.unreachable())
  const [last = expect.unreachable()] = arriving(shares, 'f')
  arriving(shares, 'ghij')
  expect(closedOf(early)).toEqual([1, 2, 3, 4])
  expect([second.isClosed, last.isClosed]).toEqual([false, false])
  arriving(shares, 'k')
  expect([second.isClosed, last.isClosed]).toEqual([true, false])
})

interface Fleet {
  readonly strangers: 'silent' | 'idle' | 'busy'
  readonly lost: number
}

for (const { strangers, lost } of [
  { strangers: 'silent', lost: 0 },
  { strangers: 'idle', lost: 0 },
  { strangers: 'busy', lost: 95 },
] satisfies readonly Fleet[]) {
  test(`of 95 devices behind one address ${lost} lose their handshake to the next where strangers of 300 addresses are ${strangers}`, () => {
    const shares = new ConnectionShares(400)
    const held = Array.from({ length: 300 }, (_, index) => {
      const one = new Counted(`stranger ${index}`)
      one.isIdle = strangers === 'idle'
      one.isArriving = strangers === 'silent'
      shares.arrive(one)
      return one
    })
    // The handshake of each takes as long as five others need to arrive.
    const devices = Array.from({ length: 95 + 5 }, () => new Counted('fleet'))
    for (const [index, one] of devices.entries()) {
      one.isArriving = true
      shares.arrive(one)
      const done = devices[index - 5]
      if (done === undefined) continue
      done.isArriving = false
      shares.vouch(done)
    }
    expect(devices.slice(0, 95).filter(({ isClosed }) => isClosed)).toHaveLength(lost)
    expect(closedOf(held).length).toBeLessThanOrEqual(6)
  })
}

test('one address that floods ends an eighth of what others hold idle at most, however many it opens', () => {
  const shares = new ConnectionShares(400)
  const others = Array.from({ length: 300 }, (_, index) => {
    const one = new Counted(`other ${index}`)
    one.isIdle = true
    shares.arrive(one)
    return one
  })
  for (let count = 0; count < 2000; count += 1) {
    const one = new Counted('flood')
    one.isArriving = true
    shares.arrive(one)
  }
  expect(closedOf(others).length).toBeGreaterThan(1)
  expect(closedOf(others).length).toBeLessThanOrEqual(Math.ceil(300 / 8) + 1)
})

test('one that is vouched for no longer counts for its address again, and makes room for the vouched', () => {
  const shares = new ConnectionShares(8)
  const strangers = arriving(shares, 'aaaaaaaa'.slice(0, 6))
  for (const one of strangers) shares.vouch(one)
  const others = arriving(shares, 'aa')
  for (const one of others) shares.vouch(one)
  expect(shares.arrive(new Counted('b'))).toBe(false)
  for (const one of [...strangers, ...strangers]) shares.unvouch(one)
  expect([shares.vouched, shares.held]).toEqual([2, 6])
  for (let count = 3; count <= 8; count += 1) {
    const [fit = expect.unreachable()] = arriving(shares, 'b')
    shares.vouch(fit)
    expect([shares.vouched, shares.held]).toEqual([count, 8 - count])
  }
  expect(closedOf(strangers)).toEqual([0, 1, 2, 3, 4, 5])
  expect(closedOf(others)).toEqual([])
})

test('with more of the others than their share there are never more than there may be', () => {
  const shares = new ConnectionShares(8)
  const all = Array.from({ length: 8 }, () => {
    const [one = expect.unreachable()] = arriving(shares, 'a')
    shares.vouch(one)
    return one
  })
  for (const one of all) shares.unvouch(one)
  expect(shares.held).toBe(8)
  arriving(shares, 'abc')
  expect([shares.vouched, shares.held]).toEqual([0, 8])
  expect(closedOf(all)).toEqual([0, 1, 2])
})

test('one that has left or was closed is counted by no end of its being vouched for', () => {
  const shares = new ConnectionShares(8)
  const [first = expect.unreachable(), second = expect.unreachable()] = arriving(shares, 'ab')
  shares.vouch(first)
  shares.leave(first)
  shares.leave(second)
  for (const one of [first, second]) shares.unvouch(one)
  expect([shares.vouched, shares.held]).toEqual([0, 0])
})

test('what was closed or has left leads to none of those that are open', () => {
  const shares = new ConnectionShares(8)
  const all = arriving(shares, 'aaaaaaaaa')
  shares.leave(all[5] ?? expect.unreachable())
  for (const { holder, older, newer } of [...all.slice(0, 3), all[5] ?? {}].map((one) => ({
    ...one,
  })) as Counted[]) {
    expect([holder, older, newer]).toEqual([undefined, undefined, undefined])
  }
})

test('whatever comes and goes, the bounds hold, the vouched stay, and each that is counted is open', () => {
  const random = new SeededRandom(20_261_201)
  const shares = new ConnectionShares(20)
  let open: Counted[] = []
  let vouched: Counted[] = []
  for (let step = 0; step < 20_000; step += 1) {
    const one = new Counted(random.pick(['a', 'a', 'a', 'b', 'c', 'd']))
    one.isIdle = random.oneIn(3)
    if (shares.arrive(one)) open.push(one)
    else expect(vouched).toHaveLength(20)
    const some = open[random.below(open.length)]
    if (some !== undefined && random.oneIn(4)) {
      shares.vouch(some)
      if (!vouched.includes(some) && !some.isClosed) vouched.push(some)
    } else if (some !== undefined && random.oneIn(3)) {
      shares.leave(some)
      some.isClosed = true
      vouched = vouched.filter((other) => other !== some)
    }
    open = open.filter(({ isClosed }) => !isClosed)
    expect(vouched.some(({ isClosed }) => isClosed)).toBe(false)
    expect([shares.vouched, shares.held]).toEqual([vouched.length, open.length - vouched.length])
    expect(shares.held).toBeLessThanOrEqual(15)
    expect(open.length).toBeLessThanOrEqual(20)
  }
  expect(new Set(shares)).toEqual(new Set(open))
})
