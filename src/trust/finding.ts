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
  | { readonly kind: 'lax-encoding'; readonly subject: string; readonly laxity: Laxity }

export type FindingKind =
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

/** Everything that departs on one path, leaf first, trust anchor last. */
export function findingsOn(
  certificates: readonly Certificate[],
  anchor: TrustAnchor,
): readonly Finding[] {
  const found: Finding[] = []
  certificates.forEach((certificate, depth) => {
    const issuer = certificates[depth + 1] ?? anchor.certificate
    const kinds = [
      ...everywhere(certificate),
      ...aboutSerial(certificate),
      ...(depth === 0 ? inLeaf(certificate) : inCa(certificate)),
      ...aboutIssuer(certificate, issuer),
    ]
    collect(certificate, kinds, found)
  })
  collect(anchor.certificate, ofAnchor(anchor), found)
  return found
}

function collect(certificate: Certificate, kinds: readonly FindingKind[], found: Finding[]): void {
  if (kinds.length === 0 && certificate.laxities.size === 0) return
  const subject = printName(certificate.subject)
  for (const kind of kinds) found.push({ kind, subject })
  for (const laxity of certificate.laxities) found.push({ kind: 'lax-encoding', subject, laxity })
}

/** The anchor's findings do not depend on the path: worked out once. */
function ofAnchor({ certificate, selfSigned }: TrustAnchor): readonly FindingKind[] {
  const known = anchorFindings.get(certificate)
  if (known !== undefined) return known
  const { authorityKeyIdentifier, extendedKeyUsage } = certificate.extensions
  const lacksKey =
    authorityKeyIdentifier !== undefined && authorityKeyIdentifier.keyIdentifier === undefined
  const kinds = [
    ...everywhere(certificate),
    ...inCa(certificate),
    ...when(lacksKey, 'authority-key-identifier-without-key'),
    // CA/Browser 7.1.2.1.2; in an intermediate that serves as anchor it is a constraint, and welcome.
    ...when(selfSigned && extendedKeyUsage !== undefined, 'purpose-in-self-signed-anchor'),
  ]
  anchorFindings.set(certificate, kinds)
  return kinds
}

const anchorFindings = new WeakMap<Certificate, readonly FindingKind[]>()

function everywhere(certificate: Certificate): FindingKind[] {
  const { version, extensions, subject } = certificate
  const hasNames = subject.rdns.length > 0
  const sanCritical = isCritical(certificate, EXTENSION.subjectAltName)
  return [
    ...when(version !== 3, 'version-too-old'),
    ...when(hasNames && sanCritical, 'subject-alt-name-critical'),
    // §4.1.2.6: whoever has no subject must mark its other names as critical.
    ...when(
      !hasNames && extensions.subjectAltName !== undefined && !sanCritical,
      'subject-alt-name-not-critical',
    ),
    ...when(departsInPolicyConstraints(certificate), 'policy-constraints-not-critical'),
  ]
}

/** §4.1.2.2: positive, at most twenty octets. Nobody looks for a trust anchor's, so it is not asked there. */
const aboutSerial = ({ serial }: Certificate): FindingKind[] => [
  ...when(serial.startsWith('-') || /^0+$/u.test(serial), 'serial-not-positive'),
  ...when(serial.replace('-', '').length > 40, 'serial-too-long'),
]

const departsInPolicyConstraints = (certificate: Certificate): boolean =>
  certificate.extensions.policyConstraints !== undefined &&
  !isCritical(certificate, EXTENSION.policyConstraints)

function inLeaf(leaf: Certificate): FindingKind[] {
  const { basicConstraints, extendedKeyUsage, keyUsage } = leaf.extensions
  const ca = basicConstraints?.ca === true
  const signs = keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) !== 0
  return [
    // A CA's own certificate needs no purpose (CA/Browser 7.1.2.7.6 speaks of subscribers).
    ...when(extendedKeyUsage === undefined && !ca, 'purpose-missing'),
    ...when(extendedKeyUsage?.includes(ANY_PURPOSE) === true, 'any-purpose'),
    ...when(isCritical(leaf, EXTENSION.extendedKeyUsage), 'purpose-critical'),
    // §4.2.1.9: the one right comes with the other. Harmless in a leaf, which issues nothing here.
    ...when(keyUsage !== undefined && ca !== signs, 'ca-rights-disagree'),
  ]
}

function inCa(ca: Certificate): FindingKind[] {
  const { nameConstraints, subjectKeyIdentifier } = ca.extensions
  return [
    // §4.2.1.2, §4.2.1.9, §4.2.1.10.
    ...when(subjectKeyIdentifier === undefined, 'subject-key-identifier-missing'),
    ...when(!isCritical(ca, EXTENSION.basicConstraints), 'basic-constraints-not-critical'),
    ...when(
      nameConstraints !== undefined && !isCritical(ca, EXTENSION.nameConstraints),
      'name-constraints-not-critical',
    ),
    ...when(
      nameConstraints !== undefined && hasLeadingPeriod(nameConstraints),
      'name-constraint-leading-period',
    ),
  ]
}

/** Known to RFC 5280 §4.2.1.10 for hosts of URIs and e-mail, not for DNS names, where it is met all the same. */
const hasLeadingPeriod = ({
  permitted,
  excluded,
}: NonNullable<Certificate['extensions']['nameConstraints']>): boolean =>
  [...permitted, ...excluded].some(({ base }) => base.kind === 'dns' && base.text.startsWith('.'))

/** Identifiers are hints for finding an issuer; once the signature holds, a wrong one is only untidy. */
function aboutIssuer({ extensions }: Certificate, issuer: Certificate): FindingKind[] {
  const { authorityKeyIdentifier } = extensions
  // §4.2.1.1.
  if (authorityKeyIdentifier === undefined) return ['authority-key-identifier-missing']
  const { keyIdentifier } = authorityKeyIdentifier
  if (keyIdentifier === undefined) return ['authority-key-identifier-without-key']
  const { subjectKeyIdentifier } = issuer.extensions
  const differs = subjectKeyIdentifier !== undefined && subjectKeyIdentifier !== keyIdentifier
  return when(differs, 'authority-key-identifier-mismatch')
}

/** Whether the certificate has this extension and marks it as critical. */
export const isCritical = (certificate: Certificate, oid: string): boolean =>
  certificate.extensions.all.some((extension) => extension.oid === oid && extension.critical)

const when = (condition: boolean, kind: FindingKind): FindingKind[] => (condition ? [kind] : [])

/** anyExtendedKeyUsage (RFC 5280 §4.2.1.12). */
export const ANY_PURPOSE = '2.5.29.37.0'
