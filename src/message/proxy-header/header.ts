/** What a PROXY header says, whatever its version, and what reading one can lead to. */
import type { Result } from '../../kernel/types.ts'
import { fail, ok } from '../../kernel/types.ts'
import { addressText } from '../../x509/general-name.ts'
import type { Endpoint } from '../proxy-protocol.ts'
import type { MalformedPart, ProxyFault } from './fault.ts'

/** The two ends of a connection as its balancer has them. */
export interface StatedAddresses {
  readonly source: Endpoint
  readonly destination: Endpoint
}

/**
 * What one header says. Nothing else in it is read: who a device is, is proved in the TLS session behind the header
 * (decision 28).
 */
export type ProxyHeader =
  | ({ readonly kind: 'stated' } & StatedAddresses)
  /** LOCAL, UNKNOWN, or a family that is none of the Internet's: senders behind UNIX sockets use them for real clients. */
  | { readonly kind: 'unknown' }

export type HeaderResult = Result<ProxyHeader, ProxyFault>

/** The header of a sender that states no address. */
export const UNKNOWN: HeaderResult = ok({ kind: 'unknown' })

export const malformed = (part: MalformedPart): HeaderResult =>
  fail({ kind: 'proxy-malformed', part })

/** Octets and a port as text; an IPv4-mapped address as the IPv4 address that it is (RFC 4291 §2.5.5.2). */
export function endpointOf(octets: Uint8Array, port: number): Endpoint {
  const plain = isMapped(octets) ? octets.subarray(MAPPED.length) : octets
  return { address: addressText(Buffer.from(plain)), port }
}

const isMapped = (octets: Uint8Array): boolean =>
  octets.length === 16 && MAPPED.every((octet, index) => octets[index] === octet)

const MAPPED: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
