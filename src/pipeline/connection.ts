/**
 * What is known about one TLS connection for as long as it lives: who is at the other end, worked out once per
 * trust version, and the fields that say so upstream, worked out once per plan.
 */
import type { TLSSocket } from 'node:tls'
import type { Addresses } from '../accept/addresses.ts'
import type { HttpControl } from '../accept/http-connection.ts'
import type { AcceptedConnection, ConnectionUser } from '../accept/protocol-head.ts'
import type { Ask, Peer } from '../decide/decide.ts'
import type { Refusal } from '../decide/refusal.ts'
import type { Presented } from '../identify/presented.ts'
import type { PathJudge, PeerCache } from '../identify/peer.ts'
import { nameText, serialText } from './certificate-text.ts'
import { newConnectionId } from './connection-id.ts'
import type { EncodedIdentity } from '../message/encode/encode.ts'
import type { FieldPlan } from '../message/request-fields.ts'
import { explanationFields } from '../kernel/explanation.ts'
import { explainRejection } from './rejection.ts'
import type { ConnectionEvent, ConnectionFacts, DeviceFacts } from '../record/event.ts'
import type { AccessLog } from '../record/access-log.ts'
import { countedNetwork, UNKNOWN_ADDRESS } from '../kernel/network.ts'
import { isoText, type Instant } from '../kernel/types.ts'

/** A Host as it was sent, and the authority that it means (`Authority.text`). */
interface KnownHost {
  readonly sent: string | undefined
  readonly text: string
}

/** A `Connection` is one TLS connection; its access log is opened when the first line is due. */
export class Connection implements ConnectionUser {
  readonly id = newConnectionId()
  readonly listener: string
  readonly #accepted: AcceptedConnection
  /** The device's address, or `unknown`. */
  readonly remote: string
  readonly socket: TLSSocket
  readonly sni: string | undefined
  readonly openedAt: number
  /** On the clock that only goes forward. */
  readonly #beganAt = performance.now()
  readonly presented: Presented
  /**
   * What was negotiated. Asked while the session is there for certain: Node 26.10 follows a null pointer when it is asked
   * after the socket below was destroyed (test/wire/anomalies/drain-cuts-upload.test.ts), and the whole process is gone.
   */
  readonly protocol: string
  readonly cipher: Cipher
  /** What the request under way asked, so that a change of trust, and time, can tell whether it ends; undefined between two. */
  activeAsk: Ask | undefined
  /** When its verdict may change next; the revalidation of live connections sets it. */
  nextChange: VerdictChange | undefined
  requests = 0
  /** Why it is being closed by us, if it is. */
  ending: ConnectionEnding | undefined
  #accessLog: AccessLog | undefined
  #judgedBy: PathJudge['version'] | undefined
  #peer: Peer | undefined
  #network: string | undefined
  #host: KnownHost | undefined
  #hostsOf: object | undefined
  /** Undefined where no HTTP is spoken. */
  readonly #http: HttpControl | undefined
  /** The first is never pushed: that would take room for sixteen more. */
  #plans: readonly KnownPlan[] = NO_PLANS

  constructor(socket: TLSSocket, listener: string, start: ConnectionStart) {
    const { accepted, presented, now, http } = start
    this.socket = socket
    this.#http = http
    this.listener = listener
    this.#accepted = accepted
    this.remote = accepted.addresses.source?.address ?? UNKNOWN_ADDRESS
    // False on a resumed TLS 1.2 session: then the name is unknown, and the host is not compared with it.
    this.sni = typeof socket.servername === 'string' ? socket.servername : undefined
    this.openedAt = now
    this.presented = presented
    this.protocol = socket.getProtocol() ?? 'none'
    this.cipher = sharedCipher(socket.getCipher() ?? NO_CIPHER)
  }

  get addresses(): Addresses {
    return this.#accepted.addresses
  }

  /** Its device was found fit: it is closed for no other connection from now on. */
  vouch(): void {
    this.#accepted.vouch()
  }

  /** It stays open, and its device is fit no longer. */
  unvouch(): void {
    this.#accepted.unvouch()
  }

  /** The network that its device is counted by (`countedNetwork`). */
  get network(): string {
    this.#network ??= countedNetwork(this.remote)
    return this.#network
  }

  /** Its end would cut off nothing: what is relayed may always be under way. */
  get isIdle(): boolean {
    return this.#http?.isAnswering === false
  }

  makeRoom(): void {
    this.ending ??= { outcome: 'ended', ...MADE_ROOM }
    this.socket.destroy()
  }

  /** An answer is due, and not with the operating system yet. */
  get isAnswering(): boolean {
    return this.#http?.isAnswering === true
  }

  /** Ends it behind the answer that is due; what is sent behind that request is not read (RFC 9112 §9.6). */
  endAfterAnswer(): void {
    this.#http?.endAfterAnswer()
  }

  /** The peer as it was last identified. */
  get lastPeer(): Peer | undefined {
    return this.#peer
  }

