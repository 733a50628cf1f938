/**
 * Whether a certificate names the server we meant to call (RFC 6125 §6.4, RFC 9525 §6): by subject alternative
 * name only. The common name never counts; OpenSSL and Node would still look at it.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { printedHosts } from '../../x509/printed-hosts.ts'
import type { NameMismatch } from '../upstream-failure.ts'

/** The mismatch, or nothing when the certificate is for `wanted`, a name or an address. */
export function nameMismatch(
  certificate: X509Certificate,
  wanted: string,
): NameMismatch | undefined {
  if (covers(certificate, wanted)) return undefined
  const commonNameOnly = alternativeNames(certificate).length === 0
  const issuedTo = namesOf(certificate)
  return { kind: 'tls-name-mismatch', wanted, issuedTo, commonNameOnly }
}

/** Whom a certificate is for: its subject alternative names or, when it has none, its common name. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const names = alternativeNames(certificate)
  return names.length === 0 ? commonNames(certificate) : names
}

function covers(certificate: X509Certificate, wanted: string): boolean {
  if (isIP(wanted) !== 0) return certificate.checkIP(wanted) !== undefined
  // An absolute name (RFC 1034 §3.1) is the same name; certificates carry it without the dot.
  const name = wanted.endsWith('.') ? wanted.slice(0, -1) : wanted
  return name !== '' && certificate.checkHost(name, HOST_CHECK) !== undefined
}

// `www*.example.com` is not issued by public CAs (RFC 9525 §6.3).
const HOST_CHECK = { subject: 'never', wildcards: true, partialWildcards: false } as const

function alternativeNames({ subjectAltName }: X509Certificate): readonly string[] {
  const names = printedHosts(subjectAltName).slice(0, MAX_NAMES)
  return names.map((name) => name.slice(0, MAX_NAME_LENGTH))
}

function commonNames({ subject }: X509Certificate): readonly string[] {
  const lines = (subject ?? '').split('\n').filter((line) => line.startsWith('CN='))
  return lines.slice(0, MAX_NAMES).map((line) => line.slice(3, 3 + MAX_NAME_LENGTH))
}

/** The list goes into a log line, and the peer wrote it: enough to recognise a server by. */
const MAX_NAMES = 20
/** RFC 1035 §2.3.4: no host name is longer. */
const MAX_NAME_LENGTH = 255
