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
  readonly failure: Pick<PathFailure, 'kind'>
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

/** A certificate that had no path when it was seen, for the reason `met`; undefined where that is not kept. */
export interface UnsoundCertificate extends Pick<RetainedIssuer, 'name'> {
  readonly met: FoundPaths['failure'] | undefined
}

/**
 * Returns the paths that such a certificate would have. A CA of its issuer's name that was not known then is assumed to have
 * signed it: the signature is not kept.
 */
export function pathsSince({ name, met }: UnsoundCertificate, trust: TrustStore): FoundPaths {
  const failure = failureOf({ name, certificates: [] }, trust)
  if (met?.kind !== 'untrusted-issuer') {
    const isByName = met === undefined || met.kind === 'bad-signature'
    return { paths: [], failure: isByName ? failure : met }
  }
  const isIssuer = ({ subject }: Certificate): boolean => printName(subject, 'rfc4514') === name
  const direct = trust.anchors
    .filter(({ certificate }) => isIssuer(certificate))
    .map((anchor): RetainedPath => ({ issuers: [], anchor }))
  const through = trust.intermediates.filter(isIssuer).flatMap((one) => pathsAbove([one], trust))
  return { paths: [...direct, ...through], failure }
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
    : [
        {
          publicKey: { fingerprint: key },
          subject: NO_NAME,
          issuer: NO_NAME,
          // The number of no certificate: lists name it under no name.
          serial: '',
          notBefore: -Infinity,
          notAfter: Infinity,
          extensions: { basicConstraints: { ca: true } },
        } as unknown as Certificate,
      ]

const NO_NAME = { rdns: [], key: '' }

/** A CA of the same name with another key is met first, and has not signed the certificate. */
function failureOf(
  { name, certificates }: Pick<RetainedIssuer, 'certificates' | 'name'>,
  { anchors, intermediates }: TrustStore,
): FoundPaths['failure'] {
  const names = new Set(certificates.map(({ subject }) => subject.key))
  const known = [...anchors.map(({ certificate }) => certificate), ...intermediates]
  const isNamed = known.some(
    ({ subject }) => names.has(subject.key) || printName(subject, 'rfc4514') === name,
  )
  return { kind: isNamed ? 'bad-signature' : 'untrusted-issuer' }
}

/** Longer than any honest chain; the trust store's own limit is lower. */
const MAX_ISSUERS = 8
