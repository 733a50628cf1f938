/**
 * Everything that soundness depends on, in one frozen value: anchors, known intermediates, profile and limits.
 */
import { hash } from 'node:crypto'
import type { TrustVersion } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import { anchorOf, isSelfSigned, type TrustAnchor } from './anchor.ts'
import { DEFAULT_LIMITS, type Limits, type Profile } from './limits.ts'
import { verifiesUnder } from '../x509/verify-signature.ts'

/** What paths are judged by; its version changes whenever a verdict could. */
export interface TrustStore {
  readonly version: TrustVersion
  readonly anchors: readonly TrustAnchor[]
  /** Certificates below the anchors that came with the enrollment settings. */
  readonly intermediates: readonly Certificate[]
  readonly profile: Profile
  readonly limits: Limits
  /** By the key of the subject's name. */
  readonly anchorsNamed: ReadonlyMap<string, readonly TrustAnchor[]>
  readonly intermediatesNamed: ReadonlyMap<string, readonly Certificate[]>
}

/** What a store is built from. */
export interface TrustSettings {
  /** Enrollment settings, each with the CA chain that was uploaded, in any order. */
  readonly settings: readonly { readonly name: string; readonly chain: readonly Certificate[] }[]
  readonly profile: Profile
  readonly limits?: Partial<Limits>
}

/**
 * Builds a store. In each chain, what signed itself and what no other in the chain signed is an anchor, the
 * rest are intermediates; an unfit anchor stays, so that the paths that end there can say why they fail.
 */
export function trustStore({ settings, profile, limits: chosen }: TrustSettings): TrustStore {
  const limits = { ...DEFAULT_LIMITS, ...chosen }
  const anchors: TrustAnchor[] = []
  const intermediates = new Map<string, Certificate>()
  for (const { name, chain } of settings) {
    for (const certificate of withoutRepeats(chain)) {
      if (isTop(certificate, chain)) anchors.push(anchorOf(certificate, name, limits))
      else intermediates.set(certificate.fingerprint, certificate)
    }
  }
  const known = [...intermediates.values()]
  return {
    version: versionOf(anchors, known, { profile, limits }),
    anchors,
    intermediates: known,
    profile,
    limits,
    anchorsNamed: Map.groupBy(anchors, ({ certificate }) => certificate.subject.key),
    intermediatesNamed: Map.groupBy(known, ({ subject }) => subject.key),
  }
}

const withoutRepeats = (chain: readonly Certificate[]): Iterable<Certificate> =>
  new Map(chain.map((certificate) => [certificate.fingerprint, certificate])).values()

function isTop(certificate: Certificate, chain: readonly Certificate[]): boolean {
  if (isSelfSigned(certificate)) return true
  return !chain.some(
    (other) => other.subject.key === certificate.issuer.key && verifiesUnder(certificate, other),
  )
}

/** The order of anchors and intermediates changes no verdict, so it does not count. */
function versionOf(
  anchors: readonly TrustAnchor[],
  intermediates: readonly Certificate[],
  demands: { readonly profile: Profile; readonly limits: Limits },
): TrustVersion {
  const roots = anchors.map(({ certificate, setting }) =>
    [setting, certificate.fingerprint].join('\n'),
  )
  const known = intermediates.map(({ fingerprint }) => fingerprint as string)
  const content = JSON.stringify([roots.sort(), known.sort(), demands])
  return hash('sha256', content) as TrustVersion
}
