import { expect, test } from 'vitest'
import {
  enforcementInForce,
  enforcementText,
  certificateRequirement,
  type EnforcementInForce,
} from '../../src/fleet/enforcement-in-force.ts'

type Word = 'recording' | 'required'

interface Row {
  readonly promise: string
  readonly file: readonly [Word, 'stated' | 'profile']
  readonly stored: Word | undefined
  readonly inForce: EnforcementInForce
  readonly text: string
}

const ROWS: readonly Row[] = [
  {
    promise: 'the latch beats recording in the file',
    file: ['recording', 'stated'],
    stored: 'required',
    inForce: { state: 'required', saidBy: 'latch' },
    text: 'certificates are required for good',
  },
  {
    promise: 'where both say required, it is the latch that says so',
    file: ['required', 'stated'],
    stored: 'required',
    inForce: { state: 'required', saidBy: 'latch' },
    text: 'certificates are required for good',
  },
  {
    promise: 'required in the file holds against recording in the store, and is not for good',
    file: ['required', 'stated'],
    stored: 'recording',
    inForce: { state: 'required', saidBy: 'file' },
    text: 'certificates are required, because the configuration file says so, and only as long as it does',
  },
  {
    promise: 'recording that both say is told as the word of the file',
    file: ['recording', 'stated'],
    stored: 'recording',
    inForce: { state: 'recording', saidBy: 'file' },
    text: 'certificates are recorded, not required, because the configuration file says so, and only as long as it does',
  },
  {
    promise: 'a profile that requires does not beat a store that records',
    file: ['required', 'profile'],
    stored: 'recording',
    inForce: { state: 'recording', saidBy: 'store' },
    text: 'certificates are recorded, not required, as the store says',
  },
  {
    promise: 'a profile that records does not beat the latch',
    file: ['recording', 'profile'],
    stored: 'required',
    inForce: { state: 'required', saidBy: 'latch' },
    text: 'certificates are required for good',
  },
  {
    promise: 'without a store the profile says it where the file does not',
    file: ['required', 'profile'],
    stored: undefined,
    inForce: { state: 'required', saidBy: 'profile' },
    text: 'certificates are required, as the profile of the configuration file has it',
  },
  {
    promise: 'without a store the file says it',
    file: ['recording', 'stated'],
    stored: undefined,
    inForce: { state: 'recording', saidBy: 'file' },
    text: 'certificates are recorded, not required, because the configuration file says so, and only as long as it does',
  },
]

for (const { promise, file, stored, inForce, text } of ROWS) {
  test(promise, () => {
    const [enforcement, by] = file
    const found = enforcementInForce({ enforcement, enforcementStated: by === 'stated' }, stored)
    expect(found).toEqual(inForce)
    expect(enforcementText(found)).toBe(text)
  })
}

test('only the latch is for good', () => {
  const said = (['latch', 'file', 'store', 'profile'] as const).map((saidBy) => [
    certificateRequirement({ state: 'required', saidBy }),
    certificateRequirement({ state: 'recording', saidBy }),
  ])
  // A latch that records is none: no state of the store says so.
  expect(said.slice(1)).toEqual(Array.from({ length: 3 }, () => ['by-file-alone', 'none']))
  expect(said[0]?.[0]).toBe('for-good')
})
