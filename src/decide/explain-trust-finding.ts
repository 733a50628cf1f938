/**
 * What a finding means, in one sentence: for `tfe explain` and the documentation.
 */
import type { FindingCode } from '../trust/finding.ts'

/** Each departure that leaves a path sound, with the section of RFC 5280 or the CA/Browser rules that it departs from. */
export const FINDING_EXPLANATIONS: Readonly<Record<FindingCode, string>> = {
  'algorithm-parameters':
    'an algorithm is named with parameters that it should not have, or a key without those that it should have (RFC 5758 §3.2, RFC 3279 §2.3.1)',
  'any-purpose':
    'the certificate may be used for any purpose, not for TLS clients alone (§4.2.1.12)',
  'authority-key-identifier-missing':
    'the certificate does not say with which key it was signed (§4.2.1.1)',
  'authority-key-identifier-mismatch':
    "the certificate names another key than its issuer's as the one that signed it; the signature holds all the same (§4.2.1.1)",
  'authority-key-identifier-without-key':
    'the certificate names its issuer by name and serial instead of by key (§4.2.1.1)',
  'basic-constraints-not-critical':
    'the CA says that it is one, and lets readers that do not understand this pass over it (§4.2.1.9)',
  'ca-rights-disagree':
    'the certificate has one of the two rights of a CA without the other (§4.2.1.3, §4.2.1.9)',
  'lax-encoding': 'the certificate is not encoded exactly as DER demands (X.690 §10)',
  'name-constraint-leading-period':
    'a name constraint for DNS begins with a period, which RFC 5280 does not know there (§4.2.1.10)',
  'name-constraints-not-critical':
    'the CA lets readers that do not understand its name constraints pass over them (§4.2.1.10)',
  'policy-constraints-not-critical':
    'the CA lets readers that do not understand its policy constraints pass over them (§4.2.1.11)',
  'purpose-critical':
    'the purposes of the certificate are marked as critical (CA/Browser 7.1.2.7.6)',
  'purpose-in-self-signed-anchor':
    'the trust anchor limits its own purposes, which need not be heeded (CA/Browser 7.1.2.1.2)',
  'purpose-missing': 'the certificate does not say what it is for (CA/Browser 7.1.2.7.6)',
  'serial-not-positive': 'the serial number is zero or negative (§4.1.2.2)',
  'serial-too-long': 'the serial number has more than twenty octets (§4.1.2.2)',
  'subject-alt-name-critical':
    'the alternative names are marked as critical although there is a subject (§4.2.1.6)',
  'subject-alt-name-not-critical':
    'there is no subject, and the alternative names are not marked as critical (§4.1.2.6)',
  'subject-key-identifier-missing': 'the CA has no identifier for its key (§4.2.1.2)',
  'version-too-old': 'the certificate is not of version 3 (§4.1.2.1)',
}
