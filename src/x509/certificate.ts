/**
 * DER → `Certificate` (RFC 5280 §4.1): size first, then every field, each extension that bears on soundness
 * decoded, no key imported, no signature checked.
 */
import { hash } from 'node:crypto'
import { fail, ok } from '../kernel/types.ts'
import type { Fingerprint, Instant, KeyFingerprint, Result } from '../kernel/types.ts'
import { derFaultText } from './der-fault-text.ts'
import type { Laxity, Problem } from './der-fault.ts'
import { constructed, DerReader, primitive, TAG } from './der.ts'
import { readExtensions, serialText, type Extensions } from './extensions.ts'
import type { GeneralName } from './general-name.ts'
import { readKeyAlgorithm, type KeyAlgorithm } from './key.ts'
import { readName, type Name } from './name.ts'
import { readSignatureAlgorithm, type SignatureAlgorithm } from './signature.ts'
import { readTime } from './time.ts'

export type { GeneralName } from './general-name.ts'

/** A certificate, read and not yet believed. */
export interface Certificate {
  readonly der: Buffer
  readonly fingerprint: Fingerprint
  readonly version: 1 | 2 | 3
  /** Lower-case hexadecimal of the INTEGER's octets, leading zero octet dropped; `-` first when negative. */
  readonly serial: string
  readonly issuer: Name
  readonly subject: Name
  readonly notBefore: Instant
  /** The last millisecond of the last second the certificate names (RFC 5280 §4.1.2.5: inclusive). */
  readonly notAfter: Instant
  readonly publicKey: PublicKey
  readonly subjectAltNames: readonly GeneralName[]
  readonly extensions: Extensions
  readonly signature: Signature
  /** Harmless departures from DER. */
  readonly laxities: ReadonlySet<Laxity>
}

export interface PublicKey {
  readonly fingerprint: KeyFingerprint
  readonly spki: Buffer
  readonly algorithm: KeyAlgorithm
}

/** What was signed, how, and the signature's octets. */
export interface Signature {
  readonly algorithm: SignatureAlgorithm
  readonly tbs: Buffer
  readonly value: Buffer
}

/** Why octets are not a certificate that we read. */
export type CertificateFault =
  | { readonly kind: 'certificate-too-large'; readonly bytes: number; readonly limit: number }
  | {
      readonly kind: 'certificate-malformed'
      readonly problem: Problem
      /** The part that was being read, as the RFC calls it; an extension by its object identifier. */
      readonly field: string
      /** Octets from the beginning of the certificate. */
      readonly offset: number
      /** The three above in one sentence. */
      readonly detail: string
    }

/**
 * Devices' certificates are 0.5 to 4 KiB, post-quantum ones up to some 20 KiB; OpenSSL takes no chain above
 * 100 KiB. The bound is what reading may cost a hostile one.
 */
export const MAX_CERTIFICATE_BYTES = 65_536

/** Reads one certificate; the octets are kept, not copied. Who has their SHA-256 already says it. */
export function parseCertificate(
  octets: Uint8Array,
  known?: Fingerprint,
): Result<Certificate, CertificateFault> {
  if (octets.length > MAX_CERTIFICATE_BYTES) {
    const limit = MAX_CERTIFICATE_BYTES
    return fail({ kind: 'certificate-too-large', bytes: octets.length, limit })
  }
  const der = Buffer.isBuffer(octets)
    ? octets
    : Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  const reader = DerReader.over(der)
  const certificate = readCertificate(reader, der, known)
  const { fault } = reader
  if (fault === undefined) return ok(certificate)
  return fail({ kind: 'certificate-malformed', ...fault, detail: derFaultText(fault) })
}

function readCertificate(
  reader: DerReader,
  der: Buffer,
  known: Fingerprint | undefined,
): Certificate {
  const outer = reader.field('certificate').enter(TAG.sequence)
  reader.end()
  const start = outer.position
  const inside = outer.enter(TAG.sequence)
  const tbs = outer.since(start)
  const outside = outer.field('signatureAlgorithm').element(TAG.sequence)
  const value = outer.field('signatureValue').octetAlignedBits()
  outer.end()
  const body = readBody(inside, outside)
  return {
    der,
    fingerprint: known ?? (hash('sha256', der) as Fingerprint),
    version: body.version,
    serial: body.serial,
    issuer: body.issuer,
    subject: body.subject,
    notBefore: body.notBefore,
    notAfter: body.notAfter,
    publicKey: body.publicKey,
    subjectAltNames: body.extensions.subjectAltName ?? [],
    extensions: body.extensions,
    signature: { algorithm: body.algorithm, tbs, value },
    laxities: reader.laxities,
  }
}

/** TBSCertificate. `outside` is the algorithm as the unsigned part names it. */
function readBody(tbs: DerReader, outside: Buffer) {
  const version = readVersion(tbs.field('version'))
  const serial = serialText(tbs.field('serialNumber').integer())
  const start = tbs.field('signature').position
  const algorithm = readSignatureAlgorithm(tbs.enter(TAG.sequence))
  const identifier = tbs.since(start)
  // §4.1.1.2: the same inside and outside; else the unsigned one could talk a reader into another algorithm.
  if (!identifier.equals(outside)) tbs.refuse('algorithms-differ')
  const issuer = readName(tbs.field('issuer'))
  const { notBefore, notAfter } = readValidity(tbs.field('validity'))
  const subject = readName(tbs.field('subject'))
  const publicKey = readPublicKey(tbs.field('subjectPublicKeyInfo'))
  skipUniqueIds(tbs.field('uniqueIdentifier'), version)
  if (tbs.field('extensions').more && version !== 3) tbs.refuse('extensions-in-old-version')
  const extensions = readExtensions(tbs)
  tbs.end()
  return {
    version,
    serial,
    algorithm,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    extensions,
  }
}

function readVersion(tbs: DerReader): 1 | 2 | 3 {
  const explicit = tbs.optional(constructed(0))
  if (explicit === undefined) return 1
  const number = explicit.count()
  explicit.end()
  switch (number) {
    case 0:
      tbs.note('default-value-encoded')
      return 1
    case 1:
      return 2
    case 2:
      return 3
    default:
      tbs.refuse('version-unknown')
      return 1
  }
}

function readValidity(tbs: DerReader): { notBefore: Instant; notAfter: Instant } {
  const validity = tbs.enter(TAG.sequence)
  const from = readTime(validity)
  const to = readTime(validity)
  validity.end()
  if (!from.formFits || !to.formFits) tbs.note('time-form-of-another-year')
  // Certificates count whole seconds and are valid through the last one.
  return { notBefore: from.at, notAfter: (to.at + 999) as Instant }
}

function readPublicKey(tbs: DerReader): PublicKey {
  const start = tbs.position
  const inside = tbs.enter(TAG.sequence)
  const spki = tbs.since(start)
  const algorithm = readKeyAlgorithm(inside)
  return { fingerprint: hash('sha256', spki) as KeyFingerprint, spki, algorithm }
}

/** §4.1.2.8: readers should know them, CAs should not issue them. */
function skipUniqueIds(tbs: DerReader, version: 1 | 2 | 3): void {
  for (const tag of [primitive(1), primitive(2)]) {
    if (tbs.tag !== tag) continue
    if (version === 1) tbs.refuse('extensions-in-old-version')
    tbs.octetAlignedBits(tag)
  }
}
