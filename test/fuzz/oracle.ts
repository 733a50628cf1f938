/**
 * The second opinion: what our reader takes for a certificate, OpenSSL must take for the same one. Where the two
 * differ for a known reason it is counted under that reason; any other difference is a failure.
 */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { Certificate } from '../../src/x509/certificate.ts'
import { textOf } from '../../src/x509/name.ts'
import { treeOf, type Node } from './tree.ts'

/** What came of asking OpenSSL. */
export type Opinion =
  | { readonly kind: 'agrees' }
  /** They differ, and it is known why. */
  | { readonly kind: 'known'; readonly reason: string }
  | { readonly kind: 'differs'; readonly what: string }

/** Asks OpenSSL about a certificate that we have read. */
export function opensslOpinion(ours: Certificate): Opinion {
  const theirs = attempted(() => new X509Certificate(ours.der))
  if (theirs === undefined) {
    const known = REFUSED_BY_OPENSSL.find(([, applies]) => applies(ours))
    if (known !== undefined) return { kind: 'known', reason: known[0] }
    return { kind: 'differs', what: 'OpenSSL refuses it' }
  }
  for (const [what, differs] of COMPARED) {
    if (!differs(ours, theirs)) continue
    return { kind: 'differs', what: `OpenSSL reads another ${what}` }
  }
  return sameKey(ours, theirs)
}

type Comparison = (ours: Certificate, theirs: X509Certificate) => boolean

const COMPARED: readonly (readonly [string, Comparison])[] = [
  ['certificate', ({ der }, { raw }) => !der.equals(raw)],
  ['serial', ({ serial }, { serialNumber }) => plain(serial) !== plain(serialNumber)],
  ['notBefore', ({ notBefore }, { validFromDate }) => notBefore !== validFromDate.getTime()],
  ['notAfter', ({ notAfter }, { validToDate }) => notAfter !== validToDate.getTime() + 999],
]

/** Leading zeros are a matter of taste. */
const plain = (serial: string): string => serial.toLowerCase().replace(/^(-?)0+(?=.)/u, '$1')

function sameKey({ publicKey }: Certificate, theirs: X509Certificate): Opinion {
  const one = attempted(() => createPublicKey({ key: publicKey.spki, format: 'der', type: 'spki' }))
  const other = attempted((): KeyObject => theirs.publicKey)
  if (one === undefined && other === undefined) return { kind: 'known', reason: 'the key is none' }
  if (one === undefined || other === undefined || !one.equals(other)) {
    return { kind: 'differs', what: 'OpenSSL reads another public key' }
  }
  return { kind: 'agrees' }
}

function attempted<Value>(action: () => Value): Value | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

type Reason = readonly [why: string, applies: (certificate: Certificate) => boolean]

/** What OpenSSL does not read and we do, and why that is right. */
const REFUSED_BY_OPENSSL: readonly Reason[] = [
  [
    // Ours keeps what is no text as octets, compares it as octets and shows it in hexadecimal (RFC 4514 §2.4).
    'a name holds a value of no type that OpenSSL knows in names, or octets that its type does not have',
    ({ subject, issuer }) => [subject, issuer].some(({ der }) => values(treeOf(der)).some(isOdd)),
  ],
]

/** The values of the attributes of a name. */
function values({ body }: Node): readonly Node[] {
  if (Buffer.isBuffer(body)) return []
  return body.flatMap((set) => (Buffer.isBuffer(set.body) ? [] : set.body)).flatMap(lastOf)
}

const lastOf = ({ body }: Node): readonly Node[] => (Buffer.isBuffer(body) ? [] : body.slice(-1))

const isOdd = ({ tag, body }: Node): boolean =>
  !IN_NAMES.has(tag) || (Buffer.isBuffer(body) && textOf(tag, body) === undefined)

/** NumericString to BMPString, but not VisibleString; see DIRSTRING_TYPE and its kin in OpenSSL's asn1.h. */
const IN_NAMES = new Set([0x03, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x1c, 0x1e, 0x30])
