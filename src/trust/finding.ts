/**
 * Departures from the RFC 5280 and CA/Browser profiles that leave a path sound. Detected always; profile `private`
 * reports them, profile `strict` refuses on any.
 */
import type { Certificate } from '../x509/certificate.ts'
import type { Laxity } from '../x509/der-fault.ts'
import { EXTENSION, KEY_USAGE } from '../x509/extensions.ts'
import { printName } from '../x509/print-name.ts'
import type { TrustAnchor } from './anchor.ts'

/** One harmless departure; `subject` is the certificate it is in. */
export type Finding =
  | { readonly kind: FindingKind; readonly subject: string }
  | {
      readonly kind: 'lax-encoding'
      readonly subject: string
      readonly laxity: Exclude<Laxity, 'algorithm-parameters'>
    }

export type FindingKind =
  | 'algorithm-parameters'
  | 'any-purpose'
  | 'authority-key-identifier-missing'
  | 'authority-key-identifier-mismatch'
  | 'authority-key-identifier-without-key'
  | 'basic-constraints-not-critical'
  | 'ca-rights-disagree'
  | 'name-constraint-leading-period'
  | 'name-constraints-not-critical'
  | 'policy-constraints-not-critical'
  | 'purpose-critical'
  | 'purpose-in-self-signed-anchor'
  | 'purpose-missing'
  | 'serial-not-positive'
  | 'serial-too-long'
  | 'subject-alt-name-critical'
  | 'subject-alt-name-not-critical'
  | 'subject-key-identifier-missing'
  | 'version-too-old'

/** The code of a finding: the same word in the event, the metric and the documentation. */
export type FindingCode = Finding['kind']

/** The codes on a path, each once. */
export const findingCodes = (findings: readonly Finding[]): readonly FindingCode[] => [
  ...new Set(findings.map(({ kind }) => kind)),
]

/** Everything that departs on one path, leaf first, trust anchor last. */
export function findingsOn(
  certificates: readonly Certificate[],
  anchor: TrustAnchor,
): readonly Finding[] {
  const found: Finding[] = []
  certificates.forEach((certificate, depth) => {
    const issuer = certificates[depth + 1] ?? anchor.certificate
    const kinds: FindingKind[] = []
    depart(certificate, EVERYWHERE, kinds)
    depart(certificate, ABOUT_SERIAL, kinds)
    depart(certificate, depth === 0 ? IN_LEAF : IN_CA, kinds)
    const identifier = aboutIssuer(certificate, issuer)
    if (identifier !== undefined) kinds.push(identifier)
    collect(certificate, kinds, found)
  })
  collect(anchor.certificate, ofAnchor(anchor), found)
  return found
}

function collect(certificate: Certificate, kinds: readonly FindingKind[], found: Finding[]): void {
  if (kinds.length === 0 && certificate.laxities.size === 0) return
  const subject = printName(certificate.subject)
  for (const kind of kinds) found.push({ kind, subject })
  for (const laxity of certificate.laxities) {
    // The encoding is right, and says what another RFC wants otherwise.
    if (laxity === 'algorithm-parameters') found.push({ kind: laxity, subject })
    else found.push({ kind: 'lax-encoding', subject, laxity })
  }
}

/** A departure, and whether a certificate shows it. */
type Departure = readonly [FindingKind, (certificate: Certificate) => boolean]

/** Adds what a certificate shows. Tables, because nearly every certificate shows nothing: then nothing is made. */
function depart(
  certificate: Certificate,
  departures: readonly Departure[],
  kinds: FindingKind[],
): void {
  for (const departure of departures) {
    if (departure[1](certificate)) kinds.push(departure[0])
  }
}

/** The anchor's findings do not depend on the path: worked out once. */
function ofAnchor({ certificate, selfSigned }: TrustAnchor): readonly FindingKind[] {
  const known = anchorFindings.get(certificate)
  if (known !== undefined) return known
  const { authorityKeyIdentifier, extendedKeyUsage } = certificate.extensions
  const kinds: FindingKind[] = []
  depart(certificate, EVERYWHERE, kinds)
  depart(certificate, IN_CA, kinds)
  if (authorityKeyIdentifier !== undefined && authorityKeyIdentifier.keyIdentifier === undefined) {
    kinds.push('authority-key-identifier-without-key')
  }
  // CA/Browser 7.1.2.1.2; in an intermediate that serves as anchor it is a constraint, and welcome.
  if (selfSigned && extendedKeyUsage !== undefined) kinds.push('purpose-in-self-signed-anchor')
  anchorFindings.set(certificate, kinds)
  return kinds
}

