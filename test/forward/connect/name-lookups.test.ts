import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import {
  lookupThreads,
  NameLookups,
  type LookupTimes,
  type StaleName,
} from '../../../src/forward/connect/name-lookups.ts'

/** A resolver that answers when the test says so. */
class Resolver {
  readonly asked: string[] = []
  readonly #open: { readonly hostname: string; readonly end: PromiseWithResolvers<Addresses> }[] =
    []
  #told = Promise.withResolvers<void>()

  readonly ask = (hostname: string): Promise<Addresses> => {
    this.asked.push(hostname)
    const end = Promise.withResolvers<Addresses>()
    this.#open.push({ hostname, end })
    this.#told.resolve()
    this.#told = Promise.withResolvers()
    return end.promise
  }

  async answer(hostname: string, ...addresses: readonly string[]): Promise<void> {
    ;(await this.#next(hostname)).resolve(
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }

  async fail(hostname: string, code: string): Promise<void> {
    ;(await this.#next(hostname)).reject(Object.assign(new Error(code), { code }))
  }

  async #next(hostname: string): Promise<PromiseWithResolvers<Addresses>> {
    for (;;) {
      const index = this.#open.findIndex((one) => one.hostname === hostname)
      const [found] = index === -1 ? [] : this.#open.splice(index, 1)
      if (found !== undefined) return found.end
      await this.#told.promise
    }
  }
}

type Addresses = readonly LookupAddress[]

const FRESH = 10_000
const RETRY = 1000
const LIMIT = 60_000

function lookups({ atATime = 2, times = {} }: { atATime?: number; times?: Partial<LookupTimes> }) {
  const resolver = new Resolver()
  const clock = { now: 0 }
  const changes: StaleName[] = []
  const names = new NameLookups({
    ask: resolver.ask,
    atATime,
    now: () => clock.now,
    // Long enough that nothing is late unless a test says so.
    times: { fresh: FRESH, retry: RETRY, patience: 60_000, limit: LIMIT, ...times },
  })
  names.onStale = (change) => changes.push(change)
  const found = async (hostname: string): Promise<string> => {
    try {
      return (await names.addresses(hostname)).map(({ address }) => address).join(' ')
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code)
    }
  }
  const learned = async (hostname: string, address: string): Promise<void> => {
    const first = found(hostname)
    await resolver.answer(hostname, address)
    expect(await first).toBe(address)
  }
  return { resolver, clock, changes, names, found, learned }
}

test('dials of one name at a time ask once, and all get the addresses in the order of the system', async () => {
  const { resolver, found } = lookups({})
  const all = [found('a.test'), found('A.test'), found('a.test')]
  await resolver.answer('a.test', '192.0.2.2', '2001:db8::1', '192.0.2.1')
  expect(new Set(await Promise.all(all))).toEqual(new Set(['192.0.2.2 2001:db8::1 192.0.2.1']))
  expect(resolver.asked).toEqual(['a.test'])
})

test('an answer is used without asking through its last millisecond, and asked for again after it', async () => {
  const { resolver, clock, found, learned } = lookups({})
  await learned('a.test', '192.0.2.1')
  clock.now = FRESH - 1
  expect(await found('a.test')).toBe('192.0.2.1')
  expect(resolver.asked).toHaveLength(1)
  clock.now = FRESH
  await learned('a.test', '192.0.2.9')
  expect(resolver.asked).toHaveLength(2)
})

test('names that hang take no more than half of the questions, once they are known for it', async () => {
  const { resolver, clock, found, learned } = lookups({ atATime: 4, times: { patience: 1 } })
  const names = ['s1.test', 's2.test', 's3.test']
  for (const name of names) await learned(name, '192.0.2.7')
  clock.now = FRESH
  // Each comes back with its old address because it is late, and is answered then.
  await Promise.all(names.map(found))
  for (const name of names) await resolver.answer(name, '192.0.2.8')
  clock.now = 2 * FRESH
  expect(new Set(await Promise.all(names.map(found)))).toEqual(new Set(['192.0.2.8']))
  expect(resolver.asked.slice(6)).toEqual(['s1.test', 's2.test'])
  await learned('good.test', '192.0.2.1')
  await learned('other.test', '192.0.2.2')
  expect(resolver.asked.slice(8)).toEqual(['good.test', 'other.test'])
})

