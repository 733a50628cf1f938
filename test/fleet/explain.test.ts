import { expect, test } from 'vitest'
import {
  explainCloseRefusal,
  explainLatchRefusal,
  explainOAuthRefusal,
  enforcementWarningText,
} from '../../src/fleet/explain.ts'

const SENTENCES: readonly [string, string][] = [
  [
    '1 device is still to migrate to 443',
    explainCloseRefusal({ kind: 'devices-pending', pending: 1 }).sentence,
  ],
  [
    '41 devices are still to migrate to 443',
    explainOAuthRefusal({ kind: 'devices-pending', pending: 41 }).sentence,
  ],
  [
    '7 connections on the sync port carried octets both ways and could not be told to be a known device',
    explainCloseRefusal({ kind: 'connections-unidentified', unidentified: 7 }).sentence,
  ],
  [
    'disabling the legacy endpoint was confirmed 1 of 2 times',
    explainOAuthRefusal({ kind: 'confirmation-missing', given: 1, wanted: 2 }).sentence,
  ],
  ['type `x`', explainLatchRefusal({ kind: 'phrase-wrong', wanted: 'x' }).nextStep],
]

for (const [text, said] of SENTENCES) {
  test(`"${text}" is what an operator reads`, () => {
    expect(said).toBe(text)
  })
}

test('a rate is rounded down, so that no fleet looks whole that is not', () => {
  const text = enforcementWarningText({ kind: 'success-rate-low', rate: 0.99999, wanted: 1 })
  expect(text).toContain('99.9 %')
  expect(text).toContain('100 %')
})
