/**
 * Approval of devices (decision 9, S2-13 to S2-18): what "Approve selected" takes, and what the Certificate approval
 * status chart counts.
 */
import { unreachable, type Instant } from '../kernel/types.ts'

export type Approval = 'unapproved' | 'approved' | 'blocked'

/** How devices come to be approved. */
export type ApprovalModel =
  /** Nobody asks. */
  | 'off'
  /** A sound certificate under the current CA approves itself. */
  | 'auto'
  /** Somebody approves every device. */
  | 'manual'
  /** As `manual`, for devices that come from outside the internal networks (S2-14). */
  | 'manual-external'

/** What is known of a device that bears on its approval. */
export interface Candidate {
  readonly id: string
  readonly approval: Approval
  /** When it was approved, if it is. */
  readonly approvedAt: Instant | undefined
  readonly lastSeenAt: Instant | undefined
  /** Whether its last certificate was sound and timely when it was last seen. */
  readonly isValid: boolean
}

/** A selection, divided: only valid devices that somebody may still approve (S2-18). */
export interface Selection {
  readonly approve: readonly string[]
  readonly refused: readonly { readonly id: string; readonly why: NotApprovable }[]
}

export type NotApprovable = 'already-approved' | 'blocked' | 'no-valid-certificate'

/** What "Approve selected" does with a selection. */
export function approvable(devices: readonly Candidate[]): Selection {
  const refused = devices.flatMap((device) => {
    const why = obstacle(device)
    return why === undefined ? [] : [{ id: device.id, why }]
  })
  return {
    approve: devices.filter((device) => obstacle(device) === undefined).map(({ id }) => id),
    refused,
  }
}

function obstacle({ approval, isValid }: Candidate): NotApprovable | undefined {
  switch (approval) {
    case 'approved':
      return 'already-approved'
    // Taking back a block is a decision of its own, never a side effect of a large selection.
    case 'blocked':
      return 'blocked'
    case 'unapproved':
      return isValid ? undefined : 'no-valid-certificate'
    default:
      return unreachable(approval)
  }
}

/** What the portal shows: approved devices are green only once they have been seen since (S2-16). */
export type ApprovalShown = Approval | 'awaiting'

/** The labels of the chart; the second is what the documents describe without a name. */
export const APPROVAL_LABELS: Readonly<Record<ApprovalShown, string>> = {
  approved: 'approved',
  awaiting: 'approved, awaiting next connection',
  unapproved: 'unapproved',
  blocked: 'blocked',
}

/** How a device's approval is shown. */
export function approvalShown({ approval, approvedAt, lastSeenAt }: Candidate): ApprovalShown {
  if (approval !== 'approved' || approvedAt === undefined) return approval
  return lastSeenAt === undefined || lastSeenAt < approvedAt ? 'awaiting' : 'approved'
}

/** Whether approval is asked of a device under a model. */
export function isApprovalAsked(model: ApprovalModel, isExternal: boolean): boolean {
  switch (model) {
    case 'off':
      return false
    case 'auto':
    case 'manual':
      return true
    case 'manual-external':
      return isExternal
    default:
      return unreachable(model)
  }
}
