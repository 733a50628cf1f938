/**
 * Device ids that a CA signed: what links the certificates of one device when it renews with a new key (decision 9),
 * and what a block reaches its next certificate by (decision 29).
 */
import { hash } from 'node:crypto'
import type { Branded } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { GeneralName } from '../x509/general-name.ts'

/** The SHA-256 of a signed id, in hexadecimal: what a table of very many ids is asked for. */
export type SignedIdDigest = Branded<string, 'SignedIdDigest'>

/** A device has one to three ids: a UDID, a serial number, a UUID. Each costs a look-up per request, and a row of the store. */
export const SIGNED_ID_LIMIT = 64

/** What a certificate says of ids. */
export interface SignedIds {
  /** How many there are. */
  readonly found: number
  /** All of them; none where there are more than `SIGNED_ID_LIMIT`. */
  readonly ids: readonly SignedId[]
}

export interface SignedId {
  readonly text: string
  readonly digest: SignedIdDigest
}

/**
 * The ids among a certificate's subject alternative names: URNs, such as `urn:uuid:…`. Mail addresses, principal names
 * and host names are left out: they name people and services, and two devices of one person would become one device.
 */
export const signedIds = (names: readonly GeneralName[]): readonly string[] => [
  ...new Set(
    names.flatMap((name) =>
      name.kind === 'uri' && isUrn(name.text) ? [canonical(name.text)] : [],
    ),
  ),
]

/** Returns the ids of a certificate, worked out once for as long as the certificate is held. */
export function signedIdsOf(leaf: Certificate): SignedIds {
  const known = idsOf.get(leaf)
  if (known !== undefined) return known
  const texts = signedIds(leaf.subjectAltNames)
  const found = texts.length
  const looked = found > SIGNED_ID_LIMIT ? [] : texts
  const ids = looked.map((text) => ({ text, digest: digestOf(text) }))
  const it = { found, ids }
  idsOf.set(leaf, it)
  return it
}

const idsOf = new WeakMap<Certificate, SignedIds>()

/** Signed id → what a table of ids is asked for. */
export const digestOf = (id: string): SignedIdDigest => hash('sha256', id) as SignedIdDigest

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
