import { expect, test } from 'vitest'
import type { UpstreamError } from '../../src/kernel/upstream-error.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { UpstreamErrorList } from '../../src/record/upstream-error-list.ts'
import { UpstreamErrorBuffer, type UpstreamErrorEntry } from '../../src/record/upstream-errors.ts'

const at = (ms: number): Instant => ms as Instant

const event = (changes: Partial<UpstreamError> = {}, sentence = 'no'): UpstreamError => ({
  upstream: 'mdm',
  server: 'a:1',
  during: 'request',
  code: 'refused',
  detail: undefined,
  allowed: false,
  describe: () => ({ sentence, nextStep: 'see', chain: [] }),
  ...changes,
})

const met = (changes: Partial<UpstreamErrorEntry> = {}): UpstreamErrorEntry => ({
  upstream: 'mdm',
  server: 'a:1',
  during: 'request',
  code: 'refused',
  detail: undefined,
  allowed: false,
  count: 1,
  first: at(1),
  last: at(1),
  sentence: 'no',
  nextStep: 'see',
  chain: [],
  ...changes,
})

function gathering(options: { readonly waitMs?: number; readonly limit?: number } = {}) {
  const told: { readonly errors: readonly UpstreamErrorEntry[]; readonly lost: number }[] = []
  const first = Promise.withResolvers<void>()
  const errors = new UpstreamErrorBuffer(
    {
      onUpstreamErrors: (batch, lost) => {
        told.push({ errors: batch, lost })
        first.resolve()
      },
    },
    options,
  )
  return { told, errors, first: first.promise }
}

test('equal errors are one with a count, first and last, and the words of the last', () => {
  const { told, errors } = gathering()
  errors.add(event({}, 'one'), at(10))
  errors.add(event({}, 'two'), at(20))
  errors.flush()
  errors.flush()
  expect(told).toEqual([
    { errors: [met({ count: 2, first: at(10), last: at(20), sentence: 'two' })], lost: 0 },
  ])
})

const APART: readonly [string, Partial<UpstreamError>][] = [
  ['another upstream', { upstream: 'other' }],
  ['another server', { server: 'b:1' }],
  ['a health check', { during: 'check' }],
  ['another code', { code: 'dns' }],
  ['another detail', { detail: 'ENOTFOUND' }],
  ['what was allowed', { allowed: true }],
]

for (const [what, change] of APART) {
  test(`${what} is an entry of its own`, () => {
    const { told, errors } = gathering()
    errors.add(event(), at(1))
    errors.add(event(change), at(1))
    errors.flush()
    expect(told[0]?.errors).toEqual([met(), met(change)])
  })
}

test('no words are made for an error that only counts', () => {
  const { errors } = gathering()
  let described = 0
  const describe = () => {
    described += 1
    return { sentence: '', nextStep: '', chain: [] }
  }
  for (let time = 0; time < 1000; time += 1) errors.add(event({ describe }), at(time))
  expect(described).toBe(0)
  errors.flush()
  expect(described).toBe(1)
})

test('errors are told soon without being asked for', async () => {
  const { told, errors, first } = gathering({ waitMs: 1 })
  errors.add(event(), at(1))
  expect(told).toEqual([])
  await first
  expect(told).toEqual([{ errors: [met()], lost: 0 }])
})

test('an error that does not fit is counted; one that is known already still counts', () => {
  const { told, errors } = gathering({ limit: 1 })
  errors.add(event(), at(1))
  errors.add(event({ server: 'b:1' }), at(2))
  errors.add(event(), at(3))
  errors.flush()
  expect(told).toEqual([{ errors: [met({ count: 2, last: at(3) })], lost: 1 }])
})

function listed(...batches: readonly (readonly UpstreamErrorEntry[])[]): UpstreamErrorList {
  const list = new UpstreamErrorList(at(0), 2)
  for (const batch of batches) list.onUpstreamErrors(batch, 0)
  return list
}

test('several processes meet the same error: counts add up, the latest words stand', () => {
  const late = met({ count: 3, first: at(5), last: at(9), sentence: 'late' })
  const early = met({ count: 2, first: at(2), last: at(7), sentence: 'early' })
  const sum = met({ count: 5, first: at(2), last: at(9), sentence: 'late' })
  expect(listed([late], [early]).list()).toEqual({ items: [sum], since: 0, lost: 0 })
  expect(listed([early], [late]).list()).toEqual({ items: [sum], since: 0, lost: 0 })
})

test('a full list gives up what was met longest ago, and says how many errors those were', () => {
  const [a, b, c] = ['a:1', 'b:1', 'c:1'].map((server, index) =>
    met({ server, count: 4, last: at(index + 1) }),
  )
  if (a === undefined || b === undefined || c === undefined) return expect.fail()
  const again = met({ server: 'a:1', last: at(9) })
  const { items, lost } = listed([a], [b], [again], [c]).list()
  expect(items.map(({ server }) => server)).toEqual(['a:1', 'c:1'])
  expect(lost).toBe(4)
})

test('an entry that is there already evicts no other', () => {
  const list = listed([met()], [met({ server: 'b:1' })], [met({ server: 'b:1' })])
  expect(list.list()).toMatchObject({ items: [{}, {}], lost: 0 })
})

test('errors that a process had to drop are counted', () => {
  const list = new UpstreamErrorList(at(0))
  list.onUpstreamErrors([], 7)
  expect(list.list().lost).toBe(7)
})

const TWO = [
  met({ last: at(10) }),
  met({ upstream: 'other', server: 'b:1', code: 'dns', last: at(20) }),
]

const MEANT: readonly [object, readonly string[]][] = [
  [{}, ['other', 'mdm']],
  [{ upstream: 'mdm' }, ['mdm']],
  [{ server: 'b:1' }, ['other']],
  [{ code: 'dns' }, ['other']],
  [{ upstream: 'mdm', code: 'dns' }, []],
]

for (const [filter, names] of MEANT) {
  test(`${JSON.stringify(filter)} lists and clears ${names.length} of two`, () => {
    const list = listed(TWO)
    expect(list.list(filter).items.map(({ upstream }) => upstream)).toEqual(names)
    expect(list.clear(filter, at(20))).toBe(names.length)
    expect(list.list(filter).items).toEqual([])
    expect(list.list().items).toHaveLength(2 - names.length)
  })
}

test('what was met after an administrator looked is not cleared', () => {
  const list = listed(TWO)
  expect(list.clear({}, at(9))).toBe(0)
  expect(list.clear({}, at(10))).toBe(1)
  expect(list.list().items).toEqual([TWO[1]])
})
