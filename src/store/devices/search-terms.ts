/**
 * The words under which a device is found.
 */
import type { SightedCertificate } from '../../fleet/sighting.ts'

/** What people type to find a device: whole values and the values inside the subject, in lower case. */
export function termsOf({
  fingerprint,
  key,
  serial,
  subject,
  signedIds,
}: SightedCertificate): ReadonlySet<string> {
  const parts = subject.split(/[,+=\s]+/).filter((part) => part.length > 2)
  const all = [fingerprint, key, serial, ...signedIds, ...parts.slice(0, 16)]
  return new Set(all.map(termOf).filter((term) => term !== ''))
}

/**
 * A text as it is looked for: lower case, at most 128 characters. Hashes are cut to 24 digits on both sides: no
 * store has two that begin alike, and whole ones would make up a fifth of the store.
 */
export function termOf(text: string): string {
  const term = text.toLowerCase().slice(0, 128)
  return /^[0-9a-f]{41,}$/.test(term) ? term.slice(0, 24) : term
}
