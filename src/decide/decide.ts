/**
 * The verdict on one request. Soundness was settled in `trust/`; here the rest of RFC 5280 §6.1.3, whether a path
 * is timely ((a)(2)) and not revoked ((a)(3)), meets the standing of its CA, the deny list, the class of the route
 * and grace.
 *
 * Stricter than RFC 5280 §6.1 in one thing: the trust anchor's certificate counts as an issuer and may itself
 * not be expired. Otherwise a device issued straight from an expired CA would pass for ever.
 */
import { unreachable, type Branded, type Instant } from '../kernel/types.ts'
import type { PathResult, SoundPath } from '../trust/validate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { addressRefused, type Access } from './access.ts'
import {
  isBlocked,
  isHeldInRecording,
  refusedForIds,
  unapproved,
  type ApprovalAsk,
} from './judge-approval.ts'
import { judgePath, refusalRank, type PathVerdict } from './judge-path.ts'
import { revoked } from './judge-revocation.ts'
import { unmetRule, type MatchRules } from './match.ts'
import type { Policy } from './policy.ts'
import { isFinal, type Refusal, type Unreadable } from './refusal.ts'
import { timelinessOf, type Timeliness, type Vouchable } from './timeliness.ts'

/** What is known about who is at the other end of a connection, before time, route and policy have a say. */
export type Peer =
  | { readonly kind: 'none' }
  /** The session was resumed and had begun without a certificate; the device may well own one by now. */
  | { readonly kind: 'none-resumed' }
  | { readonly kind: 'unreadable'; readonly fault: Unreadable }
  | { readonly kind: 'presented'; readonly leaf: Certificate; readonly paths: PathResult }

/** What is asked about: who wants to pass, and by which row. Everything but peer, class and being inside can only narrow. */
export interface Ask extends ApprovalAsk {
  readonly peer: Peer
  /** What the row asks of the certificate; without it the class alone is asked about. */
  readonly match?: MatchRules | undefined
  /** The rule by which this client has no grace, because of what it says of itself (S0-34). */
  readonly withoutGrace?: string | undefined
  /** The row is the new OAuth endpoint, which serves only while administrators have it enabled (S0-27). */
  readonly endpoint?: 'oauth' | undefined
  /** Whence it came, where the row is open to some networks only. */
  readonly access?: Access | undefined
}

export type Decision = Admission | { readonly kind: 'refuse'; readonly why: Refusal }

/** Proof that `decide` said yes. Only this file can mint one; `forward` demands one. */
export type Admission = Branded<{ readonly kind: 'admit'; readonly basis: Basis }, 'Admission'>

/** Every way a request may pass. There is no other. */
export type Basis =
  | {
      readonly kind: 'verified'
      readonly path: SoundPath
      readonly timeliness: Exclude<Vouchable, 'in-grace'>
    }
  | { readonly kind: 'in-grace'; readonly path: SoundPath; readonly endsAt: Instant }
  | { readonly kind: 'open-route' }
  | { readonly kind: 'recording'; readonly wouldRefuse: Refusal }

/** Judges one request. Pure: same arguments, same answer; time arrives as a value. */
export function decide(ask: Ask, policy: Policy, now: Instant): Decision {
  const strict = judge(ask, policy, now)
  if (strict.kind === 'admit' || policy.enforcement === 'required') return strict
  const { peer, route } = ask
  const key = peer.kind === 'presented' ? peer.leaf.publicKey.fingerprint : undefined
  const isHeld = route === 'always' || isHeldInRecording(ask, key, policy)
  if (isHeld || isFinal(strict.why)) return strict
  return admit({ kind: 'recording', wouldRefuse: strict.why })
}

/** What the upstream may be told about the device. */
export interface Vouched {
  readonly path: SoundPath
  readonly timeliness: Vouchable
}

/** The only road to the identity fields: nothing is vouched for a device that was not judged fit. */
export function vouchedFor({ basis }: Admission): Vouched | undefined {
  switch (basis.kind) {
    case 'verified':
      return { path: basis.path, timeliness: basis.timeliness }
    case 'in-grace':
      return { path: basis.path, timeliness: 'in-grace' }
    // Anonymous on purpose, even with a sound certificate: an open route must not behave differently for
    // devices that have one, or enrolment would be tried by one kind of device and used by the other.
    case 'open-route':
    case 'recording':
      return undefined
    default:
      return unreachable(basis)
  }
}

/** Where the certificate of a peer stands in time, whatever the verdict; undefined for an unsound one. */
export function timelinessOfPeer(peer: Peer, policy: Policy, now: Instant): Timeliness | undefined {
  if (peer.kind !== 'presented' || !peer.paths.ok) return undefined
  return timelinessOf(peer.leaf, policy, now)
}

/**
 * Whether this is a device that the fleet still counts on: on a sound path, and without a refusal of it, its key or
 * its CA. Its own age does not matter: those that stayed away too long are the ones to look for.
 */
export function isExpected(peer: Peer, policy: Policy, now: Instant): boolean {
  const verdict = judge({ peer, route: 'renewal' }, policy, now)
  return verdict.kind === 'admit' || verdict.why.kind === 'expired-beyond-grace'
}

