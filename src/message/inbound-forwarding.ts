/**
 * The list of addresses that a request brings along, as far as it may be passed on to an upstream: `Forwarded` (RFC 7239)
 * or `X-Forwarded-For`, from clients in `forwardedFrom` alone. It is what others said. Nothing here is ever asked for the
 * address of a device: access lists, rates and the log have that of the connection.
 *
 * Who is nearest to us writes last. So a list is read from its end, and ends where it is damaged: what stands before the
 * damage is dropped, and what nearer proxies added behind it is kept. Dropping the whole list would let a client hide: it
 * sends rubbish to a proxy that appends without reading (nginx's `$proxy_add_x_forwarded_for`), and the upstream would find
 * the address of the proxy where that of the client belongs.
 *
 * A departure from RFC 7239 §4: of an inbound element only `for` and `by` are passed on. `host` and `proto` of the first
 * element are what servers make links of, and only we say those; extensions mean what we do not know.
 */
import { socketOctets } from '../kernel/network.ts'

/** A field whose list may be passed on, in lower case. */
export type ForwardingList = 'forwarded' | 'x-forwarded-for'

/** An inbound list: the values of every field of this name, in order (RFC 9110 §5.3). */
export interface InboundList {
  readonly list: ForwardingList
  readonly values: readonly string[]
}

/**
 * Returns the elements of an inbound list that may be passed on, in order, each as it is written: at most 16, from at
 * most 2,048 octets.
 */
export function inboundElements({ list, values }: InboundList): readonly string[] {
  const read = list === 'forwarded' ? forwardedTail : addressTail
  const elements: string[] = []
  let octets = MAX_OCTETS
  for (const value of values.toReversed()) {
    // An element that is cut must not be taken for a whole one: with a quote before it, it is damaged.
    const tail = read(value.length > octets ? `"${value.slice(-octets)}` : value)
    elements.unshift(...tail.elements)
    octets -= value.length
    if (tail.isDamaged || octets <= 0) break
  }
  return elements.slice(-MAX_ELEMENTS)
}

/** The end of one field's list. */
interface Tail {
  readonly elements: readonly string[]
  /** Whether something before them was dropped. */
  readonly isDamaged: boolean
}

/** Reads `X-Forwarded-For`, which knows no quotes: addresses, with or without a port, and `unknown`. */
function addressTail(text: string): Tail {
  const elements: string[] = []
  for (const part of text.split(',').toReversed()) {
    const element = part.trim()
    if (element === '') continue
    if (!isAddress(element)) return { elements, isDamaged: true }
    elements.unshift(element)
  }
  return { elements, isDamaged: false }
}

function isAddress(text: string): boolean {
  if (text.toLowerCase() === 'unknown' || socketOctets(text) !== undefined) return true
  return NUMBERED.test(text) && isNode(text)
}

/** Reads `Forwarded` (RFC 7239 §4); white space is allowed around `;`, too, because senders write it there. */
function forwardedTail(text: string): Tail {
  let elements: string[] = []
  let isDamaged = false
  let pairs = new Map<string, string>()
  for (let start = 0, at = start; ;) {
    PAIR.lastIndex = at
    const { pair, end } = PAIR.exec(text)?.groups ?? {}
    at = PAIR.lastIndex
    if (end === undefined || !takePair(pair, pairs)) {
      // A quote that one proxy left open must not swallow what the next one added: it goes on behind the first comma.
      const comma = text.indexOf(',', start)
      if (comma === -1) return { elements: [], isDamaged: true }
      isDamaged = true
      elements = []
      at = comma + 1
    } else {
      if (end === ';') continue
      if (pairs.size > 0) elements.push(elementText(pairs))
      if (end === '') return { elements, isDamaged }
    }
    start = at
    pairs = new Map()
  }
}

/** Takes one pair; false where it makes the element malformed: a name twice, or a `for` or `by` that names no node. */
function takePair(pair: string | undefined, pairs: Map<string, string>): boolean {
  if (pair === undefined) return true
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals).toLowerCase()
  const value = unquoted(pair.slice(equals + 1))
  if (pairs.has(name) || ((name === 'for' || name === 'by') && !isNode(value))) return false
  pairs.set(name, value)
  return true
}

const unquoted = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replaceAll(QUOTED_PAIR, '$1') : value

/** An element that does not say for whom it stands still stands for one more proxy on the way. */
function elementText(pairs: ReadonlyMap<string, string>): string {
  const by = pairs.get('by')
  const from = `for=${nodeText(pairs.get('for') ?? 'unknown')}`
  return by === undefined ? from : `${from};by=${nodeText(by)}`
}

/** RFC 7239 §6: what holds a colon is quoted. */
const nodeText = (node: string): string => (node.includes(':') ? `"${node}"` : node)

/** Tells whether text is a node (RFC 7239 §6): an address, `unknown` or an obfuscated name, with or without a port. */
function isNode(text: string): boolean {
  const { name, ipv6 } = (text.length <= MAX_NODE && NODE.exec(text)?.groups) || {}
  if (ipv6 !== undefined) return ipv6.includes(':') && socketOctets(ipv6) !== undefined
  if (name === undefined) return false
  return name.startsWith('_') || name.toLowerCase() === 'unknown' || isIpv4(name)
}

const isIpv4 = (text: string): boolean => socketOctets(text)?.length === 4

/** One pair of an element, or none, and what ends it. */
const PAIR =
  /[ \t]*(?:(?<pair>[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\]|\\.)*"))[ \t]*)?(?<end>[;,]|$)/y
const QUOTED_PAIR = /\\(.)/g
const NODE =
  /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<name>_[\w.-]+|[A-Za-z0-9.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/
/** An address, and no name, with brackets, a port or both. */
const NUMBERED = /^[0-9[]/

/** Four proxies on the way are many; what is beyond sixteen was written by a client, and the nearest sixteen are kept. */
const MAX_ELEMENTS = 16
/** Sixteen elements of 128 octets: two IPv6 addresses with ports, quoted. */
const MAX_OCTETS = 2048
/** An IPv6 address in brackets with a port is 47; an obfuscated name may be as long as a hash in hexadecimal. */
const MAX_NODE = 64
