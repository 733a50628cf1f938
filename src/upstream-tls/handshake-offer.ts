/**
 * A sound selection → what the TLS library is told. Here the names take the form that OpenSSL and Node understand:
 * Node takes everything that begins with `TLS_` for a suite of TLS 1.3, so IANA's older names would be lost.
 */
import type { Selection } from './catalogue.ts'
import { versionsOf } from './selection.ts'
import { suiteFacts, type TlsVersion } from './suite.ts'

/** Options of a secure context. */
export interface HandshakeOffer {
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  readonly ciphers: string
  readonly ecdhCurve: string
}

/** Says what a client with this selection offers; the selection has no faults. */
export function handshakeOffer(selection: Selection): HandshakeOffer {
  const versions = versionsOf(selection)
  const maxVersion = versions[0] ?? 'TLSv1.3'
  const minVersion = versions.at(-1) ?? maxVersion
  // Node would widen or narrow the range after suites that no selected protocol uses.
  const suites = selection.suites.filter((name) =>
    suiteFacts(name)?.protocols.some((one) => versions.includes(one)),
  )
  // The level belongs to this context alone.
  const level = lowersSecurity(selection) ? ['@SECLEVEL=0'] : []
  return {
    minVersion,
    maxVersion,
    ciphers: [...suites, ...level].join(':'),
    ecdhCurve: groupList(selection.groups),
  }
}

/** Whether a protocol is selected that OpenSSL 3 speaks at security level 0 only: TLS 1.1 and 1.0. */
export function lowersSecurity(selection: Pick<Selection, 'protocols'>): boolean {
  const versions = versionsOf(selection)
  return versions.includes('TLSv1.1') || versions.includes('TLSv1')
}

/**
 * Without a mark OpenSSL sends a key share for the first group alone, and a server that lacks the hybrid one would
 * cost a second round trip. So the first of each kind gets the mark.
 */
function groupList(groups: readonly string[]): string {
  const classical = groups.find((name) => !name.includes('MLKEM'))
  return groups
    .map((name, index) => (index === 0 || name === classical ? `*${name}` : name))
    .join(':')
}
