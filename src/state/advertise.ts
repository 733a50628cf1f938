/**
 * Which authorities a listener names when it asks for a certificate (RFC 8446 §4.2.4), so that a device with
 * several identities can choose the right one.
 */
import type { Fault } from '../kernel/types.ts'
import { pemOf } from '../x509/pem.ts'
import type { TrustStore } from '../trust/store.ts'

/** PEM of the authorities to name; none rather than some, because a list that lacks a device's CA turns it away. */
export function advertisedAuthorities(
  store: TrustStore,
  at: string,
): { readonly pems: readonly string[]; readonly warnings: readonly Fault[] } {
  const authorities = [
    ...store.anchors.map(({ certificate }) => certificate),
    ...store.intermediates,
  ]
  const distinct = new Map(authorities.map((one) => [one.subject.key, one])).values().toArray()
  const octets = distinct.reduce((sum, { subject }) => sum + LENGTH_PREFIX + subject.der.length, 0)
  if (octets <= MAX_NAMES_OCTETS) {
    return { pems: distinct.map(({ der }) => pemOf(der)), warnings: [] }
  }
  const message = `the names of ${distinct.length} authorities take ${octets} octets, more than the ${MAX_NAMES_OCTETS} that fit a certificate request: none is named, and devices with several identities must choose by themselves`
  return { pems: [], warnings: [{ at, message }] }
}

/** Each name is preceded by its length in two octets. */
const LENGTH_PREFIX = 2
/**
 * The list is a vector of at most 65,535 octets (RFC 8446 §4.2.4), and OpenSSL fails every handshake beyond it.
 * The rest of the message needs room too: one KiB.
 */
const MAX_NAMES_OCTETS = 64_511
