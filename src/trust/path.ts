/**
 * Path building (RFC 4158): from the leaf upwards by names, anchors first, under a budget. No signature is checked
 * here: `validate.ts` does so from the anchor downwards, and thereby never uses a key that is not vouched for.
 */
import type { Certificate } from '../x509/certificate.ts'
import { isSelfIssued, type TrustAnchor } from './anchor.ts'
import type { Effort } from './effort.ts'
import type { TrustStore } from './store.ts'

/** What a peer presented (RFC 8446 §4.4.2), read but not believed. */
export interface PresentedChain {
  readonly leaf: Certificate
  /** In any order, with anything else among them. */
  readonly intermediates: readonly Certificate[]
  /** Issuers met on sound paths of earlier peers, for one that left its own out; none when absent. */
  readonly remembered?: Remembered
}

/** Certificates that this peer did not present, by the key of their subject's name. */
export type Remembered = ReadonlyMap<string, readonly Certificate[]>

/** Where a search upwards ended; certificates leaf first. */
export type Candidate =
  /** Names lead to an anchor. */
  | {
      readonly kind: 'anchored'
      readonly certificates: readonly [Certificate, ...Certificate[]]
      readonly anchor: TrustAnchor
    }
  /** No certificate is known by the name of the last one's issuer. */
  | { readonly kind: 'dead-end'; readonly certificates: readonly [Certificate, ...Certificate[]] }
  /** It could go on, but has more intermediates than are allowed. */
  | { readonly kind: 'too-long' }

/** Two helpings, so that what others have shown may help a peer and never stand in its way. */
export interface Candidates {
  /** From what the peer presented and the store holds. */
  readonly offered: Iterable<Candidate>
  /** Those that need a remembered issuer; to be taken after `offered` has ended, from what is left of the budget. */
  readonly remembered: Iterable<Candidate>
}

/** Walks upwards, depth first, the likeliest issuer first. Ends early when the budget is spent. */
export function candidatePaths(
  presented: PresentedChain,
  store: TrustStore,
  effort: Effort,
): Candidates {
  const { leaf, remembered } = presented
  const presentedNamed = namedPresented(presented, store)
  const search: Search = { store, effort, presentedNamed, remembered, postponed: [] }
  return { offered: climb([leaf], search), remembered: climbPostponed(search) }
}

interface Search {
  readonly store: TrustStore
  readonly effort: Effort
  readonly presentedNamed: ReadonlyMap<string, readonly Certificate[]>
  readonly remembered: Remembered | undefined
  /** Where remembered issuers would lead on. */
  readonly postponed: Climbed[]
}

type Climbed = readonly [Certificate, ...Certificate[]]

function* climb(certificates: Climbed, search: Search): Generator<Candidate, void> {
  const { store, effort } = search
  const last = certificates.at(-1) ?? certificates[0]
  const name = last.issuer.key
  let isDeadEnd = true
  for (const anchor of likeliestFirst(last, store.anchorsNamed.get(name), anchorCertificate)) {
    if (!effort.spend('steps')) return
    if (isOn(certificates, anchor.certificate)) continue
    isDeadEnd = false
    yield { kind: 'anchored', certificates, anchor }
  }
  const intermediates = together(
    store.intermediatesNamed.get(name),
    search.presentedNamed.get(name),
  )
  for (const issuer of likeliestFirst(last, intermediates, itself)) {
    if (!effort.spend('steps')) return
    if (isOn(certificates, issuer)) continue
    isDeadEnd = false
    yield* climbOn([...certificates, issuer], search)
  }
  if (search.remembered !== undefined) postpone(certificates, search.remembered.get(name), search)
  if (isDeadEnd) yield { kind: 'dead-end', certificates }
}

function* climbOn(longer: Climbed, search: Search): Generator<Candidate, void> {
  if (isTooLong(longer, search.store)) yield { kind: 'too-long' }
  else yield* climb(longer, search)
}

