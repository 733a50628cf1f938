import { expect, test } from 'vitest'
import {
  displayedApproval,
  type DisplayedApproval,
  type ApprovalFacts,
} from '../../src/fleet/approval.ts'
import type { Instant } from '../../src/kernel/types.ts'

const at = (ms: number): Instant => ms as Instant
const device = (facts: Partial<ApprovalFacts> = {}): ApprovalFacts => ({
  approval: 'unapproved',
  approvedAt: undefined,
  lastSeenAt: at(100),
  ...facts,
})

const SHOWN: readonly [string, Partial<ApprovalFacts>, DisplayedApproval][] = [
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
    expect(displayedApproval(device({ approval: 'approved', ...facts }))).toBe(shown)
  })
}

for (const approval of ['unapproved', 'blocked'] as const) {
  test(`an ${approval} device is shown as such, whenever it was approved before`, () => {
    expect(displayedApproval(device({ approval, approvedAt: at(101) }))).toBe(approval)
  })
}
