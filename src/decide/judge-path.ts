/**
 * One sound path against the standing of its CA and the time: what RFC 5280 §6.1.3 (a)(2) asks of every
 * certificate, in an order that makes the refusal that came furthest the one worth reading.
 */
import { plus, unreachable, type Instant } from '../kernel/types.ts'
import type { SoundPath } from '../trust/validate.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { DenyList, FleetPolicy, Policy, Standing } from './policy.ts'
import { revoked, undecided } from './judge-revocation.ts'
import {
  isFinal,
  type Refusal,
  type Revoked,
  type Undecided,
  type Untimely,
  type CaRefused,
} from './refusal.ts'
import { validityBounds, type Spans } from './timeliness.ts'

/** What a path is worth by itself. `expired` has grace left; whether that helps is the route's business. */
export type PathVerdict = CaRefused | Untimely | Revoked | Undecided | Timely

/** Nothing on the path has expired; its leaf may be due for renewal. */
export interface Timely {
  readonly kind: 'timely'
  readonly timeliness: 'valid' | 'in-renewal-window'
}

/** Judges one path, whatever the route. */
export function judgePath(path: SoundPath, policy: Policy, now: Instant): PathVerdict {
  const { setting } = path.anchor
  // A setting that does not exist any more must not admit a device.
  const standing = policy.standings.get(setting)
  if (standing === undefined || standing.kind === 'distrusted')
    return { kind: 'distrusted', setting }
  return (
    deniedIssuer(path, policy.denied) ??
    revoked(path, policy.revocation) ??
    caRefused(path.certificates[0], { setting, standing, known: policy.fleet.known }, now) ??
    tooEarly(path, now) ??
    lateOrUndecided(path, policy, now) ??
    timely(path, policy, now)
  )
}

/** What grace might forgive comes last: a device that may have been revoked must not pass in grace. */
function lateOrUndecided(
  path: SoundPath,
  policy: Policy,
  now: Instant,
): Untimely | Undecided | undefined {
  const late = tooLate(path, policy, now)
  if (late !== undefined && late.kind !== 'expired') return late
  return undecided(path, policy.revocation, now) ?? late
}

function timely({ certificates }: SoundPath, policy: Spans, now: Instant): Timely {
  const due = now >= validityBounds(certificates[0], policy).windowBegins
  return due ? DUE : VALID
}

/**
 * How much a refusal tells, for choosing among those of several paths. What a person decided comes first, because
 * it holds in `recording`, too; then the path that came furthest, because it is the one that nearly passed.
 */
export const refusalRank = (why: Refusal): number =>
  ORDER.indexOf(why.kind) + (isFinal(why) ? ORDER.length : 0)

const ORDER: readonly Refusal['kind'][] = [
  'distrusted',
  'denied-issuer',
  'issuer-revoked',
  'revoked',
  'staged',
  'sunset',
  'issued-after-retirement',
  'unknown-at-retirement',
  'issuer-not-yet-valid',
  'not-yet-valid',
  'issuer-expired',
  'expired-beyond-grace',
  'revocation-unknown',
  'revocation-stale',
  'expired',
  'expired-without-grace',
  'match-rule-unmet',
  'unapproved',
]

/** A stolen CA key stays stolen when another CA cross-signs it: wherever that key stands on a path, the path falls. */
function deniedIssuer(path: SoundPath, { keys }: DenyList): CaRefused | undefined {
  if (keys.size === 0) return undefined
  const denied = issuerWhere(path, ({ publicKey }) => keys.has(publicKey.fingerprint))
  if (denied === undefined) return undefined
  return { kind: 'denied-issuer', key: denied.publicKey.fingerprint, issuer: denied.subject }
}

/** What the standing of a CA is judged with. */
export interface CaRules extends Pick<FleetPolicy, 'known'> {
  readonly setting: string
  readonly standing: Exclude<Standing, { readonly kind: 'distrusted' }>
}

/** What of a certificate the standing of its CA depends on. */
export interface JudgedLeaf extends Pick<Certificate, 'notBefore'> {
  readonly publicKey: Pick<Certificate['publicKey'], 'fingerprint'>
}

/** Whether a CA may not admit the device with this certificate: it is staged, its cut-off is passed, or its sunset. */
export function caRefused(
  { notBefore, publicKey: { fingerprint: key } }: JudgedLeaf,
  { setting, standing, known }: CaRules,
  now: Instant,
): CaRefused | undefined {
  switch (standing.kind) {
    case 'current':
      return undefined
    case 'staged':
      return { kind: 'staged', setting }
    case 'previously-trusted': {
      const { retiredAt, cutOff, sunset } = standing
      if (sunset !== undefined && now >= sunset) return { kind: 'sunset', setting, sunset }
      if (notBefore > retiredAt) {
        return { kind: 'issued-after-retirement', setting, notBefore, retiredAt }
      }
      if (cutOff === 'not-before' || known.wasKnown(setting, key)) return undefined
      return { kind: 'unknown-at-retirement', setting, key, retiredAt }
    }
    default:
      return unreachable(standing)
  }
}

function tooEarly(path: SoundPath, now: Instant): Untimely | undefined {
  const issuer = issuerWhere(path, ({ notBefore }) => now < notBefore)
  if (issuer !== undefined) {
    return { kind: 'issuer-not-yet-valid', issuer: issuer.subject, notBefore: issuer.notBefore }
  }
  const { notBefore } = path.certificates[0]
  return now < notBefore ? { kind: 'not-yet-valid', notBefore } : undefined
}

function tooLate(path: SoundPath, { grace }: Spans, now: Instant): Untimely | undefined {
  // Grace forgives the device's own certificate only; an expired issuer is never forgiven.
  const issuer = issuerWhere(path, ({ notAfter }) => now > notAfter)
  if (issuer !== undefined) {
    return { kind: 'issuer-expired', issuer: issuer.subject, notAfter: issuer.notAfter }
  }
  const { notAfter } = path.certificates[0]
  if (now <= notAfter) return undefined
  const graceEndsAt = plus(notAfter, grace)
  if (now <= graceEndsAt) return { kind: 'expired', notAfter, graceEndsAt }
  return { kind: 'expired-beyond-grace', notAfter, graceEndedAt: graceEndsAt }
}

/** The first above the leaf that passes the test; the trust anchor's certificate counts as an issuer. */
function issuerWhere(
  { certificates: [, ...issuers], anchor }: SoundPath,
  test: (issuer: Certificate) => boolean,
): Certificate | undefined {
  const found = issuers.find((issuer) => test(issuer))
  return found ?? (test(anchor.certificate) ? anchor.certificate : undefined)
}

const VALID: Timely = { kind: 'timely', timeliness: 'valid' }
const DUE: Timely = { kind: 'timely', timeliness: 'in-renewal-window' }
