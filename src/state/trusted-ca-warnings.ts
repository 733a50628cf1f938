/** What an operator should know about the certificates by which the servers of an upstream are verified. */
import type { UpstreamTls } from '../config/upstream/types.ts'
import { isoText, type Fault, type Instant } from '../kernel/types.ts'
import { AUTHORITY_DAYS, endsSoon } from '../x509/ending-soon.ts'
import { readCertificateFile } from '../x509/file/certificate-file.ts'
import { printName } from '../x509/print-name.ts'

/** Which of them end; a file that cannot be read is a fault of the upstream. */
export function trustedCaWarnings(
  upstream: string,
  custom: UpstreamTls['trust']['custom'],
  now: Instant,
): readonly Fault[] {
  return custom.flatMap(({ at, bytes }) => {
    const file = readCertificateFile(bytes, { others: 'skipped', purpose: 'server' })
    if (!file.ok) return []
    return file.value.certificates.flatMap(({ certificate }) => {
      const { notAfter, notBefore, subject } = certificate
      const who = `${printName(subject)}, by which servers of the upstream ${upstream} are verified,`
      const told = (text: string) => [{ at, message: `${who} ${text}` }]
      if (now > notAfter) {
        return told(`expired at ${isoText(notAfter)}: it vouches for no server; add its successor`)
      }
      if (now < notBefore) {
        return told(`is valid only from ${isoText(notBefore)}: until then it vouches for no server`)
      }
      return endsSoon(certificate, { now, days: AUTHORITY_DAYS })
        ? told(`ends at ${isoText(notAfter)}: add its successor beside it before`)
        : []
    })
  })
}
