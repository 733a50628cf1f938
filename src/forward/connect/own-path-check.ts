/**
 * Validates an upstream's certification path with our own path validation, beside that of the TLS library. The library
 * accepts a trust anchor that contradicts itself, and leaves out much of RFC 5280; an impostor has to pass both. Of a chain
 * that the library believes, it has judged the validity in time. It tries one path only, so of a chain that it does not
 * believe there may be another one, which it can be handed (`handed-paths.ts`).
 */
import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { lowersSecurity } from '../../upstream-tls/handshake-offer.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { anchorOf, type TrustAnchor } from '../../trust/anchor.ts'
import type { PathFailure } from '../../trust/failure.ts'
import { judge } from '../../trust/judge.ts'
import { DEFAULT_LIMITS, type Limits } from '../../trust/limits.ts'
import { trustStore, type TrustStore } from '../../trust/store.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { certificatePems } from '../../upstream-tls/custom-certificates.ts'
import { MAX_PRESENTED, presentedList, presentedPath } from './presented-chain.ts'
import type { UntrustedReason } from '../untrusted-reason.ts'
import type { UpstreamTls } from '../settings.ts'
import { objectionToKey } from '../../trust/algorithms.ts'

/** Why our judge finds no sound path; `code` is that of its failure, of the anchor's fault, or of the parser's. */
export interface Unsound {
  readonly why: 'unsound'
  readonly code: string
}

/** An `OwnPathCheck` is our judge of the servers of one upstream. */
export interface OwnPathCheck {
  /** Returns what is wrong with a chain that the TLS library believes; nothing when we believe it, too. */
  fault(leaf: X509Certificate): Unsound | undefined
  /** Finds a sound path of which every certificate, the anchor included, is valid at `now`, in milliseconds since 1970. */
  timelyPath(leaf: X509Certificate, now: number): TimelyPath | undefined
}

/** A `TimelyPath` leads from a leaf to a certificate that the operator trusts, which for a listed leaf is itself. */
export interface TimelyPath {
  readonly leaf: Certificate
  readonly intermediates: readonly Certificate[]
  readonly anchor: Certificate
}

/** Ours, for one upstream. */
export function ownPathCheck({ trust, selection }: UpstreamTls): OwnPathCheck {
  const listed = [
    ...defaultAnchors(trust.default),
    ...trust.custom.flatMap(({ bytes }) => parsed(certificatePems(bytes))),
  ]
  const named = Map.groupBy(listed, ({ subject }) => subject.key)
  const limits = lowersSecurity(selection) ? LEGACY_LIMITS : DEFAULT_LIMITS
  return {
    fault(leaf) {
      const judged = judgePresented(presentedList(leaf), named, limits)
      return judged.ok ? undefined : { why: 'unsound', code: judged.failure }
    },
    timelyPath(leaf, now) {
      const judged = judgePresented(presentedList(leaf), named, limits)
      if (!judged.ok) return undefined
      return judged.value.find(
        ({ leaf: own, intermediates, anchor }) =>
          [own, ...intermediates, anchor].every((one) => isTimely(one, now)) &&
          // Of a listed leaf nothing has been judged yet.
          (own !== anchor || loneFault(own, limits) === undefined),
      )
    },
  }
}

/** RFC 5280 §4.1.2.5: both ends count. */
const isTimely = ({ notBefore, notAfter }: Certificate, now: number): boolean =>
  notBefore <= now && now <= notAfter

/**
 * Returns what is wrong with a chain that leads to no trust store, besides that: the topmost certificate that signed its way
 * down to the leaf stands for the anchor, so that all else is judged as on a trusted chain, validity in time included.
 */
export function presentedFault(
  leaf: X509Certificate,
  selection: UpstreamTls['selection'],
  now: number,
): { readonly why: UntrustedReason; readonly code: string } | undefined {
  const path = presentedPath(leaf)
  for (const one of path) {
    const late = untimely(one, now)
    if (late !== undefined) return late
  }
  const limits = lowersSecurity(selection) ? LEGACY_LIMITS : DEFAULT_LIMITS
  const [first, ...others] = path.map(({ raw }) => parseCertificate(raw))
  if (first === undefined) return { why: 'unsound', code: 'certificate-malformed' }
  if (!first.ok) return { why: 'unsound', code: first.failure.kind }
  const above = others.flatMap((one) => (one.ok ? [one.value] : []))
  if (above.length < others.length) return { why: 'unsound', code: 'certificate-malformed' }
  const top = above.at(-1)
  if (top === undefined) return loneFault(first.value, limits)
  const settings = [{ name: 'presented', chain: [top] as const }]
  const store = trustStore({ settings, profile: 'private', limits })
  const paths = judge({ leaf: first.value, intermediates: above.slice(0, -1) }, store, 'server')
  if (paths.ok) return undefined
  const { failure } = paths
  return {
    why: failure.kind === 'wrong-purpose' ? 'wrong-purpose' : 'unsound',
    code: codeOf(failure),
  }
}

/** RFC 5280 §4.1.2.5: both ends count. */
function untimely(
  { validFromDate, validToDate }: X509Certificate,
  now: number,
): { readonly why: UntrustedReason; readonly code: string } | undefined {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()]
  if (Number.isNaN(from) || Number.isNaN(to))
    return { why: 'unsound', code: 'certificate-malformed' }
  if (now < from) return { why: 'not-yet-valid', code: 'CERT_NOT_YET_VALID' }
  if (now >= to + SECOND_MS) return { why: 'expired', code: 'CERT_HAS_EXPIRED' }
  return undefined
}

