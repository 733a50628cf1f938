/**
 * Whether a list may take the place of those taken before. An attacker on the way to a URL, or in its place,
 * can hand out any list that some CA of the chain has signed; none of them may make us forget what was revoked.
 */
import { isDeepStrictEqual } from 'node:util'
import { fail, ok, type Instant, type Result } from '../kernel/types.ts'
import type { Profile } from '../trust/limits.ts'
import { isNewerList, newestOfEach, sequenceKey, type RevocationList } from '../trust/revocation.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Scope } from '../x509/crl-extensions.ts'
import { printName } from '../x509/print-name.ts'

/** A believed list that is not taken, until an administrator resets the setting's lists or its CA has left the chain. */
export type UnfitReplacement =
  /** It is older: what was revoked since would be forgotten. */
  | { readonly kind: 'crl-replayed'; readonly thisUpdate: Instant; readonly before: Instant }
  /** Its number is lower: it is older, whatever it says of its time (RFC 5280 §5.2.3). Both in hexadecimal. */
  | { readonly kind: 'crl-number-lower'; readonly number: string; readonly before: string }
  /** Profile `strict` alone: its number does not say that it is newer. */
  | { readonly kind: 'crl-number-not-higher'; readonly found: NumberFinding }
  /** It speaks for another CA: all that this one has revoked would be forgotten. */
  | { readonly kind: 'crl-swapped'; readonly issuer: string; readonly before: string }
  /** It is of the same second, no number tells which is newer, and what the one before names would be forgotten. */
  | { readonly kind: 'crl-order-unknown'; readonly thisUpdate: Instant }
  /** It is about fewer certificates: those that it is not about would be forgotten. */
  | { readonly kind: 'crl-narrower' }

/**
 * What is odd about the number of a list that is newer by its time: it is the same again, or there is none where the one
 * before had one. Some CAs never count.
 */
export type NumberFinding = 'same-number' | 'no-number'

/** A list that may take the place of those before. */
export interface FitReplacement {
  readonly finding: NumberFinding | undefined
}

/**
 * Tells whether the lists of a place may take the place of those kept there, or what speaks against it: each of them
 * needs one that goes on with it, of its own key and scope if there is one.
 */
export function judgeReplacements(
  next: readonly [RevocationList, ...RevocationList[]],
  kept: readonly RevocationList[],
  profile: Profile,
): Result<FitReplacement, UnfitReplacement> {
  let finding: NumberFinding | undefined
  // Of several of one sequence the newest counts, wherever it stands.
  const newestFirst = newestOfEach(next)
    .map(({ newest }) => newest)
    .toSorted(
      ({ crl: one }, { crl: other }) =>
        Number(isNewerList(other, one)) - Number(isNewerList(one, other)),
    )
  for (const before of kept) {
    const key = sequenceKey(before)
    const successor =
      newestFirst.find((one) => sequenceKey(one) === key) ??
      newestFirst.find((one) => speaksFor(one.issuer, before.issuer)) ??
      next[0]
    const judged = judgeReplacement(successor, before, profile)
    if (!judged.ok) return judged
    finding ??= judged.value.finding
  }
  return ok({ finding })
}

/** Tells whether a list may take the place of one that was taken before, or what speaks against it. */
export function judgeReplacement(
  next: RevocationList,
  before: RevocationList,
  profile: Profile,
): Result<FitReplacement, UnfitReplacement> {
  if (!speaksFor(next.issuer, before.issuer)) {
    const issuer = printName(next.crl.issuer)
    return fail({ kind: 'crl-swapped', issuer, before: printName(before.crl.issuer) })
  }
  const lower = lowerNumber(next, before)
  if (lower !== undefined) return fail(lower)
  const { thisUpdate } = next.crl
  if (thisUpdate < before.crl.thisUpdate) {
    return fail({ kind: 'crl-replayed', thisUpdate, before: before.crl.thisUpdate })
  }
  if (!coversNoLess(next.crl.scope, before.crl.scope)) return fail({ kind: 'crl-narrower' })
  if (isOrderUnknown(next, before) && !next.index.includes(before.crl)) {
    return fail({ kind: 'crl-order-unknown', thisUpdate })
  }
  const finding = numberFinding(next, before)
  if (finding === undefined || profile === 'private') return ok({ finding })
  return fail({ kind: 'crl-number-not-higher', found: finding })
}

/** Numbers count for each key of a CA and each scope by itself (RFC 5280 §5.2.3). */
const isOneSequence = (next: RevocationList, before: RevocationList): boolean =>
  next.issuer.publicKey.fingerprint === before.issuer.publicKey.fingerprint &&
  isDeepStrictEqual(next.crl.scope, before.crl.scope)

function lowerNumber(next: RevocationList, before: RevocationList): UnfitReplacement | undefined {
  const [number, earlier] = [next.crl.number, before.crl.number]
  if (number === undefined || earlier === undefined || !isOneSequence(next, before))
    return undefined
  return valueOf(number) < valueOf(earlier)
    ? { kind: 'crl-number-lower', number, before: earlier }
    : undefined
}

/**
 * Who holds two lists of one second could hand out the one that names fewer for ever. One that forgets nothing is as good as
 * the newer one, whichever it is.
 */
function isOrderUnknown({ crl: next }: RevocationList, { crl: before }: RevocationList): boolean {
  if (next.thisUpdate !== before.thisUpdate || next.der.equals(before.der)) return false
  const [number, earlier] = [next.number, before.number]
  if (number === undefined || earlier === undefined) return true
  return valueOf(number) === valueOf(earlier)
}

/** A list of the same second with the same number is the same list, signed once more. */
function numberFinding(next: RevocationList, before: RevocationList): NumberFinding | undefined {
  const [number, earlier] = [next.crl.number, before.crl.number]
  if (earlier === undefined || !isOneSequence(next, before)) return undefined
  if (number === undefined) return 'no-number'
  const isLater = next.crl.thisUpdate > before.crl.thisUpdate
  return isLater && valueOf(number) === valueOf(earlier) ? 'same-number' : undefined
}

const valueOf = (number: string): bigint => BigInt(`0x${number}`)

/** The same CA, or the same name with a key of a later certificate: many CAs go on at the same URL after a new key. */
const speaksFor = (next: Certificate, before: Certificate): boolean =>
  next.subject.key === before.subject.key &&
  (next.publicKey.fingerprint === before.publicKey.fingerprint || next.notBefore > before.notBefore)

const coversNoLess = ({ certificates, points }: Scope, before: Scope): boolean =>
  (certificates === 'all' || certificates === before.certificates) &&
  (points === undefined || before.points?.every((point) => points.includes(point)) === true)
