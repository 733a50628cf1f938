import { expect, test } from 'vitest'
import {
  approvable,
  approvalShown,
  isApprovalAsked,
  type ApprovalModel,
  type ApprovalShown,
  type Candidate,
} from '../../src/fleet/approval.ts'
import type { Instant } from '../../src/kernel/types.ts'

const at = (ms: number): Instant => ms as Instant
const device = (id: string, facts: Partial<Candidate> = {}): Candidate => ({
  id,
  approval: 'unapproved',
  approvedAt: undefined,
  lastSeenAt: at(100),
  isValid: true,
  ...facts,
})

test('of a selection, only the valid unapproved devices are approved, and the others say why not', () => {
  const selection = [
    device('valid'),
    device('invalid', { isValid: false }),
    device('approved', { approval: 'approved' }),
    device('blocked', { approval: 'blocked' }),
    device('blocked and invalid', { approval: 'blocked', isValid: false }),
  ]
  expect(approvable(selection)).toEqual({
    approve: ['valid'],
    refused: [
      { id: 'invalid', why: 'no-valid-certificate' },
      { id: 'approved', why: 'already-approved' },
      { id: 'blocked', why: 'blocked' },
      { id: 'blocked and invalid', why: 'blocked' },
    ],
  })
})

test('an empty selection approves nobody', () => {
  expect(approvable([])).toEqual({ approve: [], refused: [] })
})

const SHOWN: readonly [string, Partial<Candidate>, ApprovalShown][] = [
  ['a device is awaited until it is seen', { approvedAt: at(101) }, 'awaiting'],
  [
    'a device that is seen in the moment of its approval is green',
    { approvedAt: at(100) },
    'approved',
  ],
  ['a device that was seen since is green', { approvedAt: at(99) }, 'approved'],
  [
    'a device that was never seen is awaited',
    { approvedAt: at(1), lastSeenAt: undefined },
    'awaiting',
  ],
]

for (const [promise, facts, shown] of SHOWN) {
  test(promise, () => {
    expect(approvalShown(device('it', { approval: 'approved', ...facts }))).toBe(shown)
  })
}

for (const approval of ['unapproved', 'blocked'] as const) {
  test(`an ${approval} device is shown as such, whenever it was approved before`, () => {
    expect(approvalShown(device('it', { approval, approvedAt: at(101) }))).toBe(approval)
  })
}

const ASKED: readonly [ApprovalModel, boolean, boolean][] = [
  ['off', true, false],
  ['off', false, false],
  ['auto', false, true],
  ['manual', false, true],
  ['manual', true, true],
  ['manual-external', true, true],
  ['manual-external', false, false],
]

for (const [model, isExternal, asked] of ASKED) {
  const where = isExternal ? 'from outside' : 'from inside'
  test(`${model} ${asked ? 'asks' : 'does not ask'} for approval ${where}`, () => {
    expect(isApprovalAsked(model, isExternal)).toBe(asked)
  })
}
