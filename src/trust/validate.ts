/**
 * RFC 5280 §6.1, with §6.1.3 (a)(2) lifted out: whether a certificate is timely is judged per request
 * in `decide/decide.ts`, because grace and standing have a say in it. So is revocation, §6.1.3 (a)(3).
 *
 * Stricter than §6.1 in four things: a trust anchor is held to its own certificate; an extended key usage in a CA
 * limits everything below it, as OpenSSL, Go and browsers have it; keys and digests must be strong; and the leaf's
 * key usage must let it do what TLS asks of it.
 */
import { fail, ok, type Branded, type Result } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import { KEY_USAGE } from '../x509/extensions.ts'
import { keyText } from '../x509/key.ts'
import { printName } from '../x509/print-name.ts'
import {
  objectionToKey,
  objectionToSignature,
  signatureText,
  type AlgorithmObjection,
} from './algorithms.ts'
import { isSelfIssued, type TrustAnchor } from './anchor.ts'
import { unknownCriticalExtension } from './critical.ts'
import type { Effort } from './effort.ts'
import type { PathFailure } from './failure.ts'
import { ANY_PURPOSE, findingsOn, type Finding } from './finding.ts'
import type { Purpose } from './limits.ts'
import { NameRules } from './name-constraints.ts'
import type { Candidate } from './path.ts'
import { PolicyGraph } from './policy-graph.ts'
import type { TrustStore } from './store.ts'

export type { PathFailure } from './failure.ts'

/**
 * A path whose signatures, names and constraints hold (RFC 5280 §6.1.3–6.1.5), leaf first, trust anchor
 * excluded. Says nothing about time.
 */
export type SoundPath = Branded<
  {
    readonly certificates: readonly [Certificate, ...Certificate[]]
    readonly anchor: TrustAnchor
    /** Harmless departures; empty under profile `strict`. */
    readonly findings: readonly Finding[]
  },
  'SoundPath'
>

/** All sound paths within the budget, best first; `decide` takes the first timely one. */
export type PathResult = Result<readonly [SoundPath, ...SoundPath[]], PathFailure>

/** What a path is judged by. */
export interface Measure {
  readonly store: TrustStore
  readonly purpose: Purpose
  readonly effort: Effort
}

type Anchored = Candidate & { readonly kind: 'anchored' }

/** Judges one candidate path. The only place where a `SoundPath` is minted. */
export function validate(path: Anchored, measure: Measure): Result<SoundPath, PathFailure> {
  const failure =
    unfitAnchor(path) ??
    unsigned(path, measure) ??
    unentitled(path, measure) ??
    misused(path, measure)
  if (failure !== undefined) return fail(failure)
  const { certificates, anchor } = path
  const findings = findingsOn(certificates, anchor)
  if (measure.store.profile === 'strict' && findings.length > 0) {
    return fail({ kind: 'departs-from-profile', findings })
  }
  return ok({ certificates, anchor, findings } as unknown as SoundPath)
}

function unfitAnchor({ anchor }: Anchored): PathFailure | undefined {
  if (anchor.faults.length === 0) return undefined
  return { kind: 'unfit-anchor', anchor: subjectOf(anchor.certificate), faults: anchor.faults }
}

/** §6.1.3 (a)(1), from the anchor downwards: a key is used only after a trusted key has signed it. */
function unsigned({ certificates, anchor }: Anchored, measure: Measure): PathFailure | undefined {
  const { effort, store } = measure
  let issuer = anchor.certificate
  for (const certificate of certificates.toReversed()) {
    const { algorithm } = certificate.signature
    const objection = objectionToSignature(algorithm, store.limits)
    if (objection !== undefined) return unfitSignature(certificate, objection)
    const verified = effort.verifies(certificate, issuer)
    if (verified === undefined) return effort.failure()
    if (!verified) return forged(certificate, issuer)
    const toKey = objectionToKey(certificate.publicKey.algorithm, store.limits)
    if (toKey !== undefined) return unfitKey(certificate, toKey)
    issuer = certificate
  }
  return undefined
}

