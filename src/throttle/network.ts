/** The network by which an address is counted. */
import { addressOctets } from '../kernel/network.ts'

/**
 * Returns the network by which an address is counted: an IPv4 address alone, an IPv6 address with its /64, because one
 * customer, often one machine, has that much to choose from (RFC 6177 §2). Text that is no address is `unknown`.
 */
export function networkOf(address: string): string {
  const plain = address.replace(MAPPED, '').replace(ZONE, '')
  const octets = addressOctets(plain)
  if (octets === undefined) return 'unknown'
  if (octets.length === 4) return plain
  return `${Buffer.from(octets.slice(0, PREFIX_OCTETS)).toString('hex')}/64`
}

/** A socket of both families tells IPv4 addresses so (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/iu
/** The interface of a link-local address (RFC 4007 §11). */
const ZONE = /%.*$/u
const PREFIX_OCTETS = 8
