/**
 * Whether something that an earlier start made still shows what it was made to show.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { DAY_MS, type Instant } from '../kernel/types.ts'
import type { Minted } from './mint.ts'
import type { Participant } from './participants.ts'

/** What is wrong with it in a few words, or undefined when it may stay. */
export function verifyFiles(
  participant: Participant,
  { found, issuer, now }: { found: Minted; issuer: Minted | undefined; now: Instant },
): string | undefined {
  try {
    const certificate = new X509Certificate(found.certificate)
    const signer = new X509Certificate((issuer ?? found).certificate)
    if (!certificate.checkPrivateKey(createPrivateKey(found.key))) return 'its key did not fit'
    // Not checkIssued(): it wants a certifying key, which a device that signed its own certificate lacks.
    if (certificate.issuer !== signer.subject || !certificate.verify(signer.publicKey)) {
      return 'its issuer is a new one'
    }
    if (!isNamed(certificate, participant)) return 'it names something else'
    return validityProblem(certificate, participant, now)
  } catch {
    return 'it could not be read'
  }
}

function isNamed(certificate: X509Certificate, { commonName, names }: Participant): boolean {
  return (
    certificate.subject.split('\n').includes(`CN=${commonName}`) &&
    names.every((name) =>
      isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name),
    )
  )
}

function validityProblem(
  { validFromDate, validToDate }: X509Certificate,
  { validity }: Participant,
  now: Instant,
): string | undefined {
  const daysLeft = (validToDate.getTime() - now) / DAY_MS
  if (validFromDate.getTime() > now) return 'it was not valid yet'
  if (validity.kind === 'lasting') {
    if (daysLeft < 0) return 'it had expired'
    return daysLeft < 7 ? 'it was about to expire' : undefined
  }
  if (daysLeft > 0) return 'it had not expired yet'
  return -daysLeft > validity.atMostDays ? 'it was drifting beyond grace' : undefined
}
