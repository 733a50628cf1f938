/**
 * GeneralName (RFC 5280 §4.2.1.6): what a certificate may be for besides its subject.
 */
import { constructed, primitive, type DerReader } from './der.ts'
import { readName, type Name } from './name.ts'

/** A subject alternative name (RFC 5280 §4.2.1.6), text where it has a text form. */
export type GeneralName =
  | { readonly kind: 'dns'; readonly text: string }
  | { readonly kind: 'email'; readonly text: string }
  | { readonly kind: 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Buffer; readonly text: string }
  | { readonly kind: 'directory'; readonly name: Name }
  | { readonly kind: 'other'; readonly tag: number; readonly der: Buffer }

const TAGS = {
  email: primitive(1),
  dns: primitive(2),
  directory: constructed(4),
  uri: primitive(6),
  ip: primitive(7),
} as const

/** otherName, x400Address, ediPartyName and registeredID: carried as they are. */
const CARRIED = new Set([constructed(0), constructed(3), constructed(5), primitive(8)])

/** Reads GeneralNames; never empty, by the RFC. */
export function readGeneralNames(names: DerReader): readonly GeneralName[] {
  const read: GeneralName[] = []
  if (!names.more) names.refuse('missing-element')
  while (names.more) {
    if (read.length === MAX_NAMES) names.refuse('too-many-elements')
    read.push(readGeneralName(names))
  }
  return read
}

/** Certificates of large web sites carry some 250; a device has a handful. */
const MAX_NAMES = 1024

/** Reads one GeneralName; an address has 4, 8, 16 or 32 octets, the even ones of those being ranges. */
export function readGeneralName(reader: DerReader): GeneralName {
  const { tag } = reader
  switch (tag) {
    case TAGS.email:
      return { kind: 'email', text: ia5(reader, tag) }
    case TAGS.dns:
      return { kind: 'dns', text: ia5(reader, tag) }
    case TAGS.uri:
      return { kind: 'uri', text: ia5(reader, tag) }
    case TAGS.ip: {
      const octets = reader.content(tag)
      return { kind: 'ip', octets, text: addressText(octets) }
    }
    case TAGS.directory: {
      const explicit = reader.enter(tag)
      const name = readName(explicit)
      explicit.end()
      return { kind: 'directory', name }
    }
    default:
      if (!CARRIED.has(tag)) reader.refuse('unexpected-element')
      return { kind: 'other', tag, der: reader.element() }
  }
}

function ia5(reader: DerReader, tag: number): string {
  const text = reader.enter(tag).ascii
  // Octets beyond ASCII have no meaning here (RFC 5280 §7.2 ff. has punycode for them).
  if (text === undefined) reader.refuse('text-not-ascii')
  return text ?? ''
}

/** An address or range as text: `192.0.2.1`, `2001:db8::1`, `192.0.2.0/255.255.255.0`; odd sizes in hexadecimal. */
export function addressText(octets: Buffer): string {
  switch (octets.length) {
    case 4:
      return octets.join('.')
    case 16:
      return ipv6Text(octets)
    case 8:
    case 32: {
      const half = octets.length / 2
      return `${addressText(octets.subarray(0, half))}/${addressText(octets.subarray(half))}`
    }
    default:
      return `#${octets.toString('hex')}`
  }
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function ipv6Text(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2))
  let best = { from: 0, length: 1 }
  let from = 0
  for (let at = 0; at <= 8; at += 1) {
    if (groups[at] === 0) continue
    if (at - from > best.length) best = { from, length: at - from }
    from = at + 1
  }
  const hex = groups.map((group) => group.toString(16))
  if (best.length === 1) return hex.join(':')
  return `${hex.slice(0, best.from).join(':')}::${hex.slice(best.from + best.length).join(':')}`
}