function unfitSignature(certificate: Certificate, why: AlgorithmObjection): PathFailure {
  const facts = {
    subject: subjectOf(certificate),
    algorithm: signatureText(certificate.signature.algorithm),
  }
  return why === 'weak'
    ? { kind: 'weak-signature', ...facts }
    : { kind: 'unsupported-signature', ...facts, why }
}

function unfitKey(certificate: Certificate, why: AlgorithmObjection): PathFailure {
  const facts = { subject: subjectOf(certificate), key: keyText(certificate.publicKey.algorithm) }
  return why === 'weak'
    ? { kind: 'weak-key', ...facts }
    : { kind: 'unsupported-key', ...facts, why }
}

const forged = (certificate: Certificate, issuer: Certificate): PathFailure => ({
  kind: 'bad-signature',
  subject: subjectOf(certificate),
  issuer: subjectOf(issuer),
})

/** What runs from the anchor down to the leaf: path length, names, policies, purposes (§6.1.3 (b)–(f), §6.1.4). */
function unentitled(path: Anchored, measure: Measure): PathFailure | undefined {
  const { certificates, anchor } = path
  const rules = new NameRules()
  const policies = new PolicyGraph()
  const budget: LengthBudget = { left: Infinity, by: anchor.certificate }
  // The anchor's own demands come first (RFC 5937 §3); its name and signature are not checked, they are given.
  let failure = takeOn(anchor.certificate, { rules, policies, budget }, measure)
  for (const certificate of certificates.slice(1).toReversed()) {
    failure ??=
      spendLength(certificate, budget) ??
      (isSelfIssued(certificate) ? undefined : rules.check(certificate, measure.effort)) ??
      withoutPolicy(certificate, policies, false) ??
      takeOn(certificate, { rules, policies, budget }, measure)
    if (failure !== undefined) return failure
  }
  const leaf = certificates[0]
  failure ??= rules.check(leaf, measure.effort) ?? withoutPolicy(leaf, policies, true)
  if (failure !== undefined || policies.concludes(leaf)) return failure
  return { kind: 'no-common-policy', subject: subjectOf(leaf) }
}

/** How many more intermediates may come, and whose basic constraints say so. */
interface LengthBudget {
  left: number
  by: Certificate
}

/** §6.1.4 (l). */
function spendLength(certificate: Certificate, budget: LengthBudget): PathFailure | undefined {
  if (isSelfIssued(certificate)) return undefined
  if (budget.left === 0) {
    const limit = budget.by.extensions.basicConstraints?.pathLength ?? 0
    return { kind: 'path-length-exceeded', subject: subjectOf(budget.by), limit }
  }
  budget.left -= 1
  return undefined
}

function withoutPolicy(
  certificate: Certificate,
  policies: PolicyGraph,
  isLeaf: boolean,
): PathFailure | undefined {
  if (policies.process(certificate, isLeaf)) return undefined
  return { kind: 'no-common-policy', subject: subjectOf(certificate) }
}

interface Demands {
  readonly rules: NameRules
  readonly policies: PolicyGraph
  readonly budget: LengthBudget
}

/** §6.1.4: may this certificate issue others, and what does it demand of them? */
function takeOn(ca: Certificate, demands: Demands, measure: Measure): PathFailure | undefined {
  const { basicConstraints, keyUsage } = ca.extensions
  // Versions 1 and 2 have no basic constraints; nothing out of band speaks for such an intermediate (§6.1.4 (k)).
  if (basicConstraints?.ca !== true) return { kind: 'not-a-ca', subject: subjectOf(ca) }
  if (keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) === 0) {
    return { kind: 'ca-may-not-sign', subject: subjectOf(ca) }
  }
  const unknown = unknownExtension(ca)
  if (unknown !== undefined) return unknown
  const { pathLength = Infinity } = basicConstraints
  const { budget } = demands
  if (pathLength < budget.left) {
    budget.left = pathLength
    budget.by = ca
  }
  if (!demands.policies.prepare(ca))
    return { kind: 'policy-mapping-malformed', subject: subjectOf(ca) }
  return demands.rules.add(ca) ?? wrongPurpose(ca, measure)
}

