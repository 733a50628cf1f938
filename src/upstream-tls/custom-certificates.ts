/** The certificates of a custom trust store: read from uploaded PEM text, and recognised in what is stored. */
import { fail, ok, type Result } from '../kernel/types.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import {
  certificatesIn,
  octetsOfText,
  readCertificateFile,
  type CertificateFile,
} from '../x509/file/certificate-file.ts'
import { parsePem, pemOf } from '../x509/pem.ts'
import { placeText } from '../x509/file/read-file.ts'

/** Why uploaded text is not taken. */
export type CertificateFault =
  | { readonly kind: 'no-certificate' }
  /** `at` is such as `certificates[0], line 2`. */
  | { readonly kind: 'certificate-unreadable'; readonly at: string; readonly why: string }
  | { readonly kind: 'already-trusted'; readonly sha256: string }
  | { readonly kind: 'too-many-certificates'; readonly found: number; readonly limit: number }

/** Reads texts, PEM or base64 of DER or PKCS#7, into one PEM text for each certificate, or answers all faults. */
export function readCertificates(
  texts: readonly string[],
): Result<readonly string[], readonly CertificateFault[]> {
  const files = texts.map((text) => {
    const octets = octetsOfText(text)
    // Text that is nothing of the kind holds no certificate; whatever else is wrong is told by the reader.
    return octets === undefined || !(octets[0] === SEQUENCE || text.includes('-----BEGIN'))
      ? ok(NOTHING)
      : readCertificateFile(octets, { others: 'refused', purpose: 'server' })
  })
  const found = files.reduce((sum, file) => sum + (file.ok ? file.value.certificates.length : 0), 0)
  if (found > MAX_CUSTOM_CERTIFICATES) {
    return fail([{ kind: 'too-many-certificates', found, limit: MAX_CUSTOM_CERTIFICATES }])
  }
  const faults: CertificateFault[] = []
  const pems: string[] = []
  for (const [index, file] of files.entries()) {
    if (!file.ok) {
      for (const { place, message: why } of file.failure) {
        const within = placeText(place)
        const at = `certificates[${index}]${within === '' ? '' : `, ${within}`}`
        faults.push({ kind: 'certificate-unreadable', at, why })
      }
      continue
    }
    const { certificates } = file.value
    if (certificates.length === 0) faults.push({ kind: 'no-certificate' })
    for (const { certificate } of certificates) {
      const pem = pemOf(certificate.der)
      if (pems.includes(pem)) {
        faults.push({ kind: 'already-trusted', sha256: certificate.fingerprint })
      } else pems.push(pem)
    }
  }
  return faults.length > 0 ? fail(faults) : ok(pems)
}

/** The certificates of a file of a trust store, each as PEM; none where the file cannot be read, which is a fault of its own. */
export function certificatePems(bytes: Buffer): readonly string[] {
  const ders = certificatesIn(bytes, { others: 'skipped', purpose: 'server' })
  return ders.ok ? ders.value.map((der) => pemOf(der)) : []
}

const SEQUENCE = 0x30
const NOTHING: CertificateFile = { certificates: [], departures: new Set() }

/** Returns the certificate of a stored PEM text; undefined where that is not exactly one certificate. */
export function parseOneCertificate(pem: string): Certificate | undefined {
  const blocks = parsePem(pem)
  const [block, ...others] = blocks.ok ? blocks.value : []
  if (block === undefined || others.length > 0) return undefined
  const parsed = parseCertificate(block.der)
  return parsed.ok ? parsed.value : undefined
}

/** A company has a handful of internal CAs; all of them travel to every process with each change. */
export const MAX_CUSTOM_CERTIFICATES = 100
