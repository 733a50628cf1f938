/**
 * Approval (decisions 9 and 32): a blocked device is refused before anything else is asked; a device that is not
 * approved stays away from some routes, where the model asks for it. `approvalDemand` is the whole rule.
 */
import { unreachable, type KeyFingerprint } from '../kernel/types.ts'
import { SIGNED_ID_LIMIT, signedIdsOf } from '../trust/signed-ids.ts'
import type { SoundPath } from '../trust/validate.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { FleetPolicy, Policy, RouteClass } from './policy.ts'
import type { ApprovalDemand, Refusal, Unapproved } from './refusal.ts'

/** From where a request comes. A fact of the socket, never of a header. */
export type Origin = 'internal' | 'external'

/** What a row and a socket say that bears on approval. */
export interface ApprovalAsk {
  readonly route: RouteClass
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

/** What is in force, as far as it bears on which rows ask for approval. */
export interface ApprovalPolicy extends Pick<Policy, 'enforcement'> {
  readonly fleet: Pick<FleetPolicy, 'model'>
}

/**
 * Whether a row asks for approval, and why; undefined where it does not. `off` never asks, and under `auto` every fit
 * device is approved. While certificates are only recorded, devices from outside are held to approval on every row that
 * asks for a certificate but those of renewal (S2-14). Once certificates are required, rows that are marked `sensitive`
 * ask from everywhere (S2-15), and `manual-external` keeps the outside closed besides.
 */
export function approvalDemand(
  { route, sensitive = false, origin = 'external' }: ApprovalAsk,
  { enforcement, fleet: { model } }: ApprovalPolicy,
): ApprovalDemand | undefined {
  const isOutside = origin === 'external' && (route === 'device' || route === 'always')
  const outside = isOutside ? 'outside' : undefined
  switch (model) {
    case 'off':
    case 'auto':
      return undefined
    case 'manual':
      if (enforcement === 'recording') return outside
      return sensitive ? 'sensitive' : undefined
    case 'manual-external':
      if (enforcement === 'recording') return outside
      return sensitive ? 'sensitive' : outside
    default:
      return unreachable(model)
  }
}

/**
 * Why a device that would pass is kept from a route; nothing where approval is not asked for. It is asked last, so the CA's
 * word on this certificate was accepted, and a signed id carries approval as the key does (decision 9).
 */
export function unapproved(
  { certificates: [leaf] }: SoundPath,
  ask: ApprovalAsk,
  policy: Policy,
): Unapproved | undefined {
  const because = approvalDemand(ask, policy)
  if (because === undefined) return undefined
  const key = leaf.publicKey.fingerprint
  const { approvals, approvedIds } = policy.fleet
  if (approvals.approvalOf(key) === 'approved') return undefined
  if (signedIdsOf(leaf).ids.some(({ digest }) => approvedIds.has(digest))) return undefined
  return { kind: 'unapproved', key, because }
}

/**
 * S2-14: while certificates are only recorded, a device from outside is held to approval all the same. It would get past
 * by leaving its certificate at home otherwise, so every refusal counts there but those of an approved key.
 */
export function isHeldInRecording(
  ask: ApprovalAsk,
  key: KeyFingerprint | undefined,
  policy: Pick<Policy, 'enforcement' | 'fleet'>,
): boolean {
  if (approvalDemand(ask, policy) === undefined) return false
  return key === undefined || policy.fleet.approvals.approvalOf(key) !== 'approved'
}
