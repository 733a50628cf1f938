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
    const pems = distinct.map(({ der }) => pemOf(der))
    if (octets <= JAVA_NAMES_OCTETS) return { pems, warnings: [] }
    return { pems, warnings: [{ at, message: tooManyForJava(distinct.length, octets) }] }
  }
  const message = `found ${distinct.length} authorities to name, whose names take ${octets} octets; wanted at most ${MAX_NAMES_OCTETS}, which is what fits a certificate request: none is named, and devices with several identities must choose by themselves; remove the settings that no device needs any more, or leave advertiseCas off`
  return { pems: [], warnings: [{ at, message }] }
}

const tooManyForJava = (count: number, octets: number): string =>
  `found ${count} authorities to name, whose names take ${octets} octets; wanted at most ${JAVA_NAMES_OCTETS}, which is what a client in Java takes (jdk.tls.maxHandshakeMessageSize): its handshake fails with "The size of the handshake message exceeds the maximum allowed size"; all are named, and other clients take them; remove the settings that no device needs any more, leave advertiseCas off, or raise that property in the client`

/** Each name is preceded by its length in two octets. */
const LENGTH_PREFIX = 2
/**
 * The list is a vector of at most 65,535 octets (RFC 8446 §4.2.4), and OpenSSL fails every handshake beyond it.
 * The rest of the message needs room too: one KiB.
 */
export const MAX_NAMES_OCTETS = 64_511
/**
 * Java ends a handshake with a message over 32 KiB (JSSE of OpenJDK 17.0.15, seen with 32,768 octets of names over TLS 1.2
 * and 1.3). The rest of the message took 48 and 55 octets there.
 */
export const JAVA_NAMES_OCTETS = 32_640
