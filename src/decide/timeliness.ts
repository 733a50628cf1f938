/**
 * Where a device's own certificate stands between its issue and the day when nothing is left of it (S0-31 … S0-33).
 * Says nothing about its issuers, its standing or the route: those may still refuse it.
 */
import { plus, type Instant } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Policy } from './policy.ts'

/** The states, in the order in which a certificate passes through them. */
export type Timeliness = 'not-yet-valid' | 'valid' | 'in-renewal-window' | 'in-grace' | 'expired'

/** The states in which a device may be named to the upstream. */
export type Vouchable = Exclude<Timeliness, 'not-yet-valid' | 'expired'>

/** The turning points of a certificate: the first instant of its window, the last ones of its validity and its grace. */
export interface ValidityBounds {
  readonly windowBegins: Instant
  readonly notAfter: Instant
  readonly graceEnds: Instant
}

/** What is asked of the policy here. */
export type Spans = Pick<Policy, 'grace' | 'renewalWindow'>

/** Works out the turning points; a window longer than the certificate's life begins with it. */
export function validityBounds(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  { grace, renewalWindow }: Spans,
): ValidityBounds {
  const windowBegins = Math.max(notBefore, notAfter - renewalWindow) as Instant
  return { windowBegins, notAfter, graceEnds: plus(notAfter, grace) }
}

/** The state of a certificate: notAfter and the end of grace still belong to what they end. */
export function timelinessOf(
  certificate: Pick<Certificate, 'notBefore' | 'notAfter'>,
  spans: Spans,
  now: Instant,
): Timeliness {
  const { windowBegins, notAfter, graceEnds } = validityBounds(certificate, spans)
  if (now < certificate.notBefore) return 'not-yet-valid'
  if (now < windowBegins) return 'valid'
  if (now <= notAfter) return 'in-renewal-window'
  return now <= graceEnds ? 'in-grace' : 'expired'
}