/** Costs the peer nothing yet: what it is judged by anyway must find the budget that it would find without. */
function postpone(
  certificates: Climbed,
  remembered: readonly Certificate[] | undefined,
  { store, presentedNamed, postponed }: Search,
): void {
  const last = certificates.at(-1) ?? certificates[0]
  const name = last.issuer.key
  for (const issuer of likeliestFirst(last, remembered, itself)) {
    // For memory's sake: each takes a step to follow, so that more of them could not be followed.
    if (postponed.length === store.limits.steps) return
    if (isOn(certificates, issuer)) continue
    if (isAmong(store.intermediatesNamed.get(name), issuer)) continue
    if (isAmong(presentedNamed.get(name), issuer)) continue
    postponed.push([...certificates, issuer])
  }
}

/** The list grows while it is read: above a remembered issuer there may be another one. */
function* climbPostponed(search: Search): Generator<Candidate, void> {
  for (const longer of search.postponed) {
    if (!search.effort.spend('steps')) return
    yield* climbOn(longer, search)
  }
}

const anchorCertificate = ({ certificate }: TrustAnchor): Certificate => certificate
const itself = (certificate: Certificate): Certificate => certificate

/** Self-issued certificates renew a CA's key and do not lengthen the path (RFC 5280 §4.2.1.9). */
const isTooLong = (certificates: Climbed, { limits }: TrustStore): boolean =>
  // Most are short enough even if all of them count.
  certificates.length - 1 > limits.depth &&
  certificates.slice(1).filter((issuer) => !isSelfIssued(issuer)).length > limits.depth

/** Both lists, the first one first; copied only where there are two. */
function together(
  one: readonly Certificate[] | undefined,
  other: readonly Certificate[] | undefined,
): readonly Certificate[] | undefined {
  if (one === undefined) return other
  return other === undefined ? one : [...one, ...other]
}

/** RFC 4158 §2.4.2: the same name with the same key again would be a loop. */
const isOn = (certificates: Climbed, issuer: Certificate): boolean =>
  certificates.some(
    ({ subject, publicKey }) =>
      subject.key === issuer.subject.key && publicKey.fingerprint === issuer.publicKey.fingerprint,
  )

/** Key identifiers put issuers in order and exclude none: they are hints (RFC 4158 §3.5.12). */
function likeliestFirst<Issuer>(
  child: Certificate,
  issuers: readonly Issuer[] | undefined,
  certificateOf: (issuer: Issuer) => Certificate,
): readonly Issuer[] {
  if (issuers === undefined) return []
  if (issuers.length < 2) return issuers
  return issuers.toSorted(
    (one, other) =>
      unlikeliness(child, certificateOf(one)) - unlikeliness(child, certificateOf(other)),
  )
}

function unlikeliness({ extensions }: Certificate, issuer: Certificate): number {
  const wanted = extensions.authorityKeyIdentifier?.keyIdentifier
  const offered = issuer.extensions.subjectKeyIdentifier
  if (wanted === undefined || offered === undefined) return 1
  return wanted === offered ? 0 : 2
}

/** By subject; repeats, and what the store has already, left out. */
function namedPresented(
  { leaf, intermediates }: PresentedChain,
  { intermediatesNamed: known }: TrustStore,
): ReadonlyMap<string, readonly Certificate[]> {
  const fresh = new Map<string, Certificate[]>()
  for (const issuer of intermediates) {
    const { key } = issuer.subject
    const named = fresh.get(key)
    // Octets that are the same have the same subject: looking among its namesakes is enough.
    if (isSame(issuer, leaf) || isAmong(known.get(key), issuer) || isAmong(named, issuer)) continue
    if (named === undefined) fresh.set(key, [issuer])
    else named.push(issuer)
  }
  return fresh
}

const isSame = (one: Certificate, other: Certificate): boolean =>
  one.fingerprint === other.fingerprint

const isAmong = (certificates: readonly Certificate[] | undefined, one: Certificate): boolean =>
  certificates?.some((other) => isSame(other, one)) === true
