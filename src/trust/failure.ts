/**
 * Every way in which a path is not sound, with its facts. Names are RFC 4514 text, keys and algorithms are words:
 * its reader has no certificate at hand.
 */
import type { Unsupported } from './algorithms.ts'
import type { AnchorFault } from './anchor.ts'
import type { Finding } from './finding.ts'
import type { Limits, Purpose } from './limits.ts'

/** Why no path is sound: ranked by `rankOf`, so that the most telling one of several is reported. */
export type PathFailure =
  /** No trust anchor has the name that the path asks for. */
  | { readonly kind: 'untrusted-issuer'; readonly issuer: string }
  /** As above, and the leaf names itself as its issuer. */
  | { readonly kind: 'self-signed'; readonly subject: string }
  | { readonly kind: 'path-too-long'; readonly limit: number }
  | {
      readonly kind: 'unfit-anchor'
      readonly anchor: string
      readonly faults: readonly AnchorFault[]
    }
  | { readonly kind: 'bad-signature'; readonly subject: string; readonly issuer: string }
  | { readonly kind: 'weak-signature'; readonly subject: string; readonly algorithm: string }
  | { readonly kind: 'weak-key'; readonly subject: string; readonly key: string }
  /** Not known to be weak, and not one that we verify. */
  | {
      readonly kind: 'unsupported-signature'
      readonly subject: string
      readonly algorithm: string
      readonly why: Unsupported
    }
  | {
      readonly kind: 'unsupported-key'
      readonly subject: string
      readonly key: string
      readonly why: Unsupported
    }
  | { readonly kind: 'not-a-ca'; readonly subject: string }
  /** A CA whose key usage lacks keyCertSign. */
  | { readonly kind: 'ca-may-not-sign'; readonly subject: string }
  /** More intermediates below a CA than its basic constraints allow. */
  | { readonly kind: 'path-length-exceeded'; readonly subject: string; readonly limit: number }
  | { readonly kind: 'unknown-critical-extension'; readonly subject: string; readonly oid: string }
  | {
      readonly kind: 'name-constraints-malformed'
      readonly subject: string
      readonly constraint: string
    }
  /** A name below a CA that the CA was not given; `by` is that CA. */
  | {
      readonly kind: 'name-not-permitted'
      readonly subject: string
      readonly name: string
      readonly by: string
    }
  | {
      readonly kind: 'name-excluded'
      readonly subject: string
      readonly name: string
      readonly constraint: string
      readonly by: string
    }
  /** A constraint applies, and whether it holds cannot be decided: fail closed. */
  | {
      readonly kind: 'name-undecidable'
      readonly subject: string
      readonly name: string
      readonly constraint: string
      readonly by: string
    }
  /** A CA demands a policy that runs through the whole path, and none does (RFC 5280 §6.1.5). */
  | { readonly kind: 'no-common-policy'; readonly subject: string }
  | { readonly kind: 'policy-mapping-malformed'; readonly subject: string }
  | {
      readonly kind: 'wrong-purpose'
      readonly subject: string
      readonly wanted: Purpose
      /** Extended key usages found, in dotted decimal. */
      readonly found: readonly string[]
    }
  /** The leaf's key usage does not let it sign a handshake. */
  | { readonly kind: 'wrong-key-usage'; readonly subject: string }
  /** Only in profile `strict`: the path is sound, and departs from the profile in these. */
  | { readonly kind: 'departs-from-profile'; readonly findings: readonly Finding[] }
  /** Judging stopped before an answer was found; the peer may be honest, but its certificates are not worth the work. */
  | { readonly kind: 'budget-exhausted'; readonly resource: Resource; readonly limit: number }

/** What the judge may run out of. */
export type Resource = keyof Pick<Limits, 'signatures' | 'steps' | 'comparisons'>

/** Higher is more telling: the path came further, or nothing else that is said would be the whole truth. */
export const rankOf = (failure: PathFailure): number => RANKS.indexOf(failure.kind)

/** Whether a code says that no path is sound, whatever was asked; all others are verdicts on a sound one, or on no certificate. */
export const isPathFailureKind = (code: string): code is PathFailure['kind'] =>
  (RANKS as readonly string[]).includes(code)

const RANKS: readonly PathFailure['kind'][] = [
  'untrusted-issuer',
  'self-signed',
  'path-too-long',
  'unfit-anchor',
  'bad-signature',
  'weak-signature',
  'weak-key',
  'unsupported-signature',
  'unsupported-key',
  'not-a-ca',
  'ca-may-not-sign',
  'path-length-exceeded',
  'unknown-critical-extension',
  'name-constraints-malformed',
  'name-undecidable',
  'name-not-permitted',
  'name-excluded',
  'policy-mapping-malformed',
  'no-common-policy',
  'wrong-purpose',
  'wrong-key-usage',
  'departs-from-profile',
  'budget-exhausted',
]
