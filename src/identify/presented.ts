/**
 * The presented chain: certificates as octets, not parsed. The leaf is taken from the socket when the connection opens,
 * what was presented with it when it is asked for; a resumed session has only the leaf left (decision 10).
 */
import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { fail, ok, type Fingerprint, type Result } from '../kernel/types.ts'
import type { PresentedBudget } from './presented-budget.ts'
import { certificateIn } from './session-certificate.ts'

/** A certificate's bytes and their hash. */
export interface RawCertificate {
  readonly der: Buffer
  readonly fingerprint: Fingerprint
}

/** The presented chain (RFC 8446 §4.4.2), leaf first; nothing about it has been verified. */
export type Presented =
  | { readonly kind: 'none'; readonly resumed: boolean }
  | { readonly kind: 'too-large'; readonly bytes: number; readonly limit: number }
  | ChainTooLarge
  | PresentedChain

/** A leaf that is not too large, and what came with it. */
export interface PresentedChain {
  readonly kind: 'chain'
  readonly resumed: boolean
  readonly leaf: RawCertificate
  /** What the whole handshake had, as sent by the peer; 0 where there was none. */
  readonly handshakeOctets: number
  /** What came with it, in its order. To be asked while the connection lives; a dead one shows nothing. */
  intermediates(): Result<readonly RawCertificate[], TooMuch>
  /** Takes the octets of the leaf from where they are kept already: the same certificate, by its fingerprint. */
  shareLeaf?(kept: RawCertificate): void
}

/** All that was presented is more than any honest device presents. */
export interface ChainTooLarge {
  readonly kind: 'chain-too-large'
  readonly bytes: number
  readonly limit: number
}

/** Why what came with the leaf is not looked at. */
export type TooMuch =
  | ChainTooLarge
  | { readonly kind: 'no-room-for-chain'; readonly bytes: number; readonly limit: number }

/**
 * Takes the presented leaf from a socket whose handshake has ended. A chain that is too large is told by the octets of the
 * handshake: asking for it would have Node copy it, decoded, and the copies stay until memory is collected.
 */
export function presentedBy(
  socket: TLSSocket,
  budget: Pick<PresentedBudget, 'hasRoom' | 'limit'> = NO_BUDGET,
): Presented {
  const resumed = socket.isSessionReused()
  const octets = handshakeOctetsOf(socket)
  if (octets > MAX_HANDSHAKE_OCTETS) {
    return { kind: 'chain-too-large', bytes: octets, limit: MAX_HANDSHAKE_OCTETS }
  }
  const der = leafOf(socket)
  if (der === undefined) return { kind: 'none', resumed }
  if (der.length > MAX_OCTETS) return tooLarge(der)
  return new ChainOfSocket(der, octets, { socket, resumed, budget })
}

/** What a device would present in a handshake of its own, leaf first: for a question about it, not for a connection. */
export function presentedIn([leaf, ...others]: readonly [Buffer, ...Buffer[]]): Presented {
  if (leaf.length > MAX_OCTETS) return tooLarge(leaf)
  return {
    kind: 'chain',
    resumed: false,
    handshakeOctets: 0,
    leaf: rawCertificate(leaf),
    intermediates: () => intermediatesOf(leaf.length, others),
  }
}

const tooLarge = ({ length: bytes }: Buffer): Presented => ({
  kind: 'too-large',
  bytes,
  limit: MAX_OCTETS,
})

/** The chain on a socket: an object, because a closure would be held as long as its connection lives. */
class ChainOfSocket implements PresentedChain {
  readonly kind = 'chain'
  readonly resumed: boolean
  readonly handshakeOctets: number
  readonly #socket: TLSSocket
  /** Octets that all chains may have together, where there was no room for this one. */
  readonly #exceeded: number | undefined
  #leaf: RawCertificate

  constructor(der: Buffer, octets: number, { socket, resumed, budget }: Handshake) {
    this.#leaf = rawCertificate(der)
    this.handshakeOctets = octets
    this.resumed = resumed
    this.#socket = socket
    // Asked once: a connection that found room may be judged again when others have filled it.
    this.#exceeded = budget.hasRoom(octets) ? undefined : budget.limit
  }

  get leaf(): RawCertificate {
    return this.#leaf
  }

  shareLeaf(kept: RawCertificate): void {
    if (kept.fingerprint === this.#leaf.fingerprint) this.#leaf = kept
  }

  intermediates(): Result<readonly RawCertificate[], TooMuch> {
    if (this.resumed || this.#socket.destroyed) return NOTHING_ELSE
    const { handshakeOctets: bytes } = this
    if (this.#exceeded !== undefined)
      return fail({ kind: 'no-room-for-chain', bytes, limit: this.#exceeded })
    return intermediatesOf(this.#leaf.der.length, sentBy(this.#socket))
  }
}

/** A handshake that has ended. */
interface Handshake {
  readonly socket: TLSSocket
  readonly resumed: boolean
  readonly budget: Pick<PresentedBudget, 'hasRoom' | 'limit'>
}

/**
 * What has arrived on the socket below, without what of it was data. Node hangs that one on the TLS socket (`_parent` in
 * lib/internal/tls/wrap.js) and documents no way to it; where it is not there, the chain is weighed when it is asked for.
 */
function handshakeOctetsOf(socket: TLSSocket & { readonly _parent?: Socket | null }): number {
  const { _parent: below } = socket
  return below == null ? 0 : below.bytesRead - socket.bytesRead
}

function leafOf(socket: TLSSocket): Buffer | undefined {
  const session = socket.getSession()
  const der = session === undefined ? undefined : certificateIn(session)
  // The master secret is in there.
  session?.fill(0)
  return der ?? socket.getPeerX509Certificate()?.raw
}

function* sentBy(socket: TLSSocket): Generator<Buffer> {
  let next = socket.getPeerX509Certificate()?.issuerCertificate
  for (; next !== undefined; next = next.issuerCertificate) yield next.raw
}

function intermediatesOf(
  leafOctets: number,
  ders: Iterable<Buffer>,
): Result<readonly RawCertificate[], ChainTooLarge> {
  const intermediates: RawCertificate[] = []
  let bytes = leafOctets
  for (const der of ders) {
    bytes += der.length
    if (bytes > MAX_CHAIN_OCTETS) {
      return fail({ kind: 'chain-too-large', bytes, limit: MAX_CHAIN_OCTETS })
    }
    // What a peer adds may help it, never harm it: an oversized one is as good as absent.
    if (der.length <= MAX_OCTETS) intermediates.push(rawCertificate(der))
  }
  return ok(intermediates)
}

function rawCertificate(der: Buffer): RawCertificate {
  return { der, fingerprint: hash('sha256', der) as Fingerprint }
}

const NOTHING_ELSE = ok([])
const NO_BUDGET = { hasRoom: () => true, limit: Infinity }
/**
 * Devices' certificates have 0.5 to 4 KiB, post-quantum ones up to some 20. What is kept lives as long as its
 * connection, and any client may open one.
 */
const MAX_OCTETS = 24 * 1024
/**
 * The leaf and ten more of 4 KiB; chains of two to four are usual, 36 small ones with cross-signed and superseded ones among
 * them have been met. OpenSSL itself ends a handshake with more than 100 KiB of certificates (SSL_CTX_set_max_cert_list(3)).
 */
const MAX_CHAIN_OCTETS = 48 * 1024
/** Besides the chain: a ClientHello, a CertificateVerify of ML-DSA (4.6 KiB), records around them, and a PROXY header ahead. */
const MAX_HANDSHAKE_OCTETS = MAX_CHAIN_OCTETS + 8 * 1024
