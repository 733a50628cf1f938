/** What a certificate says of itself. */
import type { Instant } from '../../kernel/types.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { keyText } from '../../x509/key.ts'
import { generalNameText, printName } from '../../x509/print-name.ts'
import { timestampText } from '../../kernel/time-text.ts'
import { relativeDayText } from '../../kernel/time-text.ts'
import { note, withFacts, type Fact, type Section, type ToldCertificate } from './account.ts'
import type { KeptCertificate, Query } from './question.ts'

/** One section per presented certificate, leaf first. */
export function certificateSections(
  certificates: readonly Certificate[],
  query: Query,
): readonly Section[] {
  return certificates.map((certificate, index) => ({
    title:
      index === 0
        ? "The device's certificate"
        : `Certificate ${index + 1} of ${certificates.length}, sent along`,
    steps: [withFacts(note(name(certificate)), facts(certificate, query))],
  }))
}

/** The subject, or what stands in for an empty one. */
export const name = ({ subject, serial }: Certificate): string =>
  printName(subject) || `(no subject, serial ${serial})`

function facts(certificate: Certificate, { at }: Query): readonly Fact[] {
  const { issuer, serial, notBefore, notAfter, publicKey, subjectAltNames, fingerprint } =
    certificate
  const names = subjectAltNames.map(generalNameText)
  return [
    ['issuer', printName(issuer)],
    ['serial', serial],
    [
      'valid',
      `${timestampText(notBefore)} to ${timestampText(notAfter)}; ${validity(certificate, at)}`,
    ],
    ...(names.length === 0 ? [] : [['names', names.join(', ')] as const]),
    ['key', `${keyText(publicKey.algorithm)}, SHA-256 ${publicKey.fingerprint}`],
    ['certificate', `SHA-256 ${fingerprint}`],
  ]
}

/** What is kept of one that a device showed: its octets are not. */
export function keptSection(
  { leaf, subject, issuer, setting, fingerprint }: KeptCertificate,
  { at }: Query,
): Section {
  const { notBefore, notAfter, serial, key, signedIds } = leaf
  return {
    title: 'What is kept of its certificate',
    steps: [
      withFacts(
        note(
          subject,
          'its signature was verified when the device showed it; other names in it, purposes and policies are not kept',
        ),
        [
          ['issuer', issuer],
          ['serial', serial],
          [
            'valid',
            `${timestampText(notBefore)} to ${timestampText(notAfter)}; ${validity(leaf, at)}`,
          ],
          ...(signedIds.length === 0 ? [] : [['signed ids', signedIds.join(', ')] as const]),
          ['key', `SHA-256 ${key}`],
          ...(fingerprint === undefined
            ? []
            : [['certificate', `SHA-256 ${fingerprint}`] as const]),
          ['seen under', setting ?? 'no enrollment setting'],
        ],
      ),
    ],
  }
}

/** A certificate for programs. */
export const toldCertificate = (one: Certificate): ToldCertificate => ({
  subject: printName(one.subject),
  issuer: printName(one.issuer),
  serial: one.serial,
  notBefore: one.notBefore,
  notAfter: one.notAfter,
  key: one.publicKey.fingerprint,
  fingerprint: one.fingerprint,
})

/** Where the time stands towards a certificate's validity, in words. */
export function validity(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  now: Instant,
): string {
  if (now < notBefore) return `not yet valid, begins ${relativeDayText(notBefore, now)}`
  if (now > notAfter) return `expired ${relativeDayText(notAfter, now)}`
  return `ends ${relativeDayText(notAfter, now)}`
}
