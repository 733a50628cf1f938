/**
 * The paths that lead from the CA that signed a device's certificate to the trust anchors of a trust store. That the CA
 * signed it was verified when it was seen, so only what stands above has to be found.
 */
import type { RetainedPath } from '../../decide/foretell.ts'
import type { KeyFingerprint } from '../../kernel/types.ts'
import type { PathFailure } from '../../trust/failure.ts'
import type { TrustStore } from '../../trust/store.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { printName } from '../../x509/print-name.ts'
import { verifiesUnder } from '../../x509/verify-signature.ts'

/** What is known of the CA that signed a certificate. */
export interface RetainedIssuer {
  readonly issuerKey: KeyFingerprint | undefined
  /** As text (RFC 4514), where a device showed it. */
  readonly name: string | undefined
  /** The enrollment setting that the certificate was seen under. */
  readonly setting: string
  /** Certificates of that CA which any of the states knows: they tell its name. */
  readonly certificates: readonly Certificate[]
}

/** The paths of a certificate, or why there is none. */
export interface FoundPaths {
  readonly paths: readonly RetainedPath[]
  readonly failure: PathFailure
}

/** Returns all paths up from an issuer. Where no CA has its key, the anchors of its setting stand for it. */
export function pathsFrom(issuer: RetainedIssuer, trust: TrustStore): FoundPaths {
  const { issuerKey, setting, name, certificates } = issuer
  const { anchors, intermediates } = trust
  const direct = anchors
    .filter(({ certificate }) => keyOf(certificate) === issuerKey)
    .map((anchor): RetainedPath => ({ issuers: [], anchor }))
  const through = intermediates
    .filter((one) => keyOf(one) === issuerKey)
    .flatMap((one) => pathsAbove([one], trust))
  const paths = [...direct, ...through]
  // It was presented by devices and is in no chain: which CAs signed it besides cannot be known here.
  const isUnknown = certificates.length === 0
  const assumed = isUnknown
    ? anchors
        .filter((anchor) => anchor.setting === setting)
        .map((anchor) => ({ issuers: unseenIssuer(issuerKey), anchor }))
    : []
  return { paths: [...paths, ...assumed], failure: failureOf({ name, certificates }, trust) }
}

const keyOf = ({ publicKey }: Certificate): KeyFingerprint => publicKey.fingerprint

function pathsAbove(
  below: readonly [Certificate, ...Certificate[]],
  trust: TrustStore,
): readonly RetainedPath[] {
  const top = below.at(-1) ?? below[0]
  const anchors = (trust.anchorsNamed.get(top.issuer.key) ?? []).filter(({ certificate }) =>
    verifiesUnder(top, certificate),
  )
  const found = anchors.map((anchor): RetainedPath => ({ issuers: below, anchor }))
  if (below.length >= MAX_ISSUERS) return found
  const next = (trust.intermediatesNamed.get(top.issuer.key) ?? []).filter(
    (one) => !below.some((met) => keyOf(met) === keyOf(one)) && verifiesUnder(top, one),
  )
  return [...found, ...next.flatMap((one) => pathsAbove([...below, one], trust))]
}

/** Of a CA that only devices showed no more is known than its key. */
const unseenIssuer = (key: KeyFingerprint | undefined): readonly Certificate[] =>
  key === undefined
    ? []
    : [{ publicKey: { fingerprint: key }, notBefore: -Infinity, notAfter: Infinity }].map(
        (one) => one as unknown as Certificate,
      )

/** A CA of the same name with another key is met first, and has not signed the certificate. */
function failureOf(
  { name, certificates }: Pick<RetainedIssuer, 'certificates' | 'name'>,
  { anchors, intermediates }: TrustStore,
): PathFailure {
  const names = new Set(certificates.map(({ subject }) => subject.key))
  const known = [...anchors.map(({ certificate }) => certificate), ...intermediates]
  const isNamed = known.some(
    ({ subject }) => names.has(subject.key) || printName(subject, 'rfc4514') === name,
  )
  return isNamed
    ? { kind: 'bad-signature', subject: '', issuer: '' }
    : { kind: 'untrusted-issuer', issuer: '' }
}

/** Longer than any honest chain; the trust store's own limit is lower. */
const MAX_ISSUERS = 8
