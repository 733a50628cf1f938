/**
 * Two cases that put the same question and demand opposite answers: the corpus holds RFC 5280 and the CA/Browser
 * requirements side by side, and where they contradict each other no judge can be right twice.
 */
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import { parsePem } from '../../src/x509/pem.ts'
import type { Case } from './limbo.ts'

/** Whatever keeps the two from being twins; empty for twins. */
export function differencesBetween(one: Case, other: Case): readonly string[] {
  const differences: string[] = []
  if (one.expected_result === other.expected_result) differences.push('both demand the same')
  if (!one.conflicts_with.includes(other.id)) {
    differences.push('the corpus does not call them a conflict')
  }
  for (const [what, of] of QUESTION) {
    if (JSON.stringify(of(one)) !== JSON.stringify(of(other))) differences.push(`${what} differ`)
  }
  return differences
}

/** All that a judge is told about a case. */
const QUESTION: readonly (readonly [string, (limbo: Case) => unknown])[] = [
  ['kinds of validation', (limbo) => limbo.validation_kind],
  ['times', (limbo) => limbo.validation_time],
  ['depths', (limbo) => limbo.max_chain_depth],
  ['purposes', (limbo) => limbo.extended_key_usage],
  ['anchors', (limbo) => limbo.trusted_certs.map(outlineOf)],
  ['intermediates', (limbo) => limbo.untrusted_intermediates.map(outlineOf)],
  ['leaves', (limbo) => outlineOf(limbo.peer_certificate)],
]

/** A certificate without what is drawn by lot: serial, keys and their identifiers, signature. */
function outlineOf(pem: string): unknown {
  const blocks = parsePem(pem)
  const der = blocks.ok ? blocks.value[0]?.der : undefined
  const parsed = der === undefined ? undefined : parseCertificate(der)
  if (parsed?.ok !== true) return 'unreadable'
  const { version, subject, issuer, notBefore, notAfter, publicKey, signature } = parsed.value
  const names = [subject.key, issuer.key].map(withoutLots)
  const algorithms = [publicKey.algorithm, signature.algorithm]
  return [version, names, notBefore, notAfter, algorithms, extensionsOf(parsed.value)]
}

/** Intermediates of the corpus have a long random number in their names. */
const withoutLots = (name: string): string => name.replaceAll(/\d{30,}/gu, '#')

/** Every extension that is judged, decoded; of key identifiers only whether they are there. */
function extensionsOf({ extensions }: Certificate): readonly unknown[] {
  const { subjectKeyIdentifier, authorityKeyIdentifier, ...judged } = extensions
  return [judged, subjectKeyIdentifier !== undefined, authorityKeyIdentifier !== undefined]
}
