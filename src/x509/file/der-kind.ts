/**
 * What octets are, told from the tags of their first elements alone: so that a file of the wrong kind is refused by its
 * own name, and not by the octet at which it stops to look like the right one.
 */
import { constructed, DerReader, TAG } from '../der.ts'

/** The kinds of encodings that people take for one another. */
export type DerKind =
  | 'certificate'
  | 'revocation-list'
  | 'certificate-request'
  | 'private-key'
  | 'public-key'
  | 'pkcs7'
  | 'pkcs12'
  | 'unknown'

/** Names the kind; whether the rest is in order is not asked. */
export function derKind(octets: Buffer): DerKind {
  const outer = contentOf(octets)
  switch (outer.tag) {
    case TAG.oid:
      return 'pkcs7'
    case TAG.integer:
      return afterInteger(outer)
    case TAG.sequence:
      return afterSequence(outer)
    default:
      return 'unknown'
  }
}

/** What the outermost element holds, though its length be left open, as in PKCS#12 files of Java and of browsers. */
function contentOf(octets: Buffer): DerReader {
  const isOpen = octets[0] === TAG.sequence && octets[1] === 0x80
  return isOpen ? DerReader.over(octets.subarray(2)) : DerReader.over(octets).enter(TAG.sequence)
}

/** PFX (RFC 7292 §4), or a key: PKCS#8 (RFC 5208 §5), PKCS#1 (RFC 8017 §A.1.2), SEC1 (RFC 5915 §3). */
function afterInteger(outer: DerReader): DerKind {
  const version = outer.count()
  if (outer.tag === TAG.octetString || outer.tag === TAG.integer) return 'private-key'
  if (outer.tag !== TAG.sequence) return 'unknown'
  return version === 3 ? 'pkcs12' : 'private-key'
}

function afterSequence(outer: DerReader): DerKind {
  const inside = outer.enter(TAG.sequence)
  // A key with its algorithm: public (RFC 5280 §4.1.2.7), or encrypted (RFC 5208 §6).
  if (inside.tag === TAG.oid) {
    if (outer.tag === TAG.bitString) return 'public-key'
    return outer.tag === TAG.octetString ? 'private-key' : 'unknown'
  }
  if (outer.tag !== TAG.sequence) return 'unknown'
  return signedKind(inside)
}

/** Something signed: CertificationRequestInfo (RFC 2986 §4.1), TBSCertList (RFC 5280 §5.1), TBSCertificate (§4.1). */
function signedKind(tbs: DerReader): DerKind {
  if (tbs.tag === constructed(0)) return 'certificate'
  if (tbs.tag === TAG.integer) tbs.step(TAG.integer)
  // The algorithm and the issuer, or the subject and its key; what is not there leaves no tag to go by.
  tbs.step(TAG.sequence)
  tbs.step(TAG.sequence)
  const { tag } = tbs
  switch (tag) {
    case TAG.utcTime:
    case TAG.generalizedTime:
      return 'revocation-list'
    case TAG.sequence:
      return 'certificate'
    case constructed(0):
      return 'certificate-request'
    default:
      return 'unknown'
  }
}
