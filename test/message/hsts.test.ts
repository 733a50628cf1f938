import { expect, test } from 'vitest'
import type { Millis } from '../../src/kernel/types.ts'
import { hstsField, withoutHsts } from '../../src/message/hsts.ts'

const YEAR = 31_536_000_000 as Millis

/** As RFC 6797 §6.2 writes them. */
const rows = [
  ['a year is its seconds', { maxAge: YEAR }, 'max-age=31536000'],
  [
    'subdomains are a directive of their own',
    { maxAge: YEAR, includeSubDomains: true },
    'max-age=31536000; includeSubDomains',
  ],
  [
    'preload comes last',
    { maxAge: YEAR, includeSubDomains: true, preload: true },
    'max-age=31536000; includeSubDomains; preload',
  ],
  [
    'preload alone is said as it is asked for',
    { maxAge: YEAR, preload: true },
    'max-age=31536000; preload',
  ],
  ['nothing takes back what was said', { maxAge: 0 as Millis }, 'max-age=0'],
  ['a part of a second does not count', { maxAge: 1999 as Millis }, 'max-age=1'],
] as const

for (const [promise, policy, text] of rows) {
  test(promise, () => {
    expect(hstsField({ includeSubDomains: false, preload: false, ...policy })).toBe(text)
  })
}

/** What goes, and what only looks like it. */
const removed = [
  [
    'a field of another name stays',
    ['X-Strict-Transport-Security', 'a'],
    ['X-Strict-Transport-Security', 'a'],
  ],
  ['it goes in any case', ['sTRICT-tRANSPORT-sECURITY', 'max-age=1', 'A', 'b'], ['A', 'b']],
  [
    'each of several goes',
    ['Strict-Transport-Security', 'a', 'A', 'b', 'strict-transport-security', 'c'],
    ['A', 'b'],
  ],
  [
    'a value of that name stays',
    ['A', 'Strict-Transport-Security'],
    ['A', 'Strict-Transport-Security'],
  ],
  ['nothing stays nothing', [], []],
] as const

for (const [promise, fields, left] of removed) {
  test(`of an upstream's fields ${promise}`, () => {
    expect(withoutHsts(fields)).toEqual(left)
  })
}