const anchorFindings = new WeakMap<Certificate, readonly FindingKind[]>()

const EVERYWHERE: readonly Departure[] = [
  ['version-too-old', ({ version }) => version !== 3],
  [
    'subject-alt-name-critical',
    (certificate) => hasSubject(certificate) && isCritical(certificate, EXTENSION.subjectAltName),
  ],
  // §4.1.2.6: a certificate without a subject must mark its other names as critical.
  [
    'subject-alt-name-not-critical',
    (certificate) =>
      !hasSubject(certificate) &&
      certificate.extensions.subjectAltName !== undefined &&
      !isCritical(certificate, EXTENSION.subjectAltName),
  ],
  [
    'policy-constraints-not-critical',
    (certificate) =>
      certificate.extensions.policyConstraints !== undefined &&
      !isCritical(certificate, EXTENSION.policyConstraints),
  ],
]

const hasSubject = ({ subject }: Certificate): boolean => subject.rdns.length > 0

/** §4.1.2.2: positive, at most twenty octets. That of a trust anchor is not looked up, so it is not checked. */
const ABOUT_SERIAL: readonly Departure[] = [
  ['serial-not-positive', ({ serial }) => serial.startsWith('-') || /^0+$/u.test(serial)],
  ['serial-too-long', ({ serial }) => serial.length - (serial.startsWith('-') ? 1 : 0) > 40],
]

const IN_LEAF: readonly Departure[] = [
  // A CA's own certificate needs no purpose (CA/Browser 7.1.2.7.6 speaks of subscribers).
  [
    'purpose-missing',
    (leaf) => leaf.extensions.extendedKeyUsage === undefined && !isCa(leaf.extensions),
  ],
  ['any-purpose', ({ extensions }) => extensions.extendedKeyUsage?.includes(ANY_PURPOSE) === true],
  ['purpose-critical', (leaf) => isCritical(leaf, EXTENSION.extendedKeyUsage)],
  // §4.2.1.9: the one right comes with the other. Harmless in a leaf, which issues nothing here.
  [
    'ca-rights-disagree',
    ({ extensions }) => {
      const { keyUsage } = extensions
      if (keyUsage === undefined) return false
      return isCa(extensions) !== ((keyUsage & KEY_USAGE.keyCertSign) !== 0)
    },
  ],
]

const isCa = ({ basicConstraints }: Certificate['extensions']): boolean =>
  basicConstraints?.ca === true

/** §4.2.1.2, §4.2.1.9, §4.2.1.10. */
const IN_CA: readonly Departure[] = [
  [
    'subject-key-identifier-missing',
    ({ extensions }) => extensions.subjectKeyIdentifier === undefined,
  ],
  ['basic-constraints-not-critical', (ca) => !isCritical(ca, EXTENSION.basicConstraints)],
  [
    'name-constraints-not-critical',
    (ca) =>
      ca.extensions.nameConstraints !== undefined && !isCritical(ca, EXTENSION.nameConstraints),
  ],
  [
    'name-constraint-leading-period',
    ({ extensions: { nameConstraints } }) =>
      nameConstraints !== undefined && hasLeadingPeriod(nameConstraints),
  ],
]

/** Known to RFC 5280 §4.2.1.10 for hosts of URIs and e-mail, not for DNS names, where it is met all the same. */
const hasLeadingPeriod = ({
  permitted,
  excluded,
}: NonNullable<Certificate['extensions']['nameConstraints']>): boolean =>
  [...permitted, ...excluded].some(({ base }) => base.kind === 'dns' && base.text.startsWith('.'))

/** Identifiers are hints for finding an issuer; once the signature holds, a wrong one is only untidy. */
function aboutIssuer({ extensions }: Certificate, issuer: Certificate): FindingKind | undefined {
  const { authorityKeyIdentifier } = extensions
  // §4.2.1.1.
  if (authorityKeyIdentifier === undefined) return 'authority-key-identifier-missing'
  const { keyIdentifier } = authorityKeyIdentifier
  if (keyIdentifier === undefined) return 'authority-key-identifier-without-key'
  const { subjectKeyIdentifier } = issuer.extensions
  const differs = subjectKeyIdentifier !== undefined && subjectKeyIdentifier !== keyIdentifier
  return differs ? 'authority-key-identifier-mismatch' : undefined
}

/** Whether the certificate has this extension and marks it as critical. */
export const isCritical = (certificate: Certificate, oid: string): boolean =>
  certificate.extensions.all.some((extension) => extension.oid === oid && extension.critical)

/** anyExtendedKeyUsage (RFC 5280 §4.2.1.12). */
export const ANY_PURPOSE = '2.5.29.37.0'
