/**
 * Administrators by client certificate: known by the key, which TLS has proved that they hold. Who signed the
 * certificate is not asked, because the key itself was registered.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Instant, KeyFingerprint } from '../../kernel/types.ts'
import { parseCertificate } from '../../x509/certificate.ts'

/** The key of a connection's client certificate, if there is one and it is timely. */
export function certificateKeyOf(socket: Socket, now: Instant): KeyFingerprint | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const shown = socket.getPeerX509Certificate()
  if (shown === undefined) return undefined
  const certificate = parseCertificate(shown.raw)
  if (!certificate.ok) return undefined
  const { notBefore, notAfter, publicKey } = certificate.value
  return notBefore <= now && now <= notAfter ? publicKey.fingerprint : undefined
}
