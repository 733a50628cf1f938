/** Names and serial numbers of certificates as text, within bounds: any peer may present what it likes. */
import { printName } from '../x509/print-name.ts'
import type { Name } from '../x509/name.ts'

/** Returns a name in the form of RFC 4514. Measured before it is printed: escapes make it four times as long. */
export function nameText(name: Name): string {
  const octets = name.der.length
  return octets > MAX_NAME ? `a name of ${octets} octets` : printName(name, 'rfc4514')
}

/** Returns a serial number in hexadecimal. */
export const serialText = ({ serial }: { readonly serial: string }): string =>
  serial.slice(0, MAX_SERIAL)

/** The longest honest names have some 300 octets; every line about the connection repeats them. */
const MAX_NAME = 1024
/** RFC 5280 §4.1.2.2 allows 20 octets; twice that tells an overlong one apart. */
const MAX_SERIAL = 80