test('no more questions wait at a time than are allowed, and the next is asked when one is answered', async () => {
  const { resolver, found } = lookups({ atATime: 2 })
  const all = ['a.test', 'b.test', 'c.test'].map(found)
  expect(resolver.asked).toEqual(['a.test', 'b.test'])
  await resolver.answer('b.test', '192.0.2.2')
  await resolver.answer('c.test', '192.0.2.3')
  await resolver.fail('a.test', 'ENOTFOUND')
  expect(await Promise.all(all)).toEqual(['ENOTFOUND', '192.0.2.2', '192.0.2.3'])
})

test('a name that hangs is used with its last known addresses, and that is told once until it is answered', async () => {
  const { resolver, clock, changes, names, found, learned } = lookups({ times: { patience: 1 } })
  await learned('a.test', '192.0.2.1')
  clock.now = FRESH
  expect(await found('a.test')).toBe('192.0.2.1')
  expect(await found('a.test')).toBe('192.0.2.1')
  expect([resolver.asked.length, names.stale]).toEqual([2, 1])
  await resolver.answer('a.test', '192.0.2.2')
  expect(await found('a.test')).toBe('192.0.2.2')
  expect(names.stale).toBe(0)
  expect(changes).toEqual([
    { hostname: 'a.test', isStale: true, code: 'ETIMEOUT' },
    { hostname: 'a.test', isStale: false, code: 'answered' },
  ])
})

/** A name that was answered too late at `FRESH`, and is asked for again so much later. */
async function afterLateAnswer(later: number) {
  const world = lookups({ times: { patience: 1 } })
  const { resolver, clock, found, learned } = world
  await learned('a.test', '192.0.2.1')
  clock.now = FRESH
  expect(await found('a.test')).toBe('192.0.2.1')
  await resolver.answer('a.test', '192.0.2.2')
  world.changes.length = 0
  clock.now = FRESH + later
  return { ...world, again: found('a.test') }
}

test('a name that was answered late is used meanwhile while its addresses are young, and nothing is told', async () => {
  const { again, names, changes, resolver } = await afterLateAnswer(FRESH + LIMIT - 1)
  expect(await again).toBe('192.0.2.2')
  expect([names.stale, changes, resolver.asked.length]).toEqual([0, [], 3])
})

test('a name that was answered late is waited for as any other once its addresses are old', async () => {
  const { again, resolver } = await afterLateAnswer(FRESH + LIMIT)
  await resolver.answer('a.test', '192.0.2.9')
  expect(await again).toBe('192.0.2.9')
})

test('a name that was answered late and then hangs is told', async () => {
  const { again, names, changes } = await afterLateAnswer(FRESH + LIMIT)
  expect(await again).toBe('192.0.2.2')
  expect([names.stale, changes]).toEqual([
    1,
    [{ hostname: 'a.test', isStale: true, code: 'ETIMEOUT' }],
  ])
})

for (const code of ['EAI_AGAIN', 'EAI_FAIL', 'ESERVFAIL']) {
  test(`a name whose look-up ends with ${code} is used with its last known addresses`, async () => {
    const { resolver, clock, changes, found, learned } = lookups({})
    await learned('a.test', '192.0.2.1')
    clock.now = FRESH
    const again = found('a.test')
    await resolver.fail('a.test', code)
    expect(await again).toBe('192.0.2.1')
    expect(changes).toEqual([{ hostname: 'a.test', isStale: true, code }])
  })
}

for (const code of ['ENOTFOUND', 'ENODATA']) {
  test(`a name that ${code} says is gone is not used with its last known addresses`, async () => {
    const { resolver, clock, changes, names, found, learned } = lookups({})
    await learned('a.test', '192.0.2.1')
    clock.now = FRESH
    const again = found('a.test')
    await resolver.fail('a.test', code)
    expect(await again).toBe(code)
    expect([names.stale, changes]).toEqual([0, []])
  })
}

