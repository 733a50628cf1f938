/**
 * The presented chain: certificates as octets, not parsed. The leaf is taken from the socket when the connection opens,
 * what was presented with it when it is asked for; a resumed session has only the leaf left (decision 10).
 */
import { hash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { fail, ok, type Fingerprint, type Result } from '../kernel/types.ts'
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
  | {
      readonly kind: 'chain'
      readonly resumed: boolean
      readonly leaf: RawCertificate
      /** What came with it, in its order. To be asked while the connection lives; a dead one shows nothing. */
      intermediates(): Result<readonly RawCertificate[], TooMany>
    }

/** More than any honest device presents. */
export interface TooMany {
  readonly kind: 'too-many-certificates'
  readonly limit: number
}

/** Takes the presented leaf from a socket whose handshake has ended. */
export function presentedBy(socket: TLSSocket): Presented {
  const resumed = socket.isSessionReused()
  const der = leafOf(socket)
  if (der === undefined) return { kind: 'none', resumed }
  return chainOf(der, resumed, () =>
    resumed || socket.destroyed ? NOTHING_ELSE : intermediatesOf(sentBy(socket)),
  )
}

/** What a device would present in a handshake of its own, leaf first: for a question about it, not for a connection. */
export const presentedIn = ([leaf, ...others]: readonly [Buffer, ...Buffer[]]): Presented =>
  chainOf(leaf, false, () => intermediatesOf(others))

function chainOf(
  der: Buffer,
  resumed: boolean,
  intermediates: () => Result<readonly RawCertificate[], TooMany>,
): Presented {
  if (der.length > MAX_OCTETS) return { kind: 'too-large', bytes: der.length, limit: MAX_OCTETS }
  return { kind: 'chain', resumed, leaf: rawCertificate(der), intermediates }
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

function intermediatesOf(ders: Iterable<Buffer>): Result<readonly RawCertificate[], TooMany> {
  const intermediates: RawCertificate[] = []
  for (const der of ders) {
    if (intermediates.length === MAX_INTERMEDIATES) {
      return fail({ kind: 'too-many-certificates', limit: MAX_INTERMEDIATES })
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
/**
 * Devices' certificates have 0.5 to 4 KiB, post-quantum ones up to some 20. What is kept lives as long as its
 * connection, and any client may open one.
 */
const MAX_OCTETS = 24 * 1024
/** Honest chains have one to three; the rest is room for cross-signed authorities. OpenSSL already caps the whole message at 100 KiB. */
const MAX_INTERMEDIATES = 10
