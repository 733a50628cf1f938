/**
 * Revocation lists against certificates (RFC 5280 §6.3.3): who may have signed a list, and what lists say about a
 * certificate. What follows from it is judged per request, in `decide/`.
 *
 * Stricter than §6.3.3 in one thing: a list counts only when the very key that signs the certificates has signed it.
 * A list under the same name and another key is another CA's list.
 */
import { fail, ok, type Branded, type Instant, type Result } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import { indexEntries, type EntryIndex, type RevokedEntry } from '../x509/crl-entries.ts'
import type { Crl } from '../x509/crl.ts'
import { pointsOf } from '../x509/distribution-points.ts'
import { KEY_USAGE } from '../x509/extensions.ts'
import { keyText } from '../x509/key.ts'
import { printName } from '../x509/print-name.ts'
import {
  isStrongKey,
  objectionToKey,
  objectionToSignature,
  signatureText,
  type Unsupported,
} from './algorithms.ts'
import type { Limits } from './limits.ts'
import type { SoundPath } from './validate.ts'
import { verifiesUnder } from '../x509/verify-signature.ts'

/** A list that the CA it names has signed and was allowed to sign. Says nothing about time. */
export type RevocationList = Branded<
  { readonly crl: Crl; readonly issuer: Certificate; readonly index: EntryIndex },
  'RevocationList'
>

/** Why a list that can be read is not believed. */
export type ListFault =
  /** None of the certificates it could belong to has the name of its issuer. */
  | { readonly kind: 'crl-of-another-ca'; readonly issuer: string }
  | { readonly kind: 'crl-signature-weak'; readonly algorithm: string }
  | {
      readonly kind: 'crl-signature-unsupported'
      readonly algorithm: string
      readonly why: Unsupported
    }
  | { readonly kind: 'crl-signer-key-weak'; readonly issuer: string; readonly key: string }
  | {
      readonly kind: 'crl-signer-key-unsupported'
      readonly issuer: string
      readonly key: string
      readonly why: Unsupported
    }
  /** The CA's key usage lacks cRLSign (§6.3.3 (f)). */
  | { readonly kind: 'crl-signer-may-not'; readonly issuer: string }
  | { readonly kind: 'crl-forged'; readonly issuer: string }

/** Verifies a list under the CAs that it may come from. The only place where a `RevocationList` is minted. */
export function verifyList(
  crl: Crl,
  authorities: readonly Certificate[],
  limits: Limits,
): Result<RevocationList, ListFault> {
  const issuer = printName(crl.issuer)
  const named = authorities.filter(({ subject }) => subject.key === crl.issuer.key)
  if (named.length === 0) return fail({ kind: 'crl-of-another-ca', issuer })
  const { algorithm } = crl.signature
  const why = objectionToSignature(algorithm, limits)
  if (why !== undefined) {
    const text = signatureText(algorithm)
    return fail(
      why === 'weak'
        ? { kind: 'crl-signature-weak', algorithm: text }
        : { kind: 'crl-signature-unsupported', algorithm: text, why },
    )
  }
  const strong = named.filter(({ publicKey }) => isStrongKey(publicKey.algorithm, limits))
  const signers = strong.filter((one) => isSignedBy(crl, one))
  if (signers.length === 0) return fail(unsigned(named, limits, issuer))
  // One key may have several certificates; a right that any of them gives it is its own.
  const signer = signers.find(maySign)
  if (signer === undefined) return fail({ kind: 'crl-signer-may-not', issuer })
  return ok({ crl, issuer: signer, index: indexOf(crl) } as RevocationList)
}

function unsigned(named: readonly Certificate[], limits: Limits, issuer: string): ListFault {
  for (const { publicKey } of named) {
    const why = objectionToKey(publicKey.algorithm, limits)
    if (why === undefined) continue
    const facts = { issuer, key: keyText(publicKey.algorithm) }
    return why === 'weak'
      ? { kind: 'crl-signer-key-weak', ...facts }
      : { kind: 'crl-signer-key-unsupported', ...facts, why }
  }
  return { kind: 'crl-forged', issuer }
}

