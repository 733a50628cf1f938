import { sign } from 'node:crypto'
import * as der from './der-writer.ts'
import type { Ca } from './mint.ts'

const DAY = 86_400_000

/** The plainest revocation list there is (RFC 5280 §5.1), in PEM: fresh, signed, these serials revoked yesterday. */
export function mintPlainCrl(issuer: Ca, serials: readonly Buffer[]): string {
  const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'))
  const at = (days: number): Buffer => der.time(new Date(Date.now() + days * DAY))
  const revoked = serials.map((serial) => der.sequence(serial, at(-1)))
  const tbs = der.sequence(
    der.integer(1),
    algorithm,
    issuer.subject,
    at(-1),
    at(1),
    ...(revoked.length === 0 ? [] : [der.sequence(...revoked)]),
  )
  const signature = der.bitString(sign('sha256', tbs, issuer.key))
  const encoded = der.sequence(tbs, algorithm, signature)
  return `-----BEGIN X509 CRL-----\n${encoded.toString('base64')}\n-----END X509 CRL-----\n`
}
