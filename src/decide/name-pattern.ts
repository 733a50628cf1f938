/**
 * What a row may ask of a subject alternative name (RFC 5280 §4.2.1.6): one name, or all below one. Patterns narrow,
 * so whatever cannot be compared does not match; a name with a wildcard of its own names no device and never does.
 */
import { isWithin, parseNetwork } from '../kernel/network.ts'
import { fail, ok, unreachable, type Result } from '../kernel/types.ts'
import type { GeneralName } from '../x509/general-name.ts'

/** A pattern as it was written, and what it means. */
export type NamePattern = { readonly text: string } & (
  | { readonly kind: 'dns'; readonly host: string; readonly below: boolean }
  /** Without a box: every box of the host. */
  | { readonly kind: 'email'; readonly box: string | undefined; readonly host: string }
  | { readonly kind: 'uri'; readonly uri: string; readonly isPrefix: boolean }
  /** The address with its host bits zero, and how many bits count. */
  | { readonly kind: 'ip'; readonly octets: readonly number[]; readonly bits: number }
)

/** Reads `dns:`, `email:`, `uri:` or `ip:` and a name; a failure says what was wanted in its place. */
export function parseNamePattern(text: string): Result<NamePattern, string> {
  const colon = text.indexOf(':')
  const name = text.slice(colon + 1)
  switch (text.slice(0, Math.max(0, colon))) {
    case 'dns':
      return dnsPattern(text, name)
    case 'email':
      return emailPattern(text, name)
    case 'uri':
      return uriPattern(text, name)
    case 'ip':
      return ipPattern(text, name)
    default:
      return fail('wanted dns:, email:, uri: or ip: and a name')
  }
}

/** Whether a name of a certificate is one that the pattern asks for. */
export function isNamed(name: GeneralName, pattern: NamePattern): boolean {
  switch (pattern.kind) {
    case 'dns': {
      if (name.kind !== 'dns') return false
      const host = name.text.toLowerCase()
      if (!pattern.below) return host === pattern.host
      return host.endsWith(`.${pattern.host}`) && isHost(host)
    }
    case 'email': {
      if (name.kind !== 'email') return false
      const at = name.text.lastIndexOf('@')
      const [box, host] = [name.text.slice(0, at), name.text.slice(at + 1).toLowerCase()]
      // A box with an @ could only be quoted, and two readers would cut it at different places.
      if (at < 1 || box.includes('@') || host !== pattern.host) return false
      // Boxes keep their case (RFC 5280 §7.5).
      return pattern.box === undefined || box === pattern.box
    }
    case 'uri':
      if (name.kind !== 'uri') return false
      return pattern.isPrefix ? name.text.startsWith(pattern.uri) : name.text === pattern.uri
    case 'ip':
      return name.kind === 'ip' && isWithin([...name.octets], pattern)
    default:
      return unreachable(pattern)
  }
}

type Pattern = Result<NamePattern, string>

function dnsPattern(text: string, name: string): Pattern {
  const below = name.startsWith('*.')
  const host = (below ? name.slice(2) : name).toLowerCase()
  if (isHost(host)) return ok({ text, kind: 'dns', host, below })
  return fail('wanted a host name, or *. and a host name for everything below it')
}

function emailPattern(text: string, name: string): Pattern {
  const [box = '', host = '', ...more] = name.split('@')
  if (box !== '' && more.length === 0 && isHost(host.toLowerCase())) {
    return ok({
      text,
      kind: 'email',
      box: box === '*' ? undefined : box,
      host: host.toLowerCase(),
    })
  }
  return fail('wanted a mailbox such as a@b.example, or *@ and a host for all its mailboxes')
}

/** The asterisk stands behind a delimiter, or `https://a.example*` would also mean a.example.evil.test. */
function uriPattern(text: string, name: string): Pattern {
  const isPrefix = name.endsWith('*')
  const uri = isPrefix ? name.slice(0, -1) : name
  if (!/^[a-z][a-z0-9+.-]*:[!-)+-~]+$/iu.test(uri)) {
    return fail('wanted a whole URI such as urn:uuid:1234, with * at most at its end')
  }
  if (!isPrefix || /[/:;?#=&]$/u.test(uri)) return ok({ text, kind: 'uri', uri, isPrefix })
  return fail('wanted * behind a delimiter, such as spiffe://fleet.example/*')
}

function ipPattern(text: string, name: string): Pattern {
  const network = parseNetwork(name)
  if (!network.ok) return network
  const { octets, bits } = network.value
  return ok({ text, kind: 'ip', octets, bits })
}

/** Lower case; no empty label, no trailing dot, no wildcard. */
const isHost = (text: string): boolean => text.length <= 253 && HOST.test(text)
const HOST =
  /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/u
