import { expect, test } from 'vitest'
import type { Verdict } from './play.ts'
import { settle, type Argument } from './survivors.ts'

const PLACE = { file: 'src/a.ts', within: 'one', code: 'return a < b' }

const verdict = (change: string, killer?: string): Verdict => ({
  mutant: { ...PLACE, id: 0, line: 7, change },
  killer,
})
const argument = (change: string, why = 'no input can tell'): Argument => ({
  ...PLACE,
  change,
  why,
})
const settled = (
  verdicts: readonly Verdict[],
  given: readonly Argument[],
  files = ['src/a.ts'],
) => {
  const { unargued, stale } = settle(verdicts, given, files)
  return {
    unargued: unargued.map(({ mutant }) => mutant.change),
    stale: stale.map(({ mutant, why }) => `${mutant.change}: ${why}`),
  }
}

test('a mutant that dies needs no argument', () => {
  expect(settled([verdict('x', 'a test')], [])).toEqual({ unargued: [], stale: [] })
})

test('a survivor needs an argument of its own, in words', () => {
  const verdicts = [verdict('x'), verdict('y'), verdict('z')]
  expect(settled(verdicts, [argument('x'), argument('y', '')])).toEqual({
    unargued: ['y', 'z'],
    stale: [],
  })
})

test('an argument for a mutant that dies is stale, and so is one for none', () => {
  expect(settled([verdict('x', 'a test')], [argument('x'), argument('y')])).toEqual({
    unargued: [],
    stale: ['x: the mutant dies', 'y: there is no such mutant'],
  })
})

test('one argument stands for all mutants that read the same, as long as one of them lives', () => {
  const both = [verdict('x'), verdict('x', 'a test')]
  expect(settled(both, [argument('x')])).toEqual({ unargued: [], stale: [] })
})

test('arguments about files that were not played are left alone', () => {
  expect(settled([], [argument('x')], ['src/b.ts'])).toEqual({ unargued: [], stale: [] })
})
