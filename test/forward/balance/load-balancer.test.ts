import { expect, test } from 'vitest'
import { LoadBalancer, type Candidate } from '../../../src/forward/balance/load-balancer.ts'

const server = (name: string, weight = 1, load = 0): Candidate => ({ name, weight, load })
const names = (choices: readonly (Candidate | undefined)[]) =>
  choices.map((one) => one?.name ?? '-').join('')
const times = <Value>(count: number, make: (index: number) => Value): readonly Value[] =>
  Array.from({ length: count }, (_, index) => make(index))
const device = (index: number): string => index.toString(16).padStart(64, '0')

const [a, b, c] = [server('a'), server('b'), server('c')]

test('round robin takes turns', () => {
  const balancer = new LoadBalancer('round-robin')
  expect(names(times(7, () => balancer.choose([a, b, c], undefined)))).toBe('abcabca')
})

test('round robin gives each its weight, and never in a row what can be spread', () => {
  const balancer = new LoadBalancer('round-robin')
  const weighted = [server('a', 5), b, c]
  expect(names(times(14, () => balancer.choose(weighted, undefined)))).toBe('aabacaaaabacaa')
})

test('round robin goes on in turn when a server is left out', () => {
  const balancer = new LoadBalancer('round-robin')
  expect(names(times(4, () => balancer.choose([a, c], undefined)))).toBe('acac')
  expect(
    names(times(3, () => balancer.choose([a, b, c], undefined)))
      .split('')
      .toSorted(),
  ).toEqual(['a', 'b', 'c'])
})

interface Row {
  readonly promise: string
  readonly servers: readonly Candidate[]
  readonly expect: string
}

const loads: readonly Row[] = [
  {
    promise: 'the least loaded server gets every request while it is that',
    servers: [server('a', 1, 2), server('b', 1, 1), server('c', 1, 3)],
    expect: 'bbb',
  },
  {
    promise: 'equal loads take turns',
    servers: [server('a', 1, 1), server('b', 1, 1), server('c', 1, 2)],
    expect: 'aba',
  },
  {
    promise: 'a load counts for its weight, at the boundary in turn',
    servers: [server('a', 3, 3), server('b', 1, 1)],
    expect: 'aab',
  },
  {
    promise: 'a load counts for its weight, one beyond the boundary',
    servers: [server('a', 3, 4), server('b', 1, 1)],
    expect: 'bbb',
  },
]

for (const { promise, servers, expect: expected } of loads) {
  test(`least connections: ${promise}`, () => {
    const balancer = new LoadBalancer('least-connections')
    const choices = times(3, () => balancer.choose(servers, undefined))
    expect(names(choices)).toBe(expected)
  })
}

test('the same device goes to the same server, whichever worker asks and in whatever order they stand', () => {
  for (const index of times(50, (number) => number)) {
    const chosen = new LoadBalancer('device-hash').choose([a, b, c], device(index))
    expect(new LoadBalancer('device-hash').choose([c, a, b], device(index))).toBe(chosen)
  }
})

test('a server that goes takes only its own devices with it', () => {
  const balancer = new LoadBalancer('device-hash')
  const stayed = times(300, device).filter((one) => balancer.choose([a, b, c], one) !== b)
  expect(stayed.length).toBeGreaterThan(150)
  for (const one of stayed) {
    expect(balancer.choose([a, c], one)).toBe(balancer.choose([a, b, c], one))
  }
})

test('devices spread over servers by weight', () => {
  const balancer = new LoadBalancer('device-hash')
  const weighted = [server('a', 3), server('b', 1)]
  const chosen = times(4000, (index) => balancer.choose(weighted, device(index))?.name)
  const share = chosen.filter((name) => name === 'a').length / chosen.length
  // Four standard deviations of 4,000 draws with a chance of three quarters; the draws themselves never change.
  expect(Math.abs(share - 0.75)).toBeLessThan(0.028)
})

test('a request without a device goes in turn', () => {
  const balancer = new LoadBalancer('device-hash')
  expect(names(times(4, () => balancer.choose([a, b], undefined)))).toBe('abab')
})

test('no server is chosen from an empty list', () => {
  for (const manner of ['round-robin', 'least-connections', 'device-hash'] as const) {
    expect(new LoadBalancer(manner).choose([], device(1))).toBeUndefined()
  }
})
