/**
 * Names of machines as people write them into a configuration.
 */
import { isIP, isIPv6 } from 'node:net'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { ServerNameIndication } from '../../upstream-tls/verification.ts'
import { quoted } from './fault-text.ts'
import { type Maybe, missing, type Place } from './place.ts'

/** A DNS name or an address, lower case, without port or brackets; the failure is a whole sentence. */
export function parseHost(written: string): Result<string, string> {
  const found = `found ${quoted(written)}`
  const bare = /^\[(.*)\]$/.exec(written)?.[1] ?? written
  if (isIP(bare) !== 0) return ok(bare.toLowerCase())
  if (written.includes('://') || written.includes('/')) {
    return fail(`${found}, wanted a host name: leave out the scheme and the path`)
  }
  if (/:[0-9]+$/.test(written)) return fail(`${found}, wanted a host name: leave out the port`)
  if (written.includes('*')) {
    return fail(
      `${found}, wanted a whole host name: name each host, wildcards admit names that were never meant`,
    )
  }
  if (/[^\u0000-\u007f]/.test(written)) {
    return fail(`${found}, wanted ASCII: write the name in its xn-- form`)
  }
  const name = written.toLowerCase().replace(/\.$/, '')
  const isName = name.length <= 253 && name.split('.').every((label) => LABEL.test(label))
  // A last label of digits makes browsers and resolvers take the whole for an IPv4 address.
  if (!isName || /(?:^|\.)[0-9]+$/.test(name)) {
    return fail(`${found}, wanted a host name or an IP address: correct it`)
  }
  return ok(name)
}

/** A DNS name or an address. */
export const readHost = (place: Place<string>): Maybe<string> =>
  place.written === undefined ? missing : place.orFault(parseHost(place.written))

/** The server name to send (RFC 6066 §3): `off`, `on` or a name. */
export function readSni(place: Place<string>): Maybe<ServerNameIndication> {
  if (place.written === 'on' || place.written === 'off') return { kind: place.written }
  const name = readHost(place)
  if (name === missing) return missing
  // RFC 6066 §3: literal addresses are not permitted in SNI.
  if (/^[0-9.]+$|:/.test(name)) {
    const message = 'found an IP address, wanted a host name, off or on: SNI cannot carry addresses'
    return place.fault(message)
  }
  return { kind: 'name', name }
}

/** An address to bind: no names, which may resolve to anything by the next start. */
export function readAddress(place: Place<string>): Maybe<string> {
  const { written } = place
  if (written === undefined) return missing
  if (isIP(written) !== 0) return written
  const advice =
    written === 'localhost' ? 'write 127.0.0.1 or ::1' : 'write 0.0.0.0 for every address'
  return place.fault(`found ${quoted(written)}, wanted an IP address: ${advice}`)
}

/** As it stands in a URL or a Host field. */
export const bracketed = (host: string): string => (isIPv6(host) ? `[${host}]` : host)

/** RFC 1123 §2.1; the underscore is what some internal names have all the same. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
