/**
 * Device ids that a CA signed: what links the certificates of one device when it renews with a new key (decision 9).
 */
import type { GeneralName } from '../x509/general-name.ts'

/**
 * The ids among a certificate's subject alternative names: URNs, such as `urn:uuid:…`. Mail addresses, principal names
 * and host names are left out: they name people and services, and two devices of one person would become one device.
 */
export const signedIds = (names: readonly GeneralName[]): readonly string[] =>
  names.flatMap((name) => (name.kind === 'uri' && isUrn(name.text) ? [canonical(name.text)] : []))

/** RFC 8141 §2: a namespace, and something in it. */
const isUrn = (text: string): boolean =>
  text.length <= MAX_ID && /^urn:[a-z0-9][a-z0-9-]{0,31}:[!-~]+$/iu.test(text)

/** §3.1: `urn` and the namespace are compared without regard to case, and so are UUIDs (RFC 9562 §4). */
function canonical(text: string): string {
  const end = text.indexOf(':', 'urn:'.length) + 1
  const space = text.slice(0, end).toLowerCase()
  const rest = text.slice(end)
  return space + (space === 'urn:uuid:' ? rest.toLowerCase() : rest)
}

/** A UUID has 45 characters, a serial number fewer; each id is a row of the store. */
const MAX_ID = 200
