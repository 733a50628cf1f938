/**
 * Presented chain → peer: parsed, its sound paths found, and remembered. Says nothing about time, route or
 * approval; soundness is timeless and is worked out once per chain and trust version.
 */
import { hash } from 'node:crypto'
import type { Peer } from '../decide/decide.ts'
import { BoundedMap } from '../kernel/bounded-map.ts'
import type { Clock } from '../kernel/ports.ts'
import type { Fingerprint, Instant, TrustVersion } from '../kernel/types.ts'
import type { PathResult, SoundPath } from '../trust/validate.ts'
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import { RecentSet } from './recent-set.ts'
import type { Presented, RawCertificate } from './presented.ts'

/** Whom to ask whether a path is sound; one per trust version. */
export interface PathJudge {
  readonly version: TrustVersion
  pathsOf(
    leaf: Certificate,
    intermediates: readonly Certificate[],
    /** Shown by earlier peers; by the key of their subject's name. */
    remembered: ReadonlyMap<string, readonly Certificate[]>,
  ): PathResult
  /** Whether no intermediate that the peer could show besides would make more of these paths now. */
  isSufficient(paths: readonly SoundPath[], now: Instant): boolean
}

/** Told of every issuer that was met on a sound path and not known before. */
export type IssuerCallback = (issuer: Certificate, version: TrustVersion) => void

type Chain = Presented & { readonly kind: 'chain' }
type PresentedPeer = Peer & { readonly kind: 'presented' }

interface SoundPeer {
  readonly peer: PresentedPeer
  readonly paths: readonly SoundPath[]
}

/** A `PeerCache` finds the peer behind a presented chain, and remembers the sound ones within a bound. One per process. */
export class PeerCache {
  #version: TrustVersion | undefined
  readonly #judged = new BoundedMap<string, SoundPeer>(MAX_JUDGED)
  readonly #recentlySeen = new RecentSet<Fingerprint>(MAX_RECENT)
  readonly #intermediates = new BoundedMap<Fingerprint, Certificate>(MAX_INTERMEDIATES_KNOWN)
  /** The same ones, by the key of their subject's name: a peer that needs none of them pays a look-up. */
  readonly #issuersByName = new Map<string, readonly Certificate[]>()
  readonly #clock: Clock
  readonly #onNewIssuer: IssuerCallback

  constructor(clock: Clock, onNewIssuer: IssuerCallback = () => {}) {
    this.#clock = clock
    this.#onNewIssuer = onNewIssuer
  }

