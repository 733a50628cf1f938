/**
 * Which authorities a listener names when it asks for a certificate (RFC 8446 §4.2.4), so that a device with
 * several identities can choose the right one.
 */
import type { Fault } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import { pemOf } from '../x509/pem.ts'

/** What is named, as PEM, and what the operator should know of it. */
export interface AdvertisedCas {
  readonly pems: readonly string[]
  readonly warnings: readonly Fault[]
}

/** PEM of the authorities to name; none rather than some, because a list that lacks a device's CA turns it away. */
export function advertisedCas(authorities: readonly Certificate[], at: string): AdvertisedCas {
  const distinct = new Map(authorities.map((one) => [one.subject.key, one])).values().toArray()
  const octets = distinct.reduce((sum, { subject }) => sum + LENGTH_PREFIX + subject.der.length, 0)
  if (octets <= MAX_NAMES_OCTETS) {
    return { pems: distinct.map(({ der }) => pemOf(der)), warnings: [] }
  }
  const message = `found ${distinct.length} authorities to name, whose names take ${octets} octets; wanted at most ${MAX_NAMES_OCTETS}, which is what fits a certificate request: none is named, and devices with several identities must choose by themselves; remove the settings that no device needs any more, or leave advertiseCas off`
  return { pems: [], warnings: [{ at, message }] }
}

/** Each name is preceded by its length in two octets. */
const LENGTH_PREFIX = 2
/**
 * The list is a vector of at most 65,535 octets (RFC 8446 §4.2.4), and OpenSSL fails every handshake beyond it.
 * The rest of the message needs room too: one KiB.
 */
export const MAX_NAMES_OCTETS = 64_511