test('a name that hangs and then is gone is no longer used, and no longer counted', async () => {
  const { resolver, clock, changes, names, found, learned } = lookups({ times: { patience: 1 } })
  await learned('a.test', '192.0.2.1')
  clock.now = FRESH
  expect(await found('a.test')).toBe('192.0.2.1')
  await resolver.fail('a.test', 'ENOTFOUND')
  expect(await found('a.test')).toBe('ENOTFOUND')
  expect(names.stale).toBe(0)
  expect(changes.at(-1)).toEqual({ hostname: 'a.test', isStale: false, code: 'ENOTFOUND' })
})

test('a failure is remembered for less than an answer: through its last millisecond, and no longer', async () => {
  const { resolver, clock, found, learned } = lookups({})
  const first = found('a.test')
  await resolver.fail('a.test', 'ENOTFOUND')
  expect(await first).toBe('ENOTFOUND')
  clock.now = RETRY - 1
  expect(await found('a.test')).toBe('ENOTFOUND')
  expect(resolver.asked).toHaveLength(1)
  clock.now = RETRY
  await learned('a.test', '192.0.2.1')
})

test('a name without known addresses that hangs ends with the code of no answer, and asks no second question', async () => {
  const { resolver, found } = lookups({ times: { limit: 1 } })
  expect([await found('a.test'), await found('a.test')]).toEqual(['ETIMEOUT', 'ETIMEOUT'])
  expect(resolver.asked).toEqual(['a.test'])
})

test('a name that was forgotten among a thousand others is asked for again, and one that is waited for is not forgotten', async () => {
  const { resolver, found, learned } = lookups({})
  const waiting = found('waiting.test')
  await learned('first.test', '192.0.2.1')
  for (let index = 0; index < 999; index += 1) await learned(`n${index}.test`, '192.0.2.2')
  await learned('first.test', '192.0.2.3')
  await resolver.answer('waiting.test', '192.0.2.4')
  expect([await waiting, await found('waiting.test')]).toEqual(['192.0.2.4', '192.0.2.4'])
  expect(resolver.asked.filter((name) => name === 'waiting.test')).toHaveLength(1)
})

/** As `net.connect` calls it. */
const called = (
  names: NameLookups,
  options: Parameters<NameLookups['lookup']>[1],
): Promise<readonly unknown[]> =>
  new Promise((resolve) => {
    names.lookup('a.test', options, (error, ...found) =>
      resolve(error === null ? found : [error.code]),
    )
  })

const FORMS: readonly (readonly [Parameters<NameLookups['lookup']>[1], readonly unknown[]])[] = [
  [{ all: false }, ['2001:db8::1', 6]],
  [{ family: 0 }, ['2001:db8::1', 6]],
  [{ family: 4 }, ['192.0.2.1', 4]],
  [{ family: 'IPv4', all: true }, [[{ address: '192.0.2.1', family: 4 }]]],
  [{ family: 'IPv6', all: true }, [[{ address: '2001:db8::1', family: 6 }]]],
  [
    { all: true },
    [
      [
        { address: '2001:db8::1', family: 6 },
        { address: '192.0.2.1', family: 4 },
      ],
    ],
  ],
]

for (const [options, expected] of FORMS) {
  test(`the answer to ${JSON.stringify(options)} has the form of dns.lookup`, async () => {
    const { resolver, names } = lookups({})
    const asked = called(names, options)
    await resolver.answer('a.test', '2001:db8::1', '192.0.2.1')
    expect(await asked).toEqual(expected)
  })
}

test('a name without an address of the wanted family is no answer of another family', async () => {
  const { resolver, names } = lookups({})
  const asked = called(names, { family: 6 })
  await resolver.answer('a.test', '192.0.2.1')
  expect(await asked).toEqual(['ENODATA'])
})

const POOLS: readonly (readonly [size: string | undefined, threads: number])[] = [
  [undefined, 2],
  ['16', 8],
  ['3', 2],
  ['1', 1],
  ['0', 2],
  ['-4', 2],
  ['many', 2],
  ['9999', 512],
]

for (const [size, threads] of POOLS) {
  test(`a pool of ${size ?? 'the usual number of'} threads lets ${threads} questions wait`, () => {
    expect(lookupThreads(size)).toBe(threads)
  })
}