/** §6.3.3 (f): where there is a key usage, it says so. */
const maySign = ({ extensions: { keyUsage } }: Certificate): boolean =>
  keyUsage === undefined || (keyUsage & KEY_USAGE.crlSign) !== 0

/** Hashing fifty megabytes takes a moment: a reload asks again about lists that did not change. */
function isSignedBy(crl: Crl, issuer: Certificate): boolean {
  const key = issuer.publicKey.fingerprint
  if (verified.get(crl) === key) return true
  if (!verifiesUnder(crl, issuer)) return false
  verified.set(crl, key)
  return true
}

const verified = new WeakMap<Crl, string>()

function indexOf(crl: Crl): EntryIndex {
  const known = indexes.get(crl)
  if (known !== undefined) return known
  const index = indexEntries(crl.der, crl.entries)
  indexes.set(crl, index)
  return index
}

const indexes = new WeakMap<Crl, EntryIndex>()

/** The lists in force, by the CA that signed them. */
export type RevocationLists = ReadonlyMap<string, readonly RevocationList[]>

/** Puts lists in force; of several with one issuer and one scope the newest counts. */
export function listsByIssuer(lists: readonly RevocationList[]): RevocationLists {
  const newest = newestOfEach(lists).map(({ newest: list }) => list)
  return Map.groupBy(newest, ({ issuer }) => authorityKey(issuer))
}

/** What counts of the lists of one issuer and one scope. */
export interface Sequence {
  readonly newest: RevocationList
  /** The highest number that was met, where the newest has none: a lower one must not come back. */
  readonly numbered: RevocationList | undefined
}

/** The newest list of each sequence, in whatever order they come. */
export function newestOfEach(lists: readonly RevocationList[]): readonly Sequence[] {
  return [...Map.groupBy(lists, sequenceKey).values()].flatMap((sequence) => {
    const numbered = latest(sequence.filter(({ crl }) => crl.number !== undefined))
    const unnumbered = latest(sequence.filter(({ crl }) => crl.number === undefined))
    if (unnumbered === undefined) {
      return numbered === undefined ? [] : [{ newest: numbered, numbered: undefined }]
    }
    // By its time alone, and only a later one: of one second the number is the better word.
    return numbered !== undefined && unnumbered.crl.thisUpdate <= numbered.crl.thisUpdate
      ? [{ newest: numbered, numbered: undefined }]
      : [{ newest: unnumbered, numbered }]
  })
}

/** Of lists that all have a number, or all have none: the order of the others would depend on who is asked first. */
const latest = (lists: readonly RevocationList[]): RevocationList | undefined =>
  lists.reduce<RevocationList | undefined>(
    (best, list) => (best !== undefined && !isNewerList(list.crl, best.crl) ? best : list),
    undefined,
  )

/** A CA is a name with a key: the same name with another key is another CA, and so is the same key renamed. */
export const authorityKey = ({ publicKey, subject }: Certificate): string =>
  `${publicKey.fingerprint} ${subject.key}`

/** What lists are numbered in: one key of a CA, and one scope (RFC 5280 §5.2.3). */
export const sequenceKey = (list: RevocationList): string =>
  `${authorityKey(list.issuer)} ${scopeKey(list)}`

/**
 * Of two lists of one sequence the higher number is newer, whatever they say of their time (RFC 5280 §5.2.3); where one has
 * none, the later time.
 */
export function isNewerList(
  one: Pick<Crl, 'number' | 'thisUpdate'>,
  other: Pick<Crl, 'number' | 'thisUpdate'>,
): boolean {
  if (one.number !== undefined && other.number !== undefined && one.number !== other.number) {
    return BigInt(`0x${one.number}`) > BigInt(`0x${other.number}`)
  }
  return one.thisUpdate > other.thisUpdate
}

const scopeKey = ({ crl: { scope } }: RevocationList): string =>
  JSON.stringify([scope.certificates, scope.points?.toSorted()])

/** A certificate that a list names. */
export interface Revocation extends RevokedEntry {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly list: RevocationList
}