function judge(ask: Ask, policy: Policy, now: Instant): Decision {
  const { peer, route } = ask
  const denial = peer.kind === 'presented' ? denialOf(peer, policy) : undefined
  if (denial !== undefined) return refuse(denial)
  const elsewhere = addressRefused(ask.access)
  if (elsewhere !== undefined) return refuse(elsewhere)
  const { modern } = policy.fleet.oauth
  if (ask.endpoint === 'oauth' && modern !== 'enabled') {
    return refuse({ kind: modern === 'disabled' ? 'oauth-disabled' : 'oauth-not-configured' })
  }
  switch (route) {
    case 'denied':
      return refuse({ kind: 'route-denied' })
    case 'legacy-oauth':
      if (policy.fleet.oauth.legacy === 'disabled') return refuse({ kind: 'legacy-oauth-disabled' })
      return admit({ kind: 'open-route' })
    case 'open':
      return admit({ kind: 'open-route' })
    case 'device':
    case 'always':
    case 'renewal':
      return judgePeer(ask, policy, now)
    default:
      return unreachable(route)
  }
}

/**
 * What was said about this very certificate or its key, and so holds on every route. For a key soundness is not asked
 * for: TLS proved that the peer holds it, whichever CA signed the certificate.
 */
function denialOf(
  { leaf, paths }: Peer & { readonly kind: 'presented' },
  { denied, revocation, fleet }: Policy,
): Refusal | undefined {
  const key = leaf.publicKey.fingerprint
  if (isBlocked(key, fleet)) return { kind: 'blocked', key }
  if (denied.keys.has(key)) return { kind: 'denied-key', key }
  if (!paths.ok) return undefined
  const forIds = refusedForIds(leaf, fleet)
  if (forIds !== undefined) return forIds
  for (const path of paths.value) {
    const found = revoked(path, revocation)
    if (found?.kind === 'revoked') return found
    if (denied.serials.size === 0) continue
    const { certificates, anchor } = path
    const issuerKey = (certificates[1] ?? anchor.certificate).publicKey.fingerprint
    if (denied.serials.has(`${issuerKey}:${leaf.serial}`)) {
      return { kind: 'denied-serial', issuerKey, serial: leaf.serial }
    }
  }
  return undefined
}

function judgePeer(ask: Ask, policy: Policy, now: Instant): Decision {
  const { peer } = ask
  switch (peer.kind) {
    case 'none':
      return refuse({ kind: 'no-certificate' })
    case 'none-resumed':
      return refuse({ kind: 'resumed-without-certificate' })
    case 'unreadable':
      return refuse(peer.fault)
    case 'presented':
      if (!peer.paths.ok) return refuse(peer.paths.failure)
      return judgePaths({ paths: peer.paths.value, ask }, policy, now)
    default:
      return unreachable(peer)
  }
}

interface Paths {
  readonly ask: Ask
  readonly paths: readonly [SoundPath, ...SoundPath[]]
}

/** Any admission wins over any refusal; among refusals the most telling one speaks. */
function judgePaths({ paths, ask }: Paths, policy: Policy, now: Instant): Decision {
  const on = (path: SoundPath): Decision => {
    const verdict = onRoute(path, ask, judgePath(path, policy, now))
    if (verdict.kind === 'refuse') return verdict
    const why = unapproved(path, ask, policy)
    return why === undefined ? verdict : refuse(why)
  }
  const first = on(paths[0])
  // Nearly always one path, nearly always timely: nothing is built for the others then.
  if (paths.length === 1 || first.kind === 'admit') return first
  return paths
    .slice(1)
    .map(on)
    .reduce((best, next) => (weight(next) > weight(best) ? next : best), first)
}

/** Grace forgives on renewal routes only (decision 7); what the row asks besides is asked last, of a device that would pass. */
function onRoute(path: SoundPath, ask: Ask, verdict: PathVerdict): Decision {
  const basis = basisOn(path, ask, verdict)
  if (!isBasis(basis)) return refuse(basis)
  const unmet = unmetRule(path, ask.match)
  return unmet === undefined ? admit(basis) : refuse(unmet)
}

function basisOn(
  path: SoundPath,
  { route, withoutGrace }: Ask,
  verdict: PathVerdict,
): Named | Refusal {
  if (verdict.kind === 'timely') return { kind: 'verified', path, timeliness: verdict.timeliness }
  if (verdict.kind !== 'expired' || route !== 'renewal') return verdict
  if (withoutGrace !== undefined) {
    return { kind: 'expired-without-grace', notAfter: verdict.notAfter, rule: withoutGrace }
  }
  return { kind: 'in-grace', path, endsAt: verdict.graceEndsAt }
}

type Named = Extract<Basis, { readonly path: SoundPath }>

const isBasis = (basis: Named | Refusal): basis is Named =>
  basis.kind === 'verified' || basis.kind === 'in-grace'

/** Verified and in grace need no order between them: it is the same leaf on all paths. */
const weight = (decision: Decision): number =>
  decision.kind === 'admit' ? Infinity : refusalRank(decision.why)

const admit = (basis: Basis): Admission => ({ kind: 'admit', basis }) as Admission
const refuse = (why: Refusal): Decision => ({ kind: 'refuse', why })
