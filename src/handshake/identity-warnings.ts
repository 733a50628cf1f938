/**
 * What would surprise an operator about a certificate of ours that can be served all the same. The start, a reload and
 * `tfe check` say the same, because all of them ask here.
 */
import type { X509Certificate } from 'node:crypto'
import { isoText, type Fault, type Instant } from '../kernel/types.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { AUTHORITY_DAYS, endsSoon, LEAF_DAYS } from '../x509/ending-soon.ts'
import { KEY_USAGE } from '../x509/extensions.ts'
import { isPubliclyTrusted } from './public-authorities.ts'
import type { ServerIdentity } from './server-identity.ts'

/** Whose certificate it is, to whom it is shown, and as what. */
export interface IdentityUse {
  /** As the subject of a sentence. */
  readonly what: string
  /** Those who look at it, as the subject of "refuses it". */
  readonly peer: string
  readonly purpose: 'clientAuth' | 'serverAuth'
}

/** The certificate of a listener of devices. */
export const SHOWN_TO_DEVICES: IdentityUse = {
  what: 'the server certificate',
  peer: 'every device',
  purpose: 'serverAuth',
}

/** The certificate of the admin API. */
export const SHOWN_TO_ADMINISTRATORS: IdentityUse = {
  what: 'the certificate of the admin API',
  peer: 'every browser and `tfe`',
  purpose: 'serverAuth',
}

/** The client certificate of an upstream. */
export const shownToUpstream = (name: string): IdentityUse => ({
  what: `the client certificate for the upstream ${name}`,
  peer: 'a server that verifies it',
  purpose: 'clientAuth',
})

/** Everything about one identity, whichever authority signed it. */
export function identityWarnings(
  { at, certificates }: Pick<ServerIdentity, 'at' | 'certificates'>,
  use: IdentityUse,
  now: Instant,
): readonly Fault[] {
  const [leaf, ...issuers] = certificates
  return [
    ...validityTexts(leaf, { who: use.what, days: LEAF_DAYS, use, now }),
    ...purposeTexts(leaf, use),
    ...strengthTexts(leaf, use),
    ...issuers
      .filter((one) => !isSelfIssued(one))
      .flatMap((one) =>
        validityTexts(one, {
          who: `the CA ${oneLine(one.subject)} above ${use.what}`,
          days: AUTHORITY_DAYS,
          use,
          now,
        }),
      ),
  ].map((message) => ({ at, message }))
}

/**
 * Tells once for each authority that is no public one what those need who call the listeners: the root itself need not be
 * sent (RFC 8446 §4.4.2), so that a chain without it is as good as one with it.
 */
export function privateAuthorityWarnings(
  identities: readonly Pick<ServerIdentity, 'at' | 'certificates'>[],
): readonly Fault[] {
  const warnings = new Map<string, Fault>()
  for (const { at, certificates } of identities) {
    if (isPubliclyTrusted(certificates)) continue
    const top = certificates.at(-1) ?? certificates[0]
    const authority = oneLine(isSelfIssued(top) ? top.subject : top.issuer)
    if (warnings.has(authority)) continue
    const message = isSelfIssued(top)
      ? `the server certificate leads to ${authority}, which is no public authority: ${NEEDED}`
      : `the server certificate leads to ${authority}, which is no public authority and not in the file: ${NEEDED}; if it is an intermediate, add it to the file`
    warnings.set(authority, { at, message })
  }
  return [...warnings.values()]
}

const NEEDED =
  'devices need its certificate in their trust store, by policy, before they call, and mutual authentication of an MDM server asks for a public one (iOS enrolment and app downloads break otherwise)'

interface Told {
  readonly who: string
  /** How long before its end it is told. */
  readonly days: number
  readonly use: IdentityUse
  readonly now: Instant
}

function validityTexts(
  { validFromDate, validToDate }: X509Certificate,
  { who, days, use: { peer }, now }: Told,
): readonly string[] {
  const notBefore = validFromDate.getTime() as Instant
  const end = validToDate.getTime() as Instant
  // Valid through the whole of its last second (RFC 5280 §4.1.2.5).
  const notAfter = (end + 999) as Instant
  if (now > notAfter) return [`${who} expired at ${isoText(end)}: ${peer} refuses it; renew it`]
  if (now < notBefore) {
    return [`${who} is valid only from ${isoText(notBefore)}: until then ${peer} refuses it`]
  }
  if (!endsSoon({ notBefore, notAfter }, { now, days })) return []
  return [`${who} ends at ${isoText(end)}: renew it before, or ${peer} refuses it from then on`]
}

function purposeTexts(
  leaf: X509Certificate,
  { what, peer, purpose }: IdentityUse,
): readonly string[] {
  const parsed = parseCertificate(leaf.raw)
  if (!parsed.ok) {
    return [
      `${what} could not be looked at for its purposes, because it is not encoded as DER demands: have it issued again, or be sure that it is for ${purpose}`,
    ]
  }
  const { extendedKeyUsage, keyUsage } = parsed.value.extensions
  const texts: string[] = []
  const isFit =
    extendedKeyUsage === undefined ||
    [PURPOSES[purpose], ANY_PURPOSE].some((one) => extendedKeyUsage.includes(one))
  if (!isFit) {
    texts.push(
      `${what} is for other purposes (extended key usage ${extendedKeyUsage.join(', ')}), wanted ${purpose} (${PURPOSES[purpose]}): ${peer} may refuse it; have it issued for that`,
    )
  }
  if (keyUsage !== undefined && (keyUsage & KEY_USAGE.digitalSignature) === 0) {
    texts.push(
      `the key usage of ${what} lacks digitalSignature, which TLS 1.3 and every forward secret suite need (RFC 8446 §4.4.2.2): ${peer} may refuse it; have it issued again`,
    )
  }
  return texts
}

function strengthTexts(leaf: X509Certificate, { what, peer }: IdentityUse): readonly string[] {
  const { asymmetricKeyDetails: { modulusLength } = {} } = leaf.publicKey
  const texts: string[] = []
  if (modulusLength !== undefined && modulusLength < LEAST_RSA_BITS) {
    texts.push(
      `${what} has an RSA key of ${modulusLength} bits, wanted ${LEAST_RSA_BITS} at least: ${peer} may refuse it; have it issued with another key`,
    )
  }
  const algorithm = leaf.signatureAlgorithm ?? ''
  if (WEAK_SIGNATURE.test(algorithm) && !isSelfIssued(leaf)) {
    texts.push(
      `${what} is signed with ${algorithm}, wanted SHA-256 or better: ${peer} may refuse it; have it issued again`,
    )
  }
  return texts
}

const PURPOSES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const
const ANY_PURPOSE = '2.5.29.37.0'
/** What public authorities issue at least (CA/Browser Forum, Baseline Requirements §6.1.5). */
const LEAST_RSA_BITS = 2048
const WEAK_SIGNATURE = /md5|sha1/iu

const isSelfIssued = (one: X509Certificate): boolean => one.subject === one.issuer

const oneLine = (name: string): string => `"${name.split('\n').toReversed().join(',')}"`
