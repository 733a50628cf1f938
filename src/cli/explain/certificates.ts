/** What a certificate says of itself. */
import type { Instant } from '../../kernel/types.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { keyText } from '../../x509/key.ts'
import { generalNameText, printName } from '../../x509/print-name.ts'
import { type Row, twoColumns } from '../text-layout.ts'
import { relativeDayText } from '../format-time.ts'
import type { ExplainQuery } from './arguments.ts'
import { note, type Section } from './report.ts'

/** One section per presented certificate, leaf first. */
export function certificateSections(
  certificates: readonly Certificate[],
  query: ExplainQuery,
): readonly Section[] {
  return certificates.map((certificate, index) => ({
    title:
      index === 0
        ? "The device's certificate"
        : `Certificate ${index + 1} of ${certificates.length}, sent along`,
    steps: [note(name(certificate), ...twoColumns(facts(certificate, query)))],
  }))
}

/** The subject, or what stands in for an empty one. */
export const name = ({ subject, serial }: Certificate): string =>
  printName(subject) || `(no subject, serial ${serial})`

function facts(certificate: Certificate, { at, timeText }: ExplainQuery): readonly Row[] {
  const { issuer, serial, notBefore, notAfter, publicKey, subjectAltNames, fingerprint } =
    certificate
  const names = subjectAltNames.map(generalNameText)
  return [
    ['issuer', printName(issuer)],
    ['serial', serial],
    ['valid', `${timeText(notBefore)} to ${timeText(notAfter)}; ${validity(certificate, at)}`],
    ...(names.length === 0 ? [] : [['names', names.join(', ')] as const]),
    ['key', `${keyText(publicKey.algorithm)}, SHA-256 ${publicKey.fingerprint}`],
    ['certificate', `SHA-256 ${fingerprint}`],
  ]
}

/** Where the time stands towards a certificate's validity, in words. */
export function validity(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  now: Instant,
): string {
  if (now < notBefore) return `not yet valid, begins ${relativeDayText(notBefore, now)}`
  if (now > notAfter) return `expired ${relativeDayText(notAfter, now)}`
  return `ends ${relativeDayText(notAfter, now)}`
}
