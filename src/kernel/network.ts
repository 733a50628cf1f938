/**
 * Networks and addresses (RFC 4632, RFC 4291 §2.3), as operators write them and as certificates hold them.
 */
import { fail, ok, type Result } from './types.ts'

/** A network: an address with its host bits zero, and how many bits count. */
export interface Network {
  /** As it was written. */
  readonly text: string
  /** Four of IPv4, sixteen of IPv6. */
  readonly octets: readonly number[]
  readonly bits: number
}

/** What stands for the address of a connection whose other end is not known: it lies in no network. */
export const UNKNOWN_ADDRESS = 'unknown'

/** Reads `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`; a failure says what was wanted in its place. */
export function parseNetwork(text: string): Result<Network, string> {
  const [address = '', length, ...more] = text.split('/')
  const octets = addressOctets(address)
  const most = (octets?.length ?? 0) * 8
  const bits = length === undefined ? most : /^\d{1,3}$/u.test(length) ? Number(length) : -1
  if (octets === undefined || more.length > 0 || bits < 0 || bits > most) {
    return fail('wanted an address, or one with the length of its prefix, such as 192.0.2.0/24')
  }
  if (octets.every((octet, index) => (octet & ~maskAt(index, bits)) === 0)) {
    return ok({ text, octets, bits })
  }
  return fail(`wanted nothing but zeros behind the first ${bits} bits`)
}

/** Whether an address, as octets, lies in a network. */
export function isWithin(
  address: readonly number[],
  { octets, bits }: Pick<Network, 'octets' | 'bits'>,
): boolean {
  if (address.length !== octets.length) return false
  return address.every((octet, index) => (octet & maskAt(index, bits)) === octets[index])
}

/** Whether an address, as a socket tells it, lies in one of the networks; what is no address lies in none. */
export function isInside(address: string, networks: readonly Network[]): boolean {
  // Asked for every request, of lists that are mostly empty: an address need not be taken apart for them.
  if (networks.length === 0) return false
  const octets = socketOctets(address)
  return octets !== undefined && networks.some((network) => isWithin(octets, network))
}

/** Whether only this machine reaches an address. */
export const isLoopback = (address: string): boolean =>
  address === '::1' || (address.startsWith('127.') && addressOctets(address) !== undefined)

/** The octets of an address as a socket tells it, an IPv4-mapped one as the IPv4 address that it is; nothing for what is none. */
export const socketOctets = (address: string): readonly number[] | undefined =>
  addressOctets(address.replace(MAPPED, ''))

/** A socket of both families tells IPv4 addresses so (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/iu

/** The octet of a network mask. */
const maskAt = (index: number, bits: number): number =>
  0xff & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8)))

/** The octets of an IPv4 or IPv6 address (RFC 4291 §2.2); nothing for what is none. */
export function addressOctets(text: string): readonly number[] | undefined {
  if (!text.includes(':')) {
    const parts = text.split('.')
    const isDotted = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/u.test(part))
    const octets = parts.map(Number)
    return isDotted && octets.every((octet) => octet <= 255) ? octets : undefined
  }
  const [head = '', tail, ...more] = text.split('::')
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const missing = 8 - before.length - after.length
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/iu.test(group))) return undefined
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))

/**
 * Returns the network by which an address is counted, as it is written: an IPv4 address alone, an IPv6 address with its
 * /64, because one customer, often one machine, has that much to choose from (RFC 6177 §2). Text that is no address is
 * `unknown`.
 */
export function countedNetwork(address: string): string {
  const plain = address.replace(MAPPED, '').replace(ZONE, '')
  const octets = addressOctets(plain)
  if (octets === undefined) return UNKNOWN_ADDRESS
  if (octets.length === 4) return plain
  const groups = [0, 2, 4, 6].map((at) => ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0))
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}

/** The interface of a link-local address (RFC 4007 §11). */
const ZONE = /%.*$/u