/** A certificate without an issuer that was sent: there is no path to judge, its key and its purpose remain. */
function loneFault(
  { publicKey, extensions }: Certificate,
  limits: Limits,
): { readonly why: UntrustedReason; readonly code: string } | undefined {
  const objection = objectionToKey(publicKey.algorithm, limits)
  if (objection === 'weak') return { why: 'unsound', code: 'weak-key' }
  if (objection !== undefined) return { why: 'unsound', code: 'unsupported-key' }
  const purposes = extensions.extendedKeyUsage
  const fits = purposes === undefined || SERVER_PURPOSES.some((one) => purposes.includes(one))
  return fits ? undefined : { why: 'wrong-purpose', code: 'INVALID_PURPOSE' }
}

/** serverAuth, and any (RFC 5280 §4.2.1.12). */
const SERVER_PURPOSES = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']
const SECOND_MS = 1000

type CertificatesByName = ReadonlyMap<string, readonly Certificate[]>

/** Every sound path of what was presented, best first, or the code of what is wrong. */
function judgePresented(
  presented: readonly X509Certificate[],
  named: CertificatesByName,
  limits: Limits,
): Result<readonly TimelyPath[], string> {
  const [first, ...others] = presented.map(({ raw }) => parseCertificate(raw))
  if (first === undefined) return fail('certificate-malformed')
  if (!first.ok) return fail(first.failure.kind)
  const leaf = first.value
  // The operator has listed this very certificate: there is no path to judge.
  const same = named.get(leaf.subject.key) ?? []
  if (same.some(({ fingerprint }) => fingerprint === leaf.fingerprint)) {
    return ok([{ leaf, intermediates: [], anchor: leaf }])
  }
  const intermediates = others.flatMap((one) => (one.ok ? [one.value] : []))
  const store = storeFor([leaf, ...intermediates], named, limits)
  const paths = judge({ leaf, intermediates }, store, 'server')
  if (paths.ok) {
    return ok(
      paths.value.map(({ certificates: [, ...issuers], anchor }) => ({
        leaf,
        intermediates: issuers,
        anchor: anchor.certificate,
      })),
    )
  }
  // What was cut off may have been what is missing.
  return fail(presented.length === MAX_PRESENTED ? TOO_MANY : codeOf(paths.failure))
}

const TOO_MANY = 'too-many-certificates'

/**
 * The anchors that a presented certificate names as its issuer: no path can end elsewhere. Each stands alone, so that
 * whatever is listed is an anchor, as it is for the TLS library.
 */
function storeFor(
  presented: readonly Certificate[],
  named: CertificatesByName,
  limits: Limits,
): TrustStore {
  const issuers = new Set(presented.map(({ issuer }) => issuer.key))
  const listed = [...issuers].flatMap((key) => named.get(key) ?? [])
  const anchors = listed.map((one) => anchorUnder(one, limits))
  const anchorsNamed = Map.groupBy(anchors, ({ certificate }) => certificate.subject.key)
  return { ...trustStore({ settings: [], profile: 'private', limits }), anchors, anchorsNamed }
}

/**
 * Holding all 121 bundled ones to what they say of themselves takes a tenth of a second, and a server that nothing vouches
 * for can name them all in each handshake: so each is held to it once.
 */
function anchorUnder(certificate: Certificate, limits: Limits): TrustAnchor {
  const held = heldTo.get(limits) ?? new WeakMap<Certificate, TrustAnchor>()
  heldTo.set(limits, held)
  const anchor = held.get(certificate) ?? anchorOf(certificate, 'listed', limits)
  held.set(certificate, anchor)
  return anchor
}

/** By the limits, of which there are two, and the certificates of the operator, never those of a peer. */
const heldTo = new WeakMap<Limits, WeakMap<Certificate, TrustAnchor>>()

/** What is wrong with an anchor says more than that something is. */
const codeOf = (failure: PathFailure): string =>
  failure.kind === 'unfit-anchor' ? (failure.faults[0]?.kind ?? failure.kind) : failure.kind

type DefaultStore = UpstreamTls['trust']['default']

/** Reading them takes 30 ms to 90 ms, and the runtime never changes them. */
const readOnce = new Map<DefaultStore, readonly Certificate[]>()

function defaultAnchors(store: DefaultStore): readonly Certificate[] {
  if (store === 'off') return []
  const known = readOnce.get(store) ?? parsed(getCACertificates(store))
  readOnce.set(store, known)
  return known
}

function parsed(pems: readonly string[]): readonly Certificate[] {
  return pems.flatMap((pem) => {
    // It can be read: `clientContext` has seen to it.
    const certificate = parseCertificate(new X509Certificate(pem).raw)
    return certificate.ok ? [certificate.value] : []
  })
}

/**
 * An operator who selects TLS 1.1 or 1.0 lowers the security level of the TLS library for this upstream, because such servers
 * have certificates of their time; ours goes along, as far as RSA 1024 and SHA-1.
 */
const LEGACY_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  rsaBits: { ...DEFAULT_LIMITS.rsaBits, minimum: 1024 },
  digests: ['sha1', ...DEFAULT_LIMITS.digests],
}
