/**
 * One name against one constraint (RFC 5280 §4.2.1.10). Three answers: what cannot be decided is not passed over.
 */
import { unreachable } from '../kernel/types.ts'
import type { GeneralName } from '../x509/general-name.ts'
import type { Name } from '../x509/name.ts'

/** Whether a name lies within a constraint; `maybe` where a pattern covers names inside and outside. */
export type Match = 'inside' | 'outside' | 'maybe' | 'undecidable'

/** Compares names of one kind; the caller pairs them. */
export function matchName(name: GeneralName, base: GeneralName): Match {
  switch (name.kind) {
    case 'dns':
      return base.kind === 'dns' ? matchDns(name.text, base.text) : 'undecidable'
    case 'email':
      return base.kind === 'email' ? matchEmail(name.text, base.text) : 'undecidable'
    case 'uri':
      return base.kind === 'uri' ? matchUri(name.text, base.text) : 'undecidable'
    case 'ip':
      return base.kind === 'ip' ? matchIp(name.octets, base.octets) : 'undecidable'
    case 'directory':
      return base.kind === 'directory' ? matchDirectory(name.name, base.name) : 'undecidable'
    // RFC 5280 defines no comparison for the others.
    case 'other':
      return 'undecidable'
    default:
      return unreachable(name)
  }
}

/** Whether a constraint is one that its kind knows; others make the CA that carries them useless. */
export function isWellFormedConstraint(base: GeneralName): boolean {
  switch (base.kind) {
    case 'dns':
      return isHost(withoutDot(base.text)) || base.text === ''
    case 'email': {
      const [host = '', box, ...more] = base.text.split('@').toReversed()
      return box !== '' && more.length === 0 && isHost(box === undefined ? withoutDot(host) : host)
    }
    case 'uri':
      return isHost(withoutDot(base.text))
    case 'ip':
      return isRange(base.octets)
    case 'directory':
    case 'other':
      return true
    default:
      return unreachable(base)
  }
}

/** A host matches itself and everything below; the empty constraint matches all. */
function matchDns(name: string, constraint: string): Match {
  const base = constraint.toLowerCase()
  const pattern = name.toLowerCase()
  const isPattern = pattern.startsWith('*.')
  const host = isPattern ? pattern.slice(2) : pattern
  if (!isHost(host)) return 'undecidable'
  if (base === '' || isBelow(host, base)) return 'inside'
  if (!isPattern) return 'outside'
  // `*.a.b` covers x.a.b: all of them inside a.b and .a.b, some of them inside y.a.b (RFC 9525 §6.3).
  if (host === withoutDot(base)) return 'inside'
  return isBelow(withoutDot(base), host) ? 'maybe' : 'outside'
}

/** Below or, where the base has no leading dot, equal. */
function isBelow(host: string, base: string): boolean {
  if (base.startsWith('.')) return host.endsWith(base)
  return host === base || host.endsWith(`.${base}`)
}

const withoutDot = (text: string): string => (text.startsWith('.') ? text.slice(1) : text)

/** Letters, digits, hyphens and, for the devices that have them, underscores; no empty label, no trailing dot. */
const isHost = (text: string): boolean => text.length <= 253 && HOST.test(text)
const HOST =
  /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/iu

/** A mailbox, all mailboxes of a host, or (with a leading dot) all mailboxes of the hosts below. */
function matchEmail(name: string, constraint: string): Match {
  const at = name.lastIndexOf('@')
  const host = name.slice(at + 1).toLowerCase()
  // A second @ could only stand in a quoted local part, which no comparison here would understand.
  if (at < 1 || name.indexOf('@') !== at || !isHost(host)) return 'undecidable'
  const constraintAt = constraint.lastIndexOf('@')
  const base = constraint.slice(constraintAt + 1).toLowerCase()
  if (constraintAt >= 0) {
    // Local parts keep their case (RFC 5280 §7.5).
    const sameBox = name.slice(0, at) === constraint.slice(0, constraintAt)
    return sameBox && host === base ? 'inside' : 'outside'
  }
  const inside = base.startsWith('.') ? host.endsWith(base) : host === base
  return inside ? 'inside' : 'outside'
}

/** The host of the authority: itself, or (with a leading dot) one below. */
function matchUri(name: string, constraint: string): Match {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(?<authority>[^/?#]*)/iu.exec(name)?.groups?.[
    'authority'
  ]
  if (authority === undefined) return 'undecidable'
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/u, '')
    .toLowerCase()
  // §4.2.1.10: a URI whose authority is no fully qualified host name is to be refused.
  if (!isHost(host) || /^[\d.]+$/u.test(host) || !host.includes('.')) return 'undecidable'
  const base = constraint.toLowerCase()
  const inside = base.startsWith('.') ? host.endsWith(base) : host === base
  return inside ? 'inside' : 'outside'
}

/** An address and a range; the two families never meet. */
function matchIp(address: Buffer, range: Buffer): Match {
  if (address.length !== 4 && address.length !== 16) return 'undecidable'
  if (range.length !== address.length * 2) return 'outside'
  const inside = address.every((octet, index) => {
    const mask = range[address.length + index] ?? 0xff
    return (octet & mask) === ((range[index] ?? 0) & mask)
  })
  return inside ? 'inside' : 'outside'
}

/** Address and mask, the mask's ones before its zeros (RFC 4632). */
function isRange(range: Buffer): boolean {
  if (range.length !== 8 && range.length !== 32) return false
  const mask = BigInt(`0x${range.subarray(range.length / 2).toString('hex')}`)
  const inverse = BigInt.asUintN(range.length * 4, ~mask)
  return (inverse & (inverse + 1n)) === 0n
}

/** A name lies in a subtree when it begins with the subtree's relative names. */
const matchDirectory = (name: Name, base: Name): Match =>
  name.key.startsWith(base.key) ? 'inside' : 'outside'