  /** Identifies the peer; once for each trust version. */
  peer(peerCache: PeerCache, judge: PathJudge): Peer {
    if (this.#peer !== undefined && this.#judgedBy === judge.version) return this.#peer
    const { presented } = this
    const peer = peerCache.peerOf(presented, judge)
    // Many connections of a device then hold its certificate once.
    if (presented.kind === 'chain' && peer.kind === 'presented') presented.shareLeaf?.(peer.leaf)
    this.#peer = peer
    this.#judgedBy = judge.version
    return peer
  }

  /**
   * Whether only a connection that resumes nothing can help: the session began before the device had a certificate,
   * or its issuers, which a resumed session has lost, are unknown here.
   */
  needsFullHandshake({ kind }: Refusal): boolean {
    if (kind === 'resumed-without-certificate') return true
    const { presented } = this
    return kind === 'untrusted-issuer' && presented.kind === 'chain' && presented.resumed
  }

  /** What this very Host was found to mean before, under the same configuration. */
  knownHost(sent: string | undefined, scope: object): string | undefined {
    if (sent === undefined || this.#host?.sent !== sent || this.#hostsOf !== scope) return undefined
    return this.#host.text
  }

  rememberHost(host: KnownHost, scope: object): void {
    this.#host = host
    this.#hostsOf = scope
  }

  /** The fields for requests of this kind, built once: every part of `kind` is compared by identity. */
  plan(kind: PlanKey, make: () => IdentityPlan): IdentityPlan {
    for (const known of this.#plans) {
      if (
        known.kind.upstream === kind.upstream &&
        known.kind.path === kind.path &&
        known.kind.timeliness === kind.timeliness &&
        known.kind.host === kind.host
      ) {
        return known.made
      }
    }
    const made = make()
    // Plans of earlier configurations, or for hosts by the hundred, must not pile up on a long connection.
    const { length } = this.#plans
    const one: readonly KnownPlan[] = [{ kind, made }]
    this.#plans = length === 0 || length >= MAX_PLANS ? one : [...this.#plans, ...one]
    return made
  }

  accessLog(open: (facts: ConnectionFacts) => AccessLog): AccessLog {
    this.#accessLog ??= open(this.#facts())
    return this.#accessLog
  }

  /** How long it has been open, in whole milliseconds. */
  get durationMs(): number {
    return Math.round(performance.now() - this.#beganAt)
  }

  /** What a device may quote: this connection, and which of its requests. */
  reference(request: number): string {
    return `${this.id}-${request}`
  }

  #facts(): ConnectionFacts {
    return {
      connection: this.id,
      listener: this.listener,
      remote: this.remote,
      balancer: this.addresses.balancer,
      protocol: this.protocol,
      cipher: this.cipher.standardName,
      servername: this.sni,
      resumed: 'resumed' in this.presented && this.presented.resumed,
      device: this.#peer === undefined ? undefined : deviceFacts(this.#peer),
    }
  }
}

/** Why we close a connection, and what its device was told, if anything. */
export type ConnectionEnding = Pick<ConnectionEvent, 'outcome' | 'code' | 'reason' | 'next_step'> &
  Partial<Pick<ConnectionEvent, 'reference' | 'status'>>

/** The first instant from which the verdict on a peer may be another, under one policy. */
export interface VerdictChange {
  readonly policy: object
  readonly at: Instant | undefined
}

/** The fields of a kind of request, and what they say about the device. */
export interface IdentityPlan {
  readonly plan: FieldPlan
  readonly identity: EncodedIdentity
}

/** What a plan depends on. */
export interface PlanKey {
  /** An upstream of one configuration. */
  readonly upstream: object
  /** What is vouched for, if anything is. */
  readonly path: object | undefined
  readonly timeliness: string | undefined
  readonly host: string
}

interface KnownPlan {
  readonly kind: PlanKey
  readonly made: IdentityPlan
}

/** One cipher suite, as OpenSSL spells it and as IANA does. */
interface Cipher {
  readonly name: string
  readonly standardName: string
}

interface ConnectionStart {
  readonly accepted: AcceptedConnection
  readonly presented: Presented
  readonly now: number
  readonly http: HttpControl | undefined
}

function deviceFacts(peer: Peer): DeviceFacts | undefined {
  if (peer.kind !== 'presented') return undefined
  const { leaf, paths } = peer
  return {
    fingerprint: leaf.fingerprint,
    key: leaf.publicKey.fingerprint,
    subject: nameText(leaf.subject),
    issuer: nameText(leaf.issuer),
    serial: serialText(leaf),
    not_before: isoText(leaf.notBefore),
    not_after: isoText(leaf.notAfter),
    setting: paths.ok ? paths.value[0].anchor.setting : undefined,
  }
}

/** The same object for the same suite: Node makes its names anew for each connection. */
function sharedCipher({ name, standardName }: Cipher): Cipher {
  let known = CIPHERS.get(name)
  if (known === undefined) CIPHERS.set(name, (known = { name, standardName }))
  return known
}

/** By the name that OpenSSL gives them; bounded by the suites that it has. */
const CIPHERS = new Map<string, Cipher>()
const NO_PLANS: readonly KnownPlan[] = []
const MADE_ROOM = explanationFields(explainRejection({ kind: 'connection-share-used-up' }))
const NO_CIPHER: Cipher = { name: 'none', standardName: 'none' }
/** A connection meets a handful of upstreams under one or two names, with and without identity. */
const MAX_PLANS = 8
