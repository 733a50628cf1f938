/** The network by which an address is counted. */
import { addressOctets } from '../kernel/network.ts'

/**
 * An IPv4 address is counted alone, an IPv6 address with its /64: that much one customer, often one machine, has to
 * itself and may choose from (RFC 6177 §2). What is no address is one network of its own.
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
