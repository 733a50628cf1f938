/**
 * How the approval of a device is shown (S2-13 to S2-17). Where it is asked for is decided in `decide/judge-approval.ts`,
 * and what "Approve selected" takes (S2-18) where it is done: `store/devices/approvals.ts`.
 */
import type { Approval } from '../decide/policy.ts'
import type { Instant } from '../kernel/types.ts'

/** What the portal shows: approved devices are green only once they have been seen since (S2-16). */
export type DisplayedApproval = Approval | 'awaiting'

/** The labels of the chart; the second is what the documents describe without a name. */
export const APPROVAL_LABELS: Readonly<Record<DisplayedApproval, string>> = {
  approved: 'approved',
  awaiting: 'approved, awaiting next connection',
  unapproved: 'unapproved',
  blocked: 'blocked',
}

/** What of a device decides how its approval is shown. */
export interface ApprovalFacts {
  readonly approval: Approval
  /** When it was approved, if it is. */
  readonly approvedAt: Instant | undefined
  readonly lastSeenAt: Instant | undefined
}

/** How a device's approval is shown. */
export function displayedApproval({
  approval,
  approvedAt,
  lastSeenAt,
}: ApprovalFacts): DisplayedApproval {
  if (approval !== 'approved' || approvedAt === undefined) return approval
  return lastSeenAt === undefined || lastSeenAt < approvedAt ? 'awaiting' : 'approved'
}
