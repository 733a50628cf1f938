/** Of a certificate that is kept without a sound path the code alone is known, and an account can be given of every one. */
import { expect, test } from 'vitest'
import { fail } from '../../src/kernel/types.ts'
import type { ExplainContext } from '../../src/state/explain/context.ts'
import { pathSections } from '../../src/state/explain/paths.ts'
import { tell } from '../../src/state/explain/telling.ts'
import { isPathFailureKind, type PathFailure } from '../../src/trust/failure.ts'

/** Their sentences need facts: extended key usages, findings, a limit. */
const CODES = [
  'untrusted-issuer',
  'bad-signature',
  'weak-key',
  'weak-signature',
  'path-too-long',
  'path-length-exceeded',
  'name-not-permitted',
  'wrong-purpose',
  'wrong-key-usage',
  'departs-from-profile',
  'budget-exhausted',
] as const

const kept = { isKept: true } as ExplainContext

test.each(CODES)('an account of %s needs no fact that is not kept', (code) => {
  expect(isPathFailureKind(code)).toBe(true)
  const failure = { kind: code } as PathFailure
  const [section] = pathSections(fail(failure), kept)
  expect(section?.steps.map(({ text }) => text)).toEqual([`no sound path: ${code}`])
  const told = tell({ kind: 'refuse', why: failure }, kept)
  expect(told).toMatchObject({ verdict: 'refuse', code })
  expect(told.sentence).toContain(`(${code})`)
})
