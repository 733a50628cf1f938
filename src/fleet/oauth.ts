/**
 * The two OAuth endpoints (S0-25 to S0-30): the new one always asks for a certificate, the legacy one never does and
 * can be turned off, and on again.
 */
import type { OAuthEndpoints } from '../decide/policy.ts'
import type { CertificateRequirement } from './enforcement-in-force.ts'
import { fail, ok, unreachable, type Result } from '../kernel/types.ts'

/** What becomes of a client that wants a token (S0-27). */
export type OAuthOutcome = 'legacy-endpoint-works' | 'new-endpoint-works' | 'error'

/** The documents' table of four. A client that can use the new endpoint does. */
export function oauthOutcome({ modern, legacy }: OAuthEndpoints): OAuthOutcome {
  if (modern === 'enabled') return 'new-endpoint-works'
  return legacy === 'enabled' ? 'legacy-endpoint-works' : 'error'
}

/** What the choice of endpoints depends on (S0-29). */
export interface OAuthFacts {
  readonly certificates: CertificateRequirement
  /** Devices whose migration to 443 is pending. */
  readonly pending: number
  /** Whether the sync port still takes connections. */
  readonly syncPortOpen: boolean
}

/** Why a choice is not to be had. */
export type OAuthRefusal =
  | { readonly kind: 'certificates-not-required' }
  | { readonly kind: 'required-by-file-alone' }
  | { readonly kind: 'devices-pending'; readonly pending: number }
  | { readonly kind: 'sync-port-open' }
  /** Two dialogues, each with the answer "Disable" (S0-30). */
  | { readonly kind: 'confirmation-missing'; readonly given: number; readonly wanted: number }
  /** No client could get a token any more. */
  | { readonly kind: 'both-disabled' }

/** What an operator asks for. */
export type OAuthChange =
  | { readonly kind: 'enable-new' }
  | { readonly kind: 'disable-new' }
  | { readonly kind: 'enable-legacy' }
  | { readonly kind: 'disable-legacy'; readonly confirmations: number }

/** The endpoints after a change, or everything that speaks against it. */
export function applyOAuthChange(
  endpoints: OAuthEndpoints,
  change: OAuthChange,
  facts: OAuthFacts,
): Result<OAuthEndpoints, readonly OAuthRefusal[]> {
  const refusals = [...objections(change, facts)]
  const next = withChange(endpoints, change)
  if (oauthOutcome(next) === 'error') refusals.push({ kind: 'both-disabled' })
  return refusals.length === 0 ? ok(next) : fail(refusals)
}

/** What keeps the field of the new endpoint greyed out; empty when it may be chosen (S0-29). */
export function unmetPreconditions(facts: OAuthFacts): readonly OAuthRefusal[] {
  const unmet: OAuthRefusal[] = []
  if (facts.certificates === 'none') unmet.push({ kind: 'certificates-not-required' })
  if (facts.certificates === 'by-file-alone') unmet.push({ kind: 'required-by-file-alone' })
  if (facts.pending > 0) unmet.push({ kind: 'devices-pending', pending: facts.pending })
  if (facts.syncPortOpen) unmet.push({ kind: 'sync-port-open' })
  return unmet
}

function objections(change: OAuthChange, facts: OAuthFacts): readonly OAuthRefusal[] {
  if (change.kind === 'enable-new') return unmetPreconditions(facts)
  if (change.kind !== 'disable-legacy' || change.confirmations >= CONFIRMATIONS) return []
  return [{ kind: 'confirmation-missing', given: change.confirmations, wanted: CONFIRMATIONS }]
}

/** How many disabling the legacy endpoint takes (S0-30). */
export const CONFIRMATIONS = 2

function withChange(endpoints: OAuthEndpoints, change: OAuthChange): OAuthEndpoints {
  switch (change.kind) {
    case 'enable-new':
      return { ...endpoints, modern: 'enabled' }
    case 'disable-new':
      return { ...endpoints, modern: 'disabled' }
    case 'enable-legacy':
      return { ...endpoints, legacy: 'enabled' }
    case 'disable-legacy':
      return { ...endpoints, legacy: 'disabled' }
    default:
      return unreachable(change)
  }
}
