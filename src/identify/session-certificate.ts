/**
 * The leaf that a peer presented, out of the session that OpenSSL keeps of the handshake (`SSL_SESSION` in
 * include/openssl/ssl.h and ssl/ssl_asn1.c). Asked for the same as an object, Node copies the whole presented chain,
 * and each copy decodes a key: a tenth of a handshake's instructions beyond its mathematics.
 */
import { constructed, DerReader, TAG } from '../x509/der.ts'

/** The octets of the certificate, copied; nothing when there is none, or the session is not written as expected. */
export function certificateIn(session: Buffer): Buffer | undefined {
  const reader = DerReader.over(session).enter(TAG.sequence)
  // Versions of the structure and of TLS; cipher suite, session id, master secret.
  for (const tag of [TAG.integer, TAG.integer]) reader.step(tag)
  for (const tag of [TAG.octetString, TAG.octetString, TAG.octetString]) reader.step(tag)
  // When it began and how long it lasts.
  reader.optional(constructed(1))
  reader.optional(constructed(2))
  const certificate = reader.optional(constructed(3))?.element(TAG.sequence)
  if (certificate === undefined || reader.fault !== undefined) return undefined
  // Not out of the pool of small buffers: whatever else lies in the same piece of that would keep it, and the other way round.
  const copy = Buffer.allocUnsafeSlow(certificate.length)
  copy.set(certificate)
  return copy
}
