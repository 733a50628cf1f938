/**
 * Why octets are no revocation list that we may rely on. What a list leaves out counts as good, so whatever could
 * make it leave something out is refused by name.
 */
import type { Problem } from './der-fault.ts'

/** A closed union; every kind has its words in `revoke/crl-failure.ts`. */
export type CrlFault =
  | { readonly kind: 'crl-too-large'; readonly bytes: number; readonly limit: number }
  | { readonly kind: 'crl-too-many-entries'; readonly limit: number }
  /** Octets that cannot be decoded, or that hold no list. */
  | { readonly kind: 'crl-pem-unfit'; readonly detail: string }
  | {
      readonly kind: 'crl-malformed'
      readonly problem: Problem
      readonly field: string
      /** Octets from the beginning of the list. */
      readonly offset: number
      readonly detail: string
    }
  /** It says only what changed since another list (RFC 5280 §5.2.4). */
  | { readonly kind: 'crl-delta' }
  /** It lists certificates of other CAs than its own (§5.2.5, §5.3.3). */
  | { readonly kind: 'crl-indirect' }
  /** It leaves out certificates or reasons on purpose (§5.2.5). */
  | {
      readonly kind: 'crl-partial'
      readonly scope: 'some-reasons' | 'attributes' | 'relative-name'
    }
  | { readonly kind: 'crl-unknown-critical-extension'; readonly oid: string }
  /** Without the next one's date an old list could not be told from a current one (§5.1.2.5). */
  | { readonly kind: 'crl-without-next-update' }
  /** §5.2.3: the number of a list has at most 20 octets, and is not critical. */
  | { readonly kind: 'crl-number-unfit'; readonly found: 'critical' | 'too-large' }
