/**
 * The words under which a device is found.
 */
import type { SightedCertificate } from './sighting.ts'

/** What people type to find a device: whole values and the values inside the subject, in lower case. */
export function termsOf(
  { fingerprint, key, serial, subject, signedIds }: SightedCertificate,
  reportedId: string | undefined,
): ReadonlySet<string> {
  const parts = subject.split(/[,+=\s]+/).filter((part) => part.length > 2)
  const all = [fingerprint, key, serial, ...signedIds, ...parts.slice(0, 16)]
  if (reportedId !== undefined) all.push(reportedId)
  return new Set(all.map(termOf).filter((term) => term !== ''))
}

/** A text as it is looked for: lower case, at most 128 characters. */
export const termOf = (text: string): string => text.toLowerCase().slice(0, 128)
