/**
 * What a device laid on the table: certificates as bytes, unread. Taken from the socket once per connection,
 * before any request, because a resumed session has only the leaf left (decision 10).
 */
import { hash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { Fingerprint } from '../kernel/types.ts'

/** A certificate's bytes and their hash. */
export interface RawCertificate {
  readonly der: Buffer
  readonly fingerprint: Fingerprint
}

/** The presented chain (RFC 8446 §4.4.2), leaf first; nothing about it has been verified. */
export type Presented =
  | { readonly kind: 'none'; readonly resumed: boolean }
  | { readonly kind: 'too-many'; readonly limit: number }
  | { readonly kind: 'too-large'; readonly bytes: number; readonly limit: number }
  | {
      readonly kind: 'chain'
      readonly resumed: boolean
      readonly leaf: RawCertificate
      readonly intermediates: readonly RawCertificate[]
      /** Names this very chain: the same octets in the same order. */
      readonly key: string
    }

/** Takes the presented chain from a socket whose handshake has ended. */
export function presentedBy(socket: TLSSocket): Presented {
  const resumed = socket.isSessionReused()
  const first = socket.getPeerX509Certificate()
  if (first === undefined) return { kind: 'none', resumed }
  if (first.raw.length > MAX_OCTETS) {
    return { kind: 'too-large', bytes: first.raw.length, limit: MAX_OCTETS }
  }
  const leaf = rawCertificate(first.raw)
  const intermediates: RawCertificate[] = []
  let key: string = leaf.fingerprint
  for (let next = first.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (intermediates.length === MAX_INTERMEDIATES) {
      return { kind: 'too-many', limit: MAX_INTERMEDIATES }
    }
    // What a peer adds may help it, never harm it: an oversized one is as good as absent.
    if (next.raw.length > MAX_OCTETS) continue
    const intermediate = rawCertificate(next.raw)
    intermediates.push(intermediate)
    key += intermediate.fingerprint
  }
  return { kind: 'chain', resumed, leaf, intermediates, key }
}

function rawCertificate(der: Buffer): RawCertificate {
  return { der, fingerprint: hash('sha256', der) as Fingerprint }
}

/**
 * Devices' certificates have 0.5 to 4 KiB, post-quantum ones up to some 20. What is kept lives as long as its
 * connection, and anybody may open one.
 */
const MAX_OCTETS = 24 * 1024
/** Honest chains have one to three; the rest is room for cross-signed authorities. OpenSSL already caps the whole message at 100 KiB. */
const MAX_INTERMEDIATES = 10
