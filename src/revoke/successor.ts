/**
 * Whether a list may take the place of the one in force. An attacker on the way to a URL, or in its place,
 * can hand out any list that some CA of the chain has signed; none of them may make us forget what was revoked.
 */
import type { Instant } from '../kernel/types.ts'
import type { RevocationList } from '../trust/revocation.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Scope } from '../x509/crl-extensions.ts'
import { printName } from '../x509/print-name.ts'

/** A believed list that is not taken; after a restart, or once its CA has left the chain, nothing stands against it. */
export type UnfitReplacement =
  /** It is older: what was revoked since would be forgotten. */
  | { readonly kind: 'crl-replayed'; readonly thisUpdate: Instant; readonly inForce: Instant }
  /** It speaks for another CA: all that this one has revoked would be forgotten. */
  | { readonly kind: 'crl-swapped'; readonly issuer: string; readonly inForce: string }
  /** It is about fewer certificates: those that it is not about would be forgotten. */
  | { readonly kind: 'crl-narrower' }

/** What speaks against it, if anything does. */
export function unfitReplacement(
  next: RevocationList,
  inForce: RevocationList,
): UnfitReplacement | undefined {
  if (!speaksFor(next.issuer, inForce.issuer)) {
    const [issuer, before] = [printName(next.crl.issuer), printName(inForce.crl.issuer)]
    return { kind: 'crl-swapped', issuer, inForce: before }
  }
  const { thisUpdate } = next.crl
  if (thisUpdate < inForce.crl.thisUpdate) {
    return { kind: 'crl-replayed', thisUpdate, inForce: inForce.crl.thisUpdate }
  }
  return coversNoLess(next.crl.scope, inForce.crl.scope) ? undefined : { kind: 'crl-narrower' }
}

/** The same CA, or the same name with a key of a later certificate: many CAs go on at the same URL after a new key. */
const speaksFor = (next: Certificate, before: Certificate): boolean =>
  next.subject.key === before.subject.key &&
  (next.publicKey.fingerprint === before.publicKey.fingerprint || next.notBefore > before.notBefore)

const coversNoLess = (next: Scope, before: Scope): boolean =>
  (next.certificates === 'all' || next.certificates === before.certificates) &&
  (next.points === undefined ||
    before.points?.every((point) => next.points?.includes(point) === true) === true)
