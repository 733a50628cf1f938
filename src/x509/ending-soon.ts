/**
 * When a certificate that is still valid should have a successor by now.
 */
import { DAY_MS, type Instant } from '../kernel/types.ts'

/** From when to when a certificate is valid. */
export interface Validity {
  readonly notBefore: Instant
  readonly notAfter: Instant
}

/**
 * Whether the rest is shorter than `days`, or than a quarter of the whole where that is less. A quarter, because programs
 * that renew by themselves do so when a third is left, so that what is below a quarter was not renewed.
 */
export function endsSoon(
  { notBefore, notAfter }: Validity,
  { now, days }: { readonly now: Instant; readonly days: number },
): boolean {
  const left = notAfter - now
  return left < days * DAY_MS && left < (notAfter - notBefore) / 4
}

/** Thirty days: a certificate that is renewed by hand takes its owner weeks, holidays included. */
export const LEAF_DAYS = 30
/** Ninety days: a fleet needs at least one renewal window to move to another CA. */
export const AUTHORITY_DAYS = 90
