/**
 * Revocation, RFC 5280 §6.1.3 (a)(3), judged for every request: what a list names is refused like what is on the deny
 * list; where that is unknown, the enrollment setting says what follows.
 */
import { plus, type Instant } from '../kernel/types.ts'
import { issuedOn, revokedOn, statusOf, type RevocationStatus } from '../trust/revocation.ts'
import type { SoundPath } from '../trust/validate.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { RevocationDemand, RevocationPolicy } from './policy.ts'
import type { Revoked, Undecided } from './refusal.ts'

/** Whether a list in force names a certificate of the path, the leaf before its issuers. */
export function revoked(path: SoundPath, { lists }: RevocationPolicy): Revoked | undefined {
  const found = revokedOn(path, lists)
  if (found === undefined) return undefined
  const { certificate, issuer, at: revokedAt, reason } = found
  const facts = { issuer: issuer.subject, revokedAt, reason }
  return certificate === path.certificates[0]
    ? { kind: 'revoked', serial: certificate.serial, ...facts }
    : { kind: 'issuer-revoked', subject: certificate.subject, ...facts }
}

/** What keeps the path from counting as not revoked, where its setting demands to know. */
export function undecided(
  path: SoundPath,
  { lists, demands }: RevocationPolicy,
  now: Instant,
): Undecided | undefined {
  const demand = demands.get(path.anchor.setting)
  if (demand === undefined || demand.failure === 'soft-fail') return undefined
  for (const [certificate, issuer] of issuedOn(path)) {
    const status = statusOf(certificate, issuer, { lists, now })
    if (status.kind !== 'unknown') continue
    const isLeaf = certificate === path.certificates[0]
    if (!isLeaf && isUnlisted(status, demand)) continue
    const found = unknown(status, issuer, { demand, now })
    if (found !== undefined) return found
  }
  return undefined
}

/** CAs are only checked where their issuer publishes a list; that none is there is certain once all were read. */
export const isUnlisted = (status: RevocationStatus, { incomplete }: RevocationDemand): boolean =>
  status.kind === 'unknown' && status.why === 'no-list' && !incomplete

function unknown(
  status: RevocationStatus & { readonly kind: 'unknown' },
  issuer: Certificate,
  { demand, now }: { readonly demand: RevocationDemand; readonly now: Instant },
): Undecided | undefined {
  if (status.why !== 'stale') {
    return { kind: 'revocation-unknown', issuer: issuer.subject, why: status.why }
  }
  const { nextUpdate } = status.list.crl
  const countedUntil = plus(nextUpdate, demand.grace)
  if (now <= countedUntil) return undefined
  return { kind: 'revocation-stale', issuer: issuer.subject, nextUpdate, countedUntil }
}
