/**
 * Whom a question is about, identified as a connection would be: what devices present by the cache of the process that would
 * meet them, what is kept of a certificate by the stand-in that previews judge.
 */
import type { Peer } from '../../decide/decide.ts'
import { standInFor } from '../../decide/foretell.ts'
import { isSufficient } from '../../decide/suffices.ts'
import type { PathJudge, PeerCache } from '../../identify/peer.ts'
import { presentedIn } from '../../identify/presented.ts'
import type { Fingerprint, Instant } from '../../kernel/types.ts'
import { examine, type Examination } from '../../trust/judge.ts'
import type { TrustStore } from '../../trust/store.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import type { CompiledConfig } from '../compiled-config.ts'
import { pathsFrom, pathsSince } from '../preview/retained-paths.ts'
import type { KeptCertificate, Subject } from './question.ts'

/** A peer, and what was seen of it on the way. */
export interface Identified {
  readonly peer: Peer
  /** Parsed, leaf first; what cannot be read is left out, as on a connection. Of a kept certificate there is none. */
  readonly certificates: readonly Certificate[]
  /** Every path that was tried; undefined where there was no certificate to try. */
  readonly examined: Examination | undefined
  /** The issuers that devices have shown and no setting holds. */
  readonly shown: readonly Certificate[]
}

interface Judging {
  readonly compiled: CompiledConfig
  /** What the process remembers; nothing of the question stays in it. */
  readonly peerCache: PeerCache
  readonly at: Instant
}

/** Identifies the subject of a question. */
export function identify(subject: Subject, judging: Judging): Identified {
  const { compiled, peerCache } = judging
  const remembered = peerCache.issuersUnder(compiled.trust.version)
  const shown = [...remembered.values()].flat()
  switch (subject.kind) {
    case 'none':
      return { peer: { kind: 'none' }, certificates: [], examined: undefined, shown }
    case 'presented':
      return { ...identifyPresented(subject.ders, judging), shown }
    case 'kept':
      return {
        peer: keptPeer(subject.certificate, compiled.trust, shown),
        certificates: [],
        examined: undefined,
        shown,
      }
  }
}

function identifyPresented(
  ders: readonly [Buffer, ...Buffer[]],
  { compiled: { trust, policy }, peerCache, at }: Judging,
): Omit<Identified, 'shown'> {
  const [leaf, ...others] = ders.map((der) => parseCertificate(der))
  const intermediates = others.flatMap((one) => (one.ok ? [one.value] : []))
  const tried: Examination[] = []
  const judge: PathJudge = {
    version: trust.version,
    pathsOf: (one, shown, remembered) => {
      const examined = examine({ leaf: one, intermediates: shown, remembered }, trust, 'client')
      tried.push(examined)
      return examined.result
    },
    isSufficient: (paths, now) => isSufficient(paths, policy, now),
  }
  const presented = presentedIn(ders)
  const fingerprint = presented.kind === 'chain' ? presented.leaf.fingerprint : NO_FINGERPRINT
  const detached = peerCache.detached(fingerprint, judge, { now: () => at })
  const peer = detached.peerOf(presented, judge)
  // One that is remembered was examined when it came: it is laid open once more.
  if (tried.length === 0 && peer.kind === 'presented') {
    judge.pathsOf(peer.leaf, intermediates, peerCache.issuersUnder(trust.version))
  }
  const paths = peer.kind === 'presented' ? peer.paths : undefined
  return {
    peer,
    certificates: leaf?.ok === true ? [leaf.value, ...intermediates] : [],
    examined: tried.find(({ result }) => result === paths) ?? tried.at(-1),
  }
}

/** No leaf is remembered under it. */
const NO_FINGERPRINT = 'none' as Fingerprint

/** As previews judge it; issuers that devices have shown lead on as those of a setting do. */
function keptPeer(
  { leaf, issuerKey, issuer: name, setting, failure: met }: KeptCertificate,
  trust: TrustStore,
  shown: readonly Certificate[],
): Peer {
  const known = withIntermediates(trust, shown)
  const certificates = [
    ...known.anchors.map(({ certificate }) => certificate),
    ...known.intermediates,
  ].filter(({ publicKey }) => publicKey.fingerprint === issuerKey)
  const found =
    setting === undefined
      ? pathsSince({ name, met }, known)
      : pathsFrom({ issuerKey, name, setting, certificates }, known)
  return standInFor({ kind: 'retained', leaf, ...found })
}

function withIntermediates(trust: TrustStore, shown: readonly Certificate[]): TrustStore {
  if (shown.length === 0) return trust
  const intermediates = [...trust.intermediates, ...shown]
  const intermediatesNamed = Map.groupBy(intermediates, ({ subject }) => subject.key)
  return { ...trust, intermediates, intermediatesNamed }
}