  /** The peer behind a presented chain, as the given judge sees it. */
  peerOf(presented: Presented, judge: PathJudge): Peer {
    if (presented.kind === 'none') return presented.resumed ? NONE_RESUMED : NONE
    if (presented.kind === 'too-large') {
      const { bytes, limit } = presented
      return { kind: 'unreadable', fault: { kind: 'certificate-too-large', bytes, limit } }
    }
    if (presented.kind === 'chain-too-large') return { kind: 'unreadable', fault: presented }
    if (this.#version !== judge.version) this.#forget(judge.version)
    const { leaf } = presented
    const remembered = this.#judged.get(leaf.fingerprint)
    if (remembered !== undefined) {
      return this.#isSufficient(remembered, judge)
        ? remembered.peer
        : this.#withIntermediates(remembered.peer, presented, judge)
    }
    const peer = this.#judge(presented, judge)
    if (peer.kind === 'presented' && peer.paths.ok) this.#recentlySeen.add(leaf.fingerprint)
    return peer
  }

  /**
   * A cache of its own that knows what this one knows of a leaf and of issuers, for a judgement that must leave no trace:
   * nothing that it is asked, learns or forgets comes back here.
   */
  detached(leaf: Fingerprint, judge: Pick<PathJudge, 'version'>, clock: Clock): PeerCache {
    const copy = new PeerCache(clock)
    if (this.#version !== judge.version) return copy
    copy.#version = this.#version
    for (const [fingerprint, issuer] of this.#intermediates) {
      copy.#intermediates.set(fingerprint, issuer)
    }
    for (const [name, issuers] of this.#issuersByName) copy.#issuersByName.set(name, issuers)
    for (const [key, sound] of this.#judged) {
      if (key.startsWith(leaf)) copy.#judged.set(key, sound)
    }
    return copy
  }

  /** The issuers that peers have shown under a trust version, by the key of their subject's name. */
  issuersUnder(version: TrustVersion): ReadonlyMap<string, readonly Certificate[]> {
    return this.#version === version ? this.#issuersByName : NO_ISSUERS
  }

  #judge(presented: Chain, judge: PathJudge): Peer {
    const { leaf } = presented
    const parsed = parseCertificate(leaf.der, leaf.fingerprint)
    if (!parsed.ok) return { kind: 'unreadable', fault: parsed.failure }
    // A resumed session has none of its intermediates left (decision 10), and some devices never send theirs.
    const paths = judge.pathsOf(parsed.value, [], this.#issuersByName)
    const leafOnly: PresentedPeer = { kind: 'presented', leaf: parsed.value, paths }
    const sound = this.#remember(leafOnly, [leaf.fingerprint])
    if (sound !== undefined && this.#isSufficient(sound, judge)) return leafOnly
    return this.#withIntermediates(leafOnly, presented, judge)
  }

  #isSufficient({ paths }: SoundPeer, judge: PathJudge): boolean {
    return judge.isSufficient(paths, this.#clock.now())
  }

  /** Judges a peer whose leaf alone has no sufficient path, with the intermediates that it presented. */
  #withIntermediates(leafOnly: PresentedPeer, presented: Chain, judge: PathJudge): Peer {
    const shown = presented.intermediates()
    if (!shown.ok)
      return leafOnly.paths.ok ? leafOnly : { kind: 'unreadable', fault: shown.failure }
    if (shown.value.length === 0) return leafOnly
    const { fingerprint } = presented.leaf
    // Of a fixed length, whatever was shown: the memory is bounded by the number of its keys.
    const key = fingerprint + hash('sha256', shown.value.map((one) => one.fingerprint).join(''))
    const remembered = this.#judged.get(key)
    if (remembered !== undefined) return remembered.peer
    const intermediates = shown.value.flatMap((raw) => this.#parsed(raw) ?? [])
    const paths = judge.pathsOf(leafOnly.leaf, intermediates, this.#issuersByName)
    // What a peer adds may help it, never harm it: a search that was drowned counts for nothing.
    if (!paths.ok && leafOnly.paths.ok) return leafOnly
    const peer: PresentedPeer = { kind: 'presented', leaf: leafOnly.leaf, paths }
    this.#remember(peer, [key, fingerprint])
    return peer
  }

  /**
   * Learns what another process has met, so that a session begun there can be resumed here. It proves nothing: every
   * path is verified where it is judged.
   */
  addIssuer(der: Buffer, version: TrustVersion): void {
    if (this.#version !== version) this.#forget(version)
    const issuer = parseCertificate(der)
    if (issuer.ok) this.#rememberIssuer(issuer.value)
  }

  /** An unreadable intermediate is left out: what a peer adds may help it, never harm it. */
  #parsed(raw: RawCertificate): Certificate | undefined {
    const known = this.#intermediates.get(raw.fingerprint)
    if (known !== undefined) return known
    const parsed = parseCertificate(raw.der, raw.fingerprint)
    return parsed.ok ? parsed.value : undefined
  }

  /**
   * Issuers at once; the device when it comes again, because the costliest thing
   * for a large fleet is to keep what is not asked for again. The leaf's own key is also what a resumed session of this device will ask for.
   */
  #remember(peer: PresentedPeer, keys: readonly string[]): SoundPeer | undefined {
    if (!peer.paths.ok) return undefined
    const sound: SoundPeer = { peer, paths: peer.paths.value }
    const version = this.#version
    for (const path of sound.paths) {
      for (const issuer of path.certificates.slice(1)) {
        if (this.#rememberIssuer(issuer) && version !== undefined)
          this.#onNewIssuer(issuer, version)
      }
    }
    if (!this.#recentlySeen.has(peer.leaf.fingerprint)) return sound
    for (const key of keys) this.#judged.set(key, sound)
    return sound
  }

  /** Keeps an issuer on a sound path only: without a trusted CA the memory cannot be filled. */
  #rememberIssuer(issuer: Certificate): boolean {
    const known = this.#intermediates.get(issuer.fingerprint)
    // What a device has just used becomes the youngest, so that it is not evicted next.
    const evicted = this.#intermediates.set(issuer.fingerprint, known ?? issuer)
    if (known !== undefined) return false
    if (evicted !== undefined) this.#removeFromNames(evicted)
    const { key } = issuer.subject
    this.#issuersByName.set(key, [...(this.#issuersByName.get(key) ?? []), issuer])
    this.#forgetWithout(issuer)
    return true
  }

  /**
   * Forgets peers that were judged without this issuer: they may have a better path with it, past one that has expired,
   * say. And no two processes may differ in their verdict because one met the issuer before the device, the other after.
   */
  #forgetWithout({ fingerprint, subject }: Certificate): void {
    for (const [key, { paths }] of this.#judged) {
      const known = paths.flatMap(({ certificates }) => certificates)
      const concerned = known.some(({ issuer }) => issuer.key === subject.key)
      if (concerned && !known.some((one) => one.fingerprint === fingerprint)) {
        this.#judged.delete(key)
      }
    }
  }

  #removeFromNames(issuer: Certificate): void {
    const { key } = issuer.subject
    const others = (this.#issuersByName.get(key) ?? []).filter((one) => one !== issuer)
    if (others.length === 0) this.#issuersByName.delete(key)
    else this.#issuersByName.set(key, others)
  }

  #forget(version: TrustVersion): void {
    this.#version = version
    this.#judged.clear()
    this.#intermediates.clear()
    this.#issuersByName.clear()
  }
}

const NO_ISSUERS: ReadonlyMap<string, readonly Certificate[]> = new Map()
const NONE: Peer = { kind: 'none' }
const NONE_RESUMED: Peer = { kind: 'none-resumed' }

/** How many others may come before a device's second visit counts as its first; 120 octets each, and twice as many are kept. */
const MAX_RECENT = 32_768
/** One key for a device, two where its intermediates were asked for; only sound ones get here. A miss costs one signature. */
const MAX_JUDGED = 8192
/**
 * Authorities below the anchors that a fleet really uses are a handful; only those on sound paths get here. A session that
 * is resumed after so many others went by, and whose device is not remembered either, is told to begin anew.
 */
const MAX_INTERMEDIATES_KNOWN = 64
