/**
 * Trust anchors: which certificates may be one. RFC 5280 §6.1.1 (d) takes any name and key; we also hold an anchor
 * to what its own certificate says (as RFC 5937 does), because that is what its owner meant.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import { KEY_USAGE } from '../x509/extensions.ts'
import { keyText } from '../x509/key.ts'
import {
  objectionToKey,
  objectionToSignature,
  signatureText,
  type Unsupported,
} from './algorithms.ts'
import { unknownCriticalExtension } from './critical.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { verifiesUnder } from '../x509/verify-signature.ts'

/** A name and a key that we start from (RFC 5280 §6.1.1 (d)); it need not be self-signed. */
export interface TrustAnchor {
  readonly certificate: Certificate
  /** The enrollment setting it came with; its standing is looked up in the policy when a request is judged, so that a remembered path never carries a stale one. */
  readonly setting: string
  /** Whether its own key signed it. */
  readonly selfSigned: boolean
  /** Why no path may start from it; empty for a fit one. */
  readonly faults: readonly AnchorFault[]
}

/** What makes a certificate unfit as a trust anchor. */
export type AnchorFault =
  /** Basic constraints are absent, or say that it is none (RFC 5280 §4.2.1.9). */
  | { readonly kind: 'anchor-not-a-ca' }
  /** Key usage lacks keyCertSign (§4.2.1.3). */
  | { readonly kind: 'anchor-may-not-sign' }
  /** §4.1.2.6: a CA has a name. */
  | { readonly kind: 'anchor-without-name' }
  | { readonly kind: 'anchor-key-weak'; readonly key: string }
  | { readonly kind: 'anchor-key-unsupported'; readonly key: string; readonly why: Unsupported }
  /** It names itself as its issuer, and whether it signed itself cannot be verified. */
  | {
      readonly kind: 'anchor-signature-unsupported'
      readonly algorithm: string
      readonly why: Unsupported
    }
  /** Basic constraints came with version 3: one of version 1 or 2 cannot say that it is a CA. */
  | { readonly kind: 'anchor-version-old'; readonly version: 1 | 2 }
  | { readonly kind: 'anchor-extension-unknown'; readonly oid: string }
  /** It signed itself, and its authority key identifier names another key (§4.2.1.1). */
  | { readonly kind: 'anchor-contradicts-itself' }
  /** It was signed by another key, and it does not say with which key (§4.2.1.1). */
  | { readonly kind: 'anchor-origin-unstated' }

/** A certificate as a trust anchor, or everything that speaks against it. */
export function parseAnchor(
  certificate: Certificate,
  setting: string,
  limits: Limits = DEFAULT_LIMITS,
): Result<TrustAnchor, readonly AnchorFault[]> {
  const anchor = anchorOf(certificate, setting, limits)
  return anchor.faults.length === 0 ? ok(anchor) : fail(anchor.faults)
}

/** A certificate as a trust anchor, its faults included: paths that end at an unfit one say why they fail. */
export function anchorOf(certificate: Certificate, setting: string, limits: Limits): TrustAnchor {
  const selfSigned = isSelfSigned(certificate)
  return { certificate, setting, selfSigned, faults: faultsOf(certificate, selfSigned, limits) }
}

/** Whether a certificate's own key made its signature, whomever it names as its issuer. */
export const isSelfSigned = (certificate: Certificate): boolean =>
  verifiesUnder(certificate, certificate)

/** RFC 5280 §3.2: issuer and subject are the same name. */
export const isSelfIssued = ({ issuer, subject }: Certificate): boolean =>
  issuer.key === subject.key

function faultsOf(
  certificate: Certificate,
  selfSigned: boolean,
  limits: Limits,
): readonly AnchorFault[] {
  const { basicConstraints, keyUsage, authorityKeyIdentifier } = certificate.extensions
  const faults: AnchorFault[] = []
  const { version } = certificate
  if (version !== 3) faults.push({ kind: 'anchor-version-old', version })
  else if (basicConstraints?.ca !== true) faults.push({ kind: 'anchor-not-a-ca' })
  if (keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) === 0) {
    faults.push({ kind: 'anchor-may-not-sign' })
  }
  if (certificate.subject.rdns.length === 0) faults.push({ kind: 'anchor-without-name' })
  const { algorithm } = certificate.publicKey
  const [why, key] = [objectionToKey(algorithm, limits), keyText(algorithm)]
  if (why === 'weak') faults.push({ kind: 'anchor-key-weak', key })
  else if (why !== undefined) faults.push({ kind: 'anchor-key-unsupported', key, why })
  const oid = unknownCriticalExtension(certificate)
  if (oid !== undefined) faults.push({ kind: 'anchor-extension-unknown', oid })
  if (selfSigned && contradictsItself(certificate))
    faults.push({ kind: 'anchor-contradicts-itself' })
  if (!selfSigned && authorityKeyIdentifier === undefined)
    faults.push(unstatedOrigin(certificate, limits))
  return faults
}

/** What names itself as its issuer was not signed by another CA, as far as can be told. */
function unstatedOrigin(certificate: Certificate, limits: Limits): AnchorFault {
  const { algorithm } = certificate.signature
  const why = objectionToSignature(algorithm, limits)
  return why === undefined || why === 'weak' || !isSelfIssued(certificate)
    ? { kind: 'anchor-origin-unstated' }
    : { kind: 'anchor-signature-unsupported', algorithm: signatureText(algorithm), why }
}

function contradictsItself({ extensions, serial, issuer }: Certificate): boolean {
  const { authorityKeyIdentifier: authority, subjectKeyIdentifier: own } = extensions
  if (authority === undefined) return false
  const otherKey = authority.keyIdentifier !== undefined && authority.keyIdentifier !== own
  const otherSerial = authority.serial !== undefined && authority.serial !== serial
  const directory = authority.issuer?.find((name) => name.kind === 'directory')
  const otherIssuer = directory !== undefined && directory.name.key !== issuer.key
  return otherKey || otherSerial || otherIssuer
}
