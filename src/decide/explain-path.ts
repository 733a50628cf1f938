/**
 * Why no path was sound, in words.
 */
import { unreachable } from '../kernel/types.ts'
import { UNSUPPORTED_STEP, UNSUPPORTED_TEXT } from '../trust/algorithms.ts'
import type { PathFailure } from '../trust/failure.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** The sentence and the next step for what `trust` found. */
export function explainPath(why: PathFailure): Explanation {
  switch (why.kind) {
    case 'untrusted-issuer':
    case 'self-signed':
    case 'path-too-long':
    case 'unfit-anchor':
    case 'budget-exhausted':
      return explainSearch(why)
    case 'bad-signature':
    case 'weak-signature':
    case 'weak-key':
    case 'unsupported-signature':
    case 'unsupported-key':
    case 'wrong-purpose':
    case 'wrong-key-usage':
    case 'unknown-critical-extension':
    case 'departs-from-profile':
      return explainCertificate(why)
    case 'not-a-ca':
    case 'ca-may-not-sign':
    case 'path-length-exceeded':
    case 'no-common-policy':
    case 'policy-mapping-malformed':
      return explainRights(why)
    case 'name-constraints-malformed':
    case 'name-not-permitted':
    case 'name-excluded':
    case 'name-undecidable':
      return explainName(why)
    default:
      return unreachable(why)
  }
}

type Of<Kind extends PathFailure['kind']> = Extract<PathFailure, { readonly kind: Kind }>

type SearchFailure = Of<
  'untrusted-issuer' | 'self-signed' | 'path-too-long' | 'unfit-anchor' | 'budget-exhausted'
>

function explainSearch(why: SearchFailure): Explanation {
  switch (why.kind) {
    case 'untrusted-issuer':
      return {
        sentence: `no enrollment setting has the CA ${whose(why.issuer)}`,
        nextStep:
          'enrol the device here, or add the CA chain of its issuer, intermediates included, as an enrollment setting',
      }
    case 'self-signed':
      return {
        sentence: `the certificate ${whose(why.subject)} is signed by itself`,
        nextStep: 'enrol the device; a certificate that it made for itself says nothing',
      }
    case 'path-too-long':
      return {
        sentence: `the path to a trust anchor has more than ${why.limit} intermediates`,
        nextStep: 'make an intermediate that is nearer to the devices a trust anchor',
      }
    case 'unfit-anchor':
      return {
        sentence: `the path ends at ${whose(why.anchor)}, which is no fit trust anchor: ${why.faults.map(({ kind }) => kind).join(', ')}`,
        nextStep: 'replace the CA certificate of that enrollment setting by a correct one',
      }
    case 'budget-exhausted':
      return {
        sentence: `the certificates were not worth more than ${why.limit} ${why.resource}, and no path was sound by then`,
        nextStep:
          'let the device send the intermediates of one path only; an honest one never needs that much',
      }
    default:
      return unreachable(why)
  }
}

type CertificateFailure = Of<
  | 'bad-signature'
  | 'weak-signature'
  | 'weak-key'
  | 'unsupported-signature'
  | 'unsupported-key'
  | 'wrong-purpose'
  | 'wrong-key-usage'
  | 'unknown-critical-extension'
  | 'departs-from-profile'
>

