/**
 * The octets of a file → the certificates in it, or everything that is wrong with it at once.
 */
import { countText } from '../../kernel/count-text.ts'
import { FaultList } from '../../kernel/fault-list.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { parseCertificate, type Certificate, type CertificateFault } from '../certificate.ts'
import type { FileDeparture } from './file-departure.ts'
import { readFileContent, type FileFault, type FilePlace, type FileWanted } from './read-file.ts'

/** What is wanted of a file of certificates. */
export type CertificatesWanted = Omit<FileWanted, 'kind'>

/** Certificates in the order of their file; there may be none. */
export interface CertificateFile {
  readonly certificates: readonly FoundCertificate[]
  readonly departures: ReadonlySet<FileDeparture>
}

/** A certificate, and where it stands. */
export interface FoundCertificate {
  readonly certificate: Certificate
  readonly place: FilePlace
}

/** Reads every certificate of a file. */
export function readCertificateFile(
  octets: Buffer,
  wanted: CertificatesWanted,
): Result<CertificateFile, readonly FileFault[]> {
  const content = readFileContent(octets, { kind: 'certificate', ...wanted })
  if (!content.ok) return content
  const faults = new FaultList<FileFault>()
  const certificates = content.value.found.flatMap(({ der, place }) => {
    const parsed = parseCertificate(der)
    if (parsed.ok) return [{ certificate: parsed.value, place }]
    const message = `found a certificate that cannot be read: ${certificateFaultText(parsed.failure)}`
    faults.add({ place, message })
    return []
  })
  const { all } = faults
  if (all.length > 0) return fail(all)
  return ok({ certificates, departures: content.value.departures })
}

/** The DER of every certificate of a file, for readers of other libraries, or the faults of the file around them. */
export function certificatesIn(
  octets: Buffer,
  wanted: CertificatesWanted,
): Result<readonly Buffer[], readonly FileFault[]> {
  const content = readFileContent(octets, { kind: 'certificate', ...wanted })
  return content.ok ? ok(content.value.found.map(({ der }) => der)) : content
}

/**
 * The DER of what a device would present, leaf first. Blocks of PEM stand as they are written. A PKCS#7 bag is a SET (RFC 5652
 * §10.2.3), which writers sort as they like: of its certificates the leaf is the one that issued none of the others.
 */
export function presentedIn(octets: Buffer): Result<readonly Buffer[], readonly FileFault[]> {
  const content = readFileContent(octets, { kind: 'certificate', ...PRESENTED })
  if (!content.ok) return content
  const { found } = content.value
  const ders = found.map(({ der }) => der)
  return ok(found[0]?.place.item === undefined ? ders : leafFirst(ders))
}

/** Keys beside the certificates are skipped, not read: people keep both in one file. */
const PRESENTED: CertificatesWanted = { others: 'skipped', purpose: 'any' }

/** As they are where no certificate, or more than one, can be the leaf. */
function leafFirst(ders: readonly Buffer[]): readonly Buffer[] {
  const parsed = ders.map((der) => parseCertificate(der))
  const leaves = ders.filter((_, at) => {
    const one = parsed[at]
    return (
      one?.ok === true &&
      parsed.every(
        (other, place) =>
          place === at || !other.ok || other.value.issuer.key !== one.value.subject.key,
      )
    )
  })
  const [leaf] = leaves
  if (leaf === undefined || leaves.length > 1) return ders
  return [leaf, ...ders.filter((der) => der !== leaf)]
}

/** Why octets are no certificate, as a clause. */
export const certificateFaultText = (fault: CertificateFault): string =>
  fault.kind === 'certificate-malformed'
    ? fault.detail
    : `it has ${countText(fault.bytes, 'octet')}, more than ${fault.limit}`

/** What a text in an API stands for: PEM as it is, or the octets that base64 means; undefined for anything else. */
export function octetsOfText(text: string): Buffer | undefined {
  if (text.includes('-----BEGIN')) return Buffer.from(text)
  const bare = text.replaceAll(/\s/gu, '')
  const octets = Buffer.from(bare, 'base64')
  const isBase64 =
    bare !== '' && octets.toString('base64').replaceAll('=', '') === bare.replaceAll('=', '')
  return isBase64 ? octets : undefined
}

/** What `octetsOfText` does not take. */
export const NO_ENCODING =
  'is neither PEM nor base64: send the text of a PEM file, or the octets of a DER or PKCS#7 file in base64'
