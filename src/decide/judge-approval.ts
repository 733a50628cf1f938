/**
 * Approval (decision 9): who is blocked is refused before anything else is asked; who is not approved stays away from
 * routes that are marked `sensitive`, where the model asks for it.
 */
import { unreachable, type KeyFingerprint } from '../kernel/types.ts'
import { SIGNED_ID_LIMIT, signedIdsOf } from '../trust/signed-ids.ts'
import type { SoundPath } from '../trust/validate.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { ApprovalModel, FleetPolicy, Policy } from './policy.ts'
import type { Refusal, Unapproved } from './refusal.ts'

/** From where a request comes. A fact of the socket, never of a header. */
export type Origin = 'internal' | 'external'

/** What a row and a socket say that bears on approval. */
export interface ApprovalAsk {
  /** Whether the row is marked `sensitive`. */
  readonly sensitive?: boolean | undefined
  /** Left out counts as external. */
  readonly origin?: Origin | undefined
}

/** Whether this key's device is blocked: on every route, in `recording` too, and whichever CA signed its certificate. */
export const isBlocked = (key: KeyFingerprint, { approvals }: FleetPolicy): boolean =>
  approvals.approvalOf(key) === 'blocked'

/**
 * Whether an id that a CA signed for this certificate is one of a blocked device. Every sound path counts, whatever may
 * be held against its CA: this can only narrow.
 */
export function refusedForIds(
  leaf: Certificate,
  { blockedIds }: FleetPolicy,
): IdsRefused | undefined {
  const { found, ids } = signedIdsOf(leaf)
  if (found > SIGNED_ID_LIMIT) return { kind: 'too-many-ids', found, limit: SIGNED_ID_LIMIT }
  const blocked = ids.find(({ digest }) => blockedIds.has(digest))
  if (blocked === undefined) return undefined
  return { kind: 'blocked', key: leaf.publicKey.fingerprint, id: blocked.text }
}

type IdsRefused = Extract<Refusal, { readonly kind: 'blocked' | 'too-many-ids' }>

/** Why a device that would pass is kept from a sensitive route; nothing where approval is not asked for. */
export function unapproved(
  { certificates, anchor }: SoundPath,
  ask: ApprovalAsk,
  { fleet, standings }: Policy,
): Unapproved | undefined {
  const { model } = fleet
  if (!isApprovalAsked(model, ask)) return undefined
  const key = certificates[0].publicKey.fingerprint
  if (fleet.approvals.approvalOf(key) === 'approved') return undefined
  const { setting } = anchor
  if (model === 'auto' && standings.get(setting)?.kind === 'current') return undefined
  return { kind: 'unapproved', key, model }
}

/**
 * S2-14: with security off, devices that come from outside are held to approval all the same. Without this a device
 * would get past by leaving its certificate at home.
 */
export const isHeldInRecording = (ask: ApprovalAsk, { model }: FleetPolicy): boolean =>
  model === 'manual-external' && isApprovalAsked(model, ask)

function isApprovalAsked(
  model: ApprovalModel,
  { sensitive = false, origin = 'external' }: ApprovalAsk,
): boolean {
  switch (model) {
    case 'off':
      return false
    case 'auto':
    case 'manual':
      return sensitive
    case 'manual-external':
      return sensitive && origin === 'external'
    default:
      return unreachable(model)
  }
}