function explainCertificate(why: CertificateFailure): Explanation {
  switch (why.kind) {
    case 'bad-signature':
      return {
        sentence: `the signature on ${whose(why.subject)} was not made by the CA ${whose(why.issuer)} that it names`,
        nextStep:
          'treat it as forged, unless that CA was given a new key: then add its new certificate as an enrollment setting',
      }
    case 'weak-signature':
      return {
        sentence: `the signature on ${whose(why.subject)} is made with ${why.algorithm}, which is too weak`,
        nextStep: 'issue the certificate anew with SHA-256 or better',
      }
    case 'weak-key':
      return {
        sentence: `the key of ${whose(why.subject)} is ${why.key}, which is not among those we take`,
        nextStep:
          'issue the certificate anew for a key of RSA 2048 to 8192, P-256, P-384, P-521 or Ed25519',
      }
    case 'unsupported-signature':
      return {
        sentence: `the signature on ${whose(why.subject)} is made with ${why.algorithm}, ${UNSUPPORTED_TEXT[why.why]}`,
        nextStep: `issue the certificate anew ${UNSUPPORTED_STEP[why.why]}`,
      }
    case 'unsupported-key':
      return {
        sentence: `the key of ${whose(why.subject)} is ${why.key}, ${UNSUPPORTED_TEXT[why.why]}`,
        nextStep: `issue the certificate anew ${UNSUPPORTED_STEP[why.why]}`,
      }
    case 'wrong-purpose':
      return {
        sentence: `${whose(why.subject)} is not for TLS ${why.wanted}s; its extended key usage lists ${why.found.join(', ') || 'nothing'}`,
        nextStep: `add ${why.wanted} authentication to the extended key usage, in the CA's template`,
      }
    case 'wrong-key-usage':
      return {
        sentence: `the key usage of ${whose(why.subject)} does not let it sign a TLS handshake`,
        nextStep: "add digital signature to the key usage, in the CA's template",
      }
    case 'unknown-critical-extension':
      return {
        sentence: `${whose(why.subject)} holds the critical extension ${why.oid}, which we do not know`,
        nextStep: 'issue the certificate anew without it, or with it marked as not critical',
      }
    case 'departs-from-profile':
      return {
        sentence: `the path is sound, but departs from the strict profile: ${[...new Set(why.findings.map(({ kind }) => kind))].join(', ')}`,
        nextStep: "correct the CA's template, or set the trust profile to private",
      }
    default:
      return unreachable(why)
  }
}

type RightsFailure = Of<
  | 'not-a-ca'
  | 'ca-may-not-sign'
  | 'path-length-exceeded'
  | 'no-common-policy'
  | 'policy-mapping-malformed'
>

function explainRights(why: RightsFailure): Explanation {
  switch (why.kind) {
    case 'not-a-ca':
      return {
        sentence: `${whose(why.subject)} issued a certificate and is no CA (basic constraints)`,
        nextStep:
          'treat what it issued as forged; if it was meant to be a CA, issue it anew as one',
      }
    case 'ca-may-not-sign':
      return {
        sentence: `the CA ${whose(why.subject)} may not sign certificates (key usage)`,
        nextStep: 'issue the CA certificate anew with certificate signing in its key usage',
      }
    case 'path-length-exceeded':
      return {
        sentence: `the CA ${whose(why.subject)} allows ${why.limit} intermediates below it, and there are more`,
        nextStep: 'issue from a CA nearer to it, or issue it anew with a greater path length',
      }
    case 'no-common-policy':
      return {
        sentence: `a CA above ${whose(why.subject)} demands a certificate policy, and none runs through the path`,
        nextStep: "put the CA's policy into the certificates below it",
      }
    case 'policy-mapping-malformed':
      return {
        sentence: `the policy mappings of ${whose(why.subject)} map from or to any policy`,
        nextStep: 'issue that CA certificate anew without such a mapping',
      }
    default:
      return unreachable(why)
  }
}

type NameFailure = Of<
  'name-constraints-malformed' | 'name-not-permitted' | 'name-excluded' | 'name-undecidable'
>

function explainName(why: NameFailure): Explanation {
  switch (why.kind) {
    case 'name-constraints-malformed':
      return {
        sentence: `the name constraint ${why.constraint} of ${whose(why.subject)} cannot be understood`,
        nextStep: 'issue that CA certificate anew with a correct constraint',
      }
    case 'name-not-permitted':
      return {
        sentence: `the CA ${whose(why.by)} may not issue for ${why.name}, which ${whose(why.subject)} claims`,
        nextStep: 'issue the certificate without that name, or widen what the CA may issue for',
      }
    case 'name-excluded':
      return {
        sentence: `the CA ${whose(why.by)} excludes ${why.constraint}, and ${whose(why.subject)} claims ${why.name}`,
        nextStep: 'issue the certificate without that name',
      }
    case 'name-undecidable':
      return {
        sentence: `it cannot be decided whether ${why.name} of ${whose(why.subject)} lies within ${why.constraint}, as ${whose(why.by)} demands`,
        nextStep:
          'issue the certificate without that name, or the CA certificate without that constraint',
      }
    default:
      return unreachable(why)
  }
}

const whose = (name: string): string => (name === '' ? '(without a subject)' : name)
