/**
 * What the judge would answer for a certificate of which only some facts are kept: the same `decide`, asked about a
 * stand-in. It proves nothing: what asks about one tells words, and forwards nothing.
 */
import { fail, ok, type Fingerprint, type Instant, type KeyFingerprint } from '../kernel/types.ts'
import type { TrustAnchor } from '../trust/anchor.ts'
import type { PathFailure } from '../trust/failure.ts'
import type { SoundPath } from '../trust/validate.ts'
import type { Certificate } from '../x509/certificate.ts'
import { decide, type Ask, type Peer } from './decide.ts'
import type { Policy } from './policy.ts'

/** A `RetainedLeaf` is what is kept of a device's certificate. */
export interface RetainedLeaf {
  readonly key: KeyFingerprint
  readonly serial: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  /** The device ids that its CA signed. */
  readonly signedIds: readonly string[]
}

/** The CAs above a leaf, up to a trust anchor; which of them signed the leaf was verified when it was seen. */
export interface RetainedPath {
  readonly issuers: readonly Certificate[]
  readonly anchor: TrustAnchor
}

/** Who asks: a device by its kept certificate and the paths that lead from it, or a client without one. */
export type RetainedPeer =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'retained'
      readonly leaf: RetainedLeaf
      readonly paths: readonly RetainedPath[]
      /** Why there is no path, where there is none; its facts are not kept. */
      readonly failure: Pick<PathFailure, 'kind'>
    }

/** What the judge would say. */
export interface Foretold {
  readonly admitted: boolean
  /** The basis of the admission or the code of the refusal; of an admission in recording, what it would be refused for. */
  readonly code: string
}

/** Asks the judge about what is kept of a peer. What rows ask of names and policies is not kept, and must not be asked. */
export function foretell(
  ask: Omit<Ask, 'peer'>,
  peer: RetainedPeer,
  { policy, now }: { readonly policy: Policy; readonly now: Instant },
): Foretold {
  const decision = decide({ ...ask, peer: standInFor(peer) }, policy, now)
  if (decision.kind === 'refuse') return { admitted: false, code: decision.why.kind }
  const { basis } = decision
  return {
    admitted: true,
    code: basis.kind === 'recording' ? basis.wouldRefuse.kind : basis.kind,
  }
}

/** The peer that stands for what is kept. Its certificates have no octets, no names and no signature. */
export function standInFor(peer: RetainedPeer): Peer {
  if (peer.kind === 'none') return NONE
  const leaf = certificateOf(peer.leaf)
  const [first, ...others] = peer.paths.map(
    ({ issuers, anchor }) =>
      ({ certificates: [leaf, ...issuers], anchor, findings: [] }) as unknown as SoundPath,
  )
  const paths =
    first === undefined ? fail(peer.failure as PathFailure) : ok([first, ...others] as const)
  return { kind: 'presented', leaf, paths }
}

const NONE: Peer = { kind: 'none' }

/** No signature and no extension: what would be asked of those was asked when the certificate was seen. */
const certificateOf = ({
  key,
  serial,
  notBefore,
  notAfter,
  signedIds,
}: RetainedLeaf): Certificate =>
  ({
    fingerprint: '' as Fingerprint,
    subject: NO_NAME,
    issuer: NO_NAME,
    serial,
    notBefore,
    notAfter,
    publicKey: { fingerprint: key },
    subjectAltNames: signedIds.map((text) => ({ kind: 'uri', text })),
    extensions: {},
  }) as unknown as Certificate

/** What a certificate is called is kept as text alone. */
const NO_NAME = { rdns: [], key: '' }