/** What the lists in force say about one certificate. */
export type RevocationStatus =
  | { readonly kind: 'good'; readonly list: RevocationList }
  | { readonly kind: 'revoked'; readonly revocation: Revocation }
  | {
      readonly kind: 'unknown'
      /** No list of this CA is there; or none that is about this certificate; or only one that begins later. */
      readonly why: 'no-list' | 'not-covered' | 'not-yet'
      /** The one that came nearest. */
      readonly list: RevocationList | undefined
    }
  | {
      readonly kind: 'unknown'
      /** All have ended; this one lasted longest. */
      readonly why: 'stale'
      readonly list: RevocationList
    }

/** The status of a certificate; what a list names is revoked whatever the list's scope or age. */
export function statusOf(
  certificate: Certificate,
  issuer: Certificate,
  { lists, now }: { readonly lists: RevocationLists; readonly now: Instant },
): RevocationStatus {
  const candidates = lists.get(authorityKey(issuer)) ?? NO_LISTS
  const revocation = revokedBy(candidates, certificate, issuer)
  if (revocation !== undefined) return { kind: 'revoked', revocation }
  const [first] = candidates
  if (first === undefined) return { kind: 'unknown', why: 'no-list', list: undefined }
  const covering = candidates.filter(({ crl }) => covers(crl, certificate))
  if (covering.length === 0) return { kind: 'unknown', why: 'not-covered', list: first }
  const begun = covering.filter(({ crl }) => crl.thisUpdate <= now + CLOCK_SKEW_MS)
  const fresh = begun.find(({ crl }) => now <= crl.nextUpdate)
  if (fresh !== undefined) return { kind: 'good', list: fresh }
  const latest = begun.toSorted((one, other) => other.crl.nextUpdate - one.crl.nextUpdate)[0]
  if (latest !== undefined) return { kind: 'unknown', why: 'stale', list: latest }
  return { kind: 'unknown', why: 'not-yet', list: covering[0] }
}

const NO_LISTS: readonly RevocationList[] = []

/** A CA's clock may run ahead of ours; refusing a list that was just made would turn away a whole fleet. */
export const CLOCK_SKEW_MS = 5 * 60_000

function revokedBy(
  lists: readonly RevocationList[],
  certificate: Certificate,
  issuer: Certificate,
): Revocation | undefined {
  for (const list of lists) {
    const entry = list.index.find(certificate.serial)
    if (entry !== undefined) return { ...entry, certificate, issuer, list }
  }
  return undefined
}

/** §6.3.3 (b)(2): whether the list would name the certificate, were it revoked. */
function covers({ scope }: Crl, { extensions }: Certificate): boolean {
  const isCa = extensions.basicConstraints?.ca === true
  if (scope.certificates !== 'all' && (scope.certificates === 'authorities') !== isCa) return false
  if (scope.points === undefined) return true
  const named = pointsOf(extensions.distributionPoints)
  return scope.points.some((point) => named.includes(point))
}

/** The first certificate of a path that a list names, leaf first; remembered for as long as the lists are in force. */
export function revokedOn(path: SoundPath, lists: RevocationLists): Revocation | undefined {
  if (lists.size === 0) return undefined
  const known = answers.get(path)
  if (known?.lists === lists) return known.revocation
  const revocation = firstRevoked(path, lists)
  answers.set(path, { lists, revocation })
  return revocation
}

function firstRevoked(path: SoundPath, lists: RevocationLists): Revocation | undefined {
  for (const [certificate, issuer] of issuedOn(path)) {
    const found = revokedBy(lists.get(authorityKey(issuer)) ?? NO_LISTS, certificate, issuer)
    if (found !== undefined) return found
  }
  return undefined
}

const answers = new WeakMap<
  SoundPath,
  { readonly lists: RevocationLists; readonly revocation: Revocation | undefined }
>()

/** Each certificate of a path with the one that issued it. */
export function issuedOn({
  certificates,
  anchor,
}: SoundPath): readonly (readonly [Certificate, Certificate])[] {
  return certificates.map((one, depth) => [one, certificates[depth + 1] ?? anchor.certificate])
}
