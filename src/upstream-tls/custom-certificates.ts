/** The certificates of a custom trust store: read from uploaded PEM text, and recognised in what is stored. */
import { fail, ok, type Result } from '../kernel/types.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { parsePem, pemOf } from '../x509/pem.ts'

/** Why uploaded text is not taken. */
export type CertificateFault =
  | { readonly kind: 'no-certificate' }
  /** `at` is such as `certificates[0], line 2`. */
  | { readonly kind: 'certificate-unreadable'; readonly at: string; readonly why: string }
  | { readonly kind: 'already-trusted'; readonly sha256: string }
  | { readonly kind: 'too-many-certificates'; readonly found: number; readonly limit: number }

/** Reads PEM texts of one certificate or several each into one PEM text for each certificate, or answers all faults. */
export function readCertificates(
  texts: readonly string[],
): Result<readonly string[], readonly CertificateFault[]> {
  const files = texts.map((text) => parsePem(text))
  const found = files.reduce((sum, blocks) => sum + (blocks.ok ? blocks.value.length : 0), 0)
  if (found > MAX_CUSTOM_CERTIFICATES) {
    return fail([{ kind: 'too-many-certificates', found, limit: MAX_CUSTOM_CERTIFICATES }])
  }
  const faults: CertificateFault[] = []
  const certificates: string[] = []
  for (const [index, blocks] of files.entries()) {
    const unreadable = (line: number, why: string): CertificateFault => ({
      kind: 'certificate-unreadable',
      at: `certificates[${index}], line ${line}`,
      why,
    })
    if (!blocks.ok) {
      faults.push(...blocks.failure.map(({ line, message }) => unreadable(line, message)))
      continue
    }
    if (blocks.value.length === 0) faults.push({ kind: 'no-certificate' })
    for (const { der, line } of blocks.value) {
      const parsed = parseCertificate(der)
      const pem = pemOf(der)
      if (!parsed.ok) faults.push(unreadable(line, failureText(parsed.failure)))
      else if (certificates.includes(pem)) {
        faults.push({ kind: 'already-trusted', sha256: parsed.value.fingerprint })
      } else certificates.push(pem)
    }
  }
  return faults.length > 0 ? fail(faults) : ok(certificates)
}

type CertificateFailure = Extract<ReturnType<typeof parseCertificate>, { ok: false }>['failure']

const failureText = (failure: CertificateFailure): string =>
  failure.kind === 'certificate-malformed'
    ? failure.detail
    : `${failure.bytes} octets, more than ${failure.limit}`

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
