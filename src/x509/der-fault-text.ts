/**
 * A fault of an encoding in words that the administrator of a CA can act on: which part, what is wrong there, and the octet
 * for who looks at it with a tool.
 */
import type { DerFault, Problem } from './der-fault.ts'

/** The part and what is wrong in it, as a clause without a full stop. */
export const derFaultText = ({ problem, field, offset }: DerFault): string =>
  `${partText(field)} ${PROBLEMS[problem]} (octet ${offset})`

function partText(field: string): string {
  const oid = /^extension (.+)$/u.exec(field)?.[1]
  if (oid === undefined) return PARTS[field] ?? `its ${field}`
  const name = EXTENSIONS[oid]
  return name === undefined ? `its extension ${oid}` : `its extension ${name} (${oid})`
}

/** The names that RFC 5280 and RFC 5652 give to the parts, as people know them. */
const PARTS: Readonly<Record<string, string>> = {
  '': 'it',
  certificate: 'it',
  certificateList: 'it',
  certificates: 'its bag of certificates',
  contentInfo: 'it',
  encoding: 'it',
  crls: 'its bag of lists',
  crlExtensions: 'what its extensions say',
  extensions: 'what its extensions say',
  nextUpdate: 'its next update',
  revokedCertificates: 'its list of revoked certificates',
  serialNumber: 'its serial number',
  signature: 'its signature algorithm',
  signatureAlgorithm: 'its signature algorithm outside the signed part',
  signatureValue: 'its signature',
  subjectPublicKeyInfo: 'its public key',
  thisUpdate: 'its time of issue',
  uniqueIdentifier: 'its unique identifier',
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.1.1': 'authority information access',
  '2.5.29.14': 'subject key identifier',
  '2.5.29.15': 'key usage',
  '2.5.29.17': 'subject alternative name',
  '2.5.29.18': 'issuer alternative name',
  '2.5.29.19': 'basic constraints',
  '2.5.29.20': 'CRL number',
  '2.5.29.27': 'delta CRL indicator',
  '2.5.29.28': 'issuing distribution point',
  '2.5.29.30': 'name constraints',
  '2.5.29.31': 'CRL distribution points',
  '2.5.29.32': 'certificate policies',
  '2.5.29.33': 'policy mappings',
  '2.5.29.35': 'authority key identifier',
  '2.5.29.36': 'policy constraints',
  '2.5.29.37': 'extended key usage',
  '2.5.29.54': 'inhibit anyPolicy',
}

const PROBLEMS: Readonly<Record<Problem, string>> = {
  'algorithms-differ': 'names another algorithm within the signed part than outside',
  'bit-string-padding': 'holds a bit string that is wrong about its unused bits',
  'boolean-not-canonical': 'holds a truth value that is neither 00 nor FF',
  'duplicate-extension': 'holds one extension twice',
  'extensions-in-old-version':
    'holds what only version 3 of certificates and version 2 of lists may hold, and it says that it is older',
  'indefinite-length': 'leaves a length open, as BER allows and DER does not',
  'integer-not-minimal': 'holds a number with octets in front that say nothing',
  'length-not-minimal': 'writes a length with more octets than it needs',
  'missing-element': 'lacks something that has to stand there',
  'nested-too-deep':
    'holds elements in one another, more than 65 levels of them, the most that are read',
  'object-identifier-malformed': 'holds an object identifier that is none',
  'tag-number-too-high': 'holds an element of a kind that stands in no certificate',
  'text-not-ascii':
    'holds an e-mail address, a DNS name or a URI with characters outside ASCII: host names are written in punycode there, and such an e-mail address as SmtpUTF8Mailbox (RFC 5280 §4.2.1.6, RFC 9598)',
  'time-malformed': 'holds a time that is not written as YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ',
  'too-many-elements': 'holds more elements than are read of it',
  'trailing-octets': 'is followed by octets that do not belong to it',
  truncated: 'ends before its own lengths say so: it was not copied whole',
  'unexpected-element': 'holds an element of another kind than has to stand there',
  'version-unknown': 'names a version that does not exist',
}
