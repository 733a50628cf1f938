/** Revocation lists, right or wrong: every field can be replaced, and it is signed as it is. */
import { sign } from 'node:crypto'
import * as der from './der-writer.ts'
import {
  encodedExtensions,
  signatureAlgorithm,
  type Keys,
  type MintedExtension,
} from './mint-certificate.ts'

/** One entry; a serial is that of a minted certificate, or a number. */
export interface MintedEntry {
  readonly serial: number | bigint | Buffer
  readonly at?: Date
  /** RFC 5280 §5.3.1. */
  readonly reason?: number
  readonly extensions?: readonly MintedExtension[]
}

export interface CrlFields {
  readonly issuer: Pick<Keys, 'key'> & { readonly subject: Buffer }
  readonly revoked?: readonly MintedEntry[]
  readonly thisUpdate?: Date | Buffer
  /** `null` leaves it out. */
  readonly nextUpdate?: Date | Buffer | null
  /** 0 is version 1 and left out; default 1 (version 2). */
  readonly version?: number
  /** Default 1; `null` leaves the extension out. */
  readonly number?: number | null
  readonly extensions?: readonly MintedExtension[]
  readonly innerAlgorithm?: Buffer
  readonly outerAlgorithm?: Buffer
  readonly digest?: string
  /** The signature's bits instead of the true ones. */
  readonly signature?: Buffer
  /** Replaces `revokedCertificates` whole. */
  readonly rawEntries?: Buffer
}

const HOUR = 3_600_000

/** DER of a list. */
export function mintCrl(fields: CrlFields): Buffer {
  const { issuer, revoked = [], version = 1, number = 1 } = fields
  const {
    thisUpdate = new Date(Date.now() - HOUR),
    nextUpdate = new Date(Date.now() + 24 * HOUR),
  } = fields
  const inner = fields.innerAlgorithm ?? signatureAlgorithm(issuer.key, fields.digest)
  const numbered: readonly MintedExtension[] =
    number === null || version === 0 ? [] : [{ oid: '2.5.29.20', value: der.integer(number) }]
  const extensions = [...numbered, ...(fields.extensions ?? [])]
  const tbs = der.sequence(
    ...(version === 0 ? [] : [der.integer(version)]),
    inner,
    issuer.subject,
    timeOf(thisUpdate),
    ...(nextUpdate === null ? [] : [timeOf(nextUpdate)]),
    fields.rawEntries ??
      (revoked.length === 0 ? Buffer.alloc(0) : der.sequence(...revoked.map(entry))),
    encodedExtensions(extensions, 0),
  )
  const signature = fields.signature ?? sign(digestOf(issuer.key, fields.digest), tbs, issuer.key)
  return der.sequence(tbs, fields.outerAlgorithm ?? inner, der.bitString(signature))
}

const timeOf = (at: Date | Buffer): Buffer => (Buffer.isBuffer(at) ? at : der.time(at))

function entry({ serial, at = new Date(Date.now() - HOUR), reason, extensions = [] }: MintedEntry) {
  const all = [
    ...(reason === undefined
      ? []
      : [{ oid: '2.5.29.21', value: der.tlv(0x0a, Buffer.from([reason])) }]),
    ...extensions,
  ]
  return der.sequence(
    Buffer.isBuffer(serial) ? der.tlv(0x02, serial) : der.integer(serial),
    der.time(at),
    // The same list of extensions as elsewhere, without its explicit tag.
    encodedExtensions(all, null),
  )
}

const digestOf = (key: Keys['key'], wanted: string | undefined): string | undefined =>
  wanted ?? (['ec', 'rsa'].includes(key.asymmetricKeyType ?? '') ? 'sha256' : undefined)

/** IssuingDistributionPoint from its fields. */
export const issuingPoint = (...parts: readonly Uint8Array[]): MintedExtension => ({
  oid: '2.5.29.28',
  critical: true,
  value: der.sequence(...parts),
})

/** `distributionPoint` with full names, as both extensions hold it. */
export const pointName = (...urls: readonly string[]): Buffer =>
  der.context(
    0,
    der.context(0, ...urls.map((url) => der.contextPrimitive(6, Buffer.from(url, 'latin1')))),
  )

/** CRLDistributionPoints of a certificate, one point for each URL. */
export const distributionPoints = (...urls: readonly string[]): MintedExtension => ({
  oid: '2.5.29.31',
  value: der.sequence(...urls.map((url) => der.sequence(pointName(url)))),
})

/** PEM of a list. */
export const crlPem = (encoded: Buffer): string =>
  `-----BEGIN X509 CRL-----\n${encoded.toString('base64').replaceAll(/.{64}(?=.)/gu, '$&\n')}\n-----END X509 CRL-----\n`

/** The octets of a minted certificate's serial number. */
export function serialIn(certificate: Buffer): Buffer {
  // Certificate, TBSCertificate, [0] version, INTEGER: with lengths of two octets, as all minted ones have.
  const at = 4 + 4 + 5
  return certificate.subarray(at + 2, at + 2 + (certificate[at + 1] ?? 0))
}