/** The leaf's own rights; §6.1.5 (e) and what TLS needs. */
function misused(path: Anchored, measure: Measure): PathFailure | undefined {
  const leaf = path.certificates[0]
  const unknown = unknownExtension(leaf)
  if (unknown !== undefined) return unknown
  // §4.2.1.10: only a CA may constrain names. In a leaf it says that its issuer took it for one.
  if (leaf.extensions.nameConstraints !== undefined && !isCa(leaf)) {
    return { kind: 'name-constraints-malformed', subject: subjectOf(leaf), constraint: 'in a leaf' }
  }
  const purpose = wrongPurpose(leaf, measure)
  if (purpose !== undefined) return purpose
  return maySign(path, measure.purpose)
    ? undefined
    : { kind: 'wrong-key-usage', subject: subjectOf(leaf) }
}

/** §4.2, §6.1.4 (o), §6.1.5 (f). */
function unknownExtension(certificate: Certificate): PathFailure | undefined {
  const oid = unknownCriticalExtension(certificate)
  if (oid === undefined) return undefined
  return { kind: 'unknown-critical-extension', subject: subjectOf(certificate), oid }
}

/** §4.2.1.12: absent means any purpose. */
function wrongPurpose(certificate: Certificate, measure: Measure): PathFailure | undefined {
  const found = certificate.extensions.extendedKeyUsage
  if (found === undefined || found.includes(PURPOSES[measure.purpose])) return undefined
  // A CA that is good for anything is not limited by saying so; a leaf only where the operator wants it.
  const any = isCa(certificate) || measure.store.limits.anyPurpose
  if (any && found.includes(ANY_PURPOSE)) return undefined
  return { kind: 'wrong-purpose', subject: subjectOf(certificate), wanted: measure.purpose, found }
}

const PURPOSES: Readonly<Record<Purpose, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
}

/**
 * A client signs its handshake, so its key usage must allow signing (RFC 5280 §4.2.1.3); a server may have agreed
 * or transported a key instead. A CA's own certificate may do without: the holder of its key can issue itself a
 * device, so refusing would protect nothing. As a server a CA that can still issue is refused (CA/Browser 7.1.2.7.8):
 * its key does not belong there. One whose path leaves it nothing to issue is a CA in name only.
 */
function maySign(path: Anchored, purpose: Purpose): boolean {
  const leaf = path.certificates[0]
  const { keyUsage } = leaf.extensions
  if (keyUsage === undefined || (keyUsage & USAGES[purpose]) !== 0) return true
  return isCa(leaf) && (purpose === 'client' || mayIssueNobody(path))
}

/** Whether the CAs above allow no CA in the leaf's place: it ends this path, and begins none (§6.1.4 (l), (m)). */
function mayIssueNobody({ certificates: [leaf, ...cas], anchor }: Anchored): boolean {
  let left = anchor.certificate.extensions.basicConstraints?.pathLength ?? Infinity
  for (const ca of cas.toReversed()) {
    if (!isSelfIssued(ca)) left -= 1
    left = Math.min(left, ca.extensions.basicConstraints?.pathLength ?? Infinity)
  }
  return left === 0 && !isSelfIssued(leaf)
}

const USAGES: Readonly<Record<Purpose, number>> = {
  client: KEY_USAGE.digitalSignature,
  server: KEY_USAGE.digitalSignature | KEY_USAGE.keyAgreement | KEY_USAGE.keyEncipherment,
}

const isCa = ({ extensions }: Certificate): boolean => extensions.basicConstraints?.ca === true

const subjectOf = ({ subject }: Certificate): string => printName(subject)
