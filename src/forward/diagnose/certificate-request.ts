/**
 * Whether a server asked for our certificate, by what our side said in the handshake: a client that was asked answers with
 * the message Certificate, empty where it has none, and one that was not sends none (RFC 8446 §4.4.2, RFC 5246 §7.4.6).
 * The TLS library does not tell.
 */

/** What a server asked for, and what it was shown. */
export type CertificateRequest = 'none-shown' | 'not-asked' | 'shown'

/** Reads the records that were sent until the handshake ended, and no later ones. */
export function certificateRequest(sent: Buffer): CertificateRequest {
  const sealed: number[] = []
  for (let at = 0; at + HEADER < sent.length;) {
    const length = sent.readUInt16BE(at + HEADER - 2)
    const [kind, message] = [sent[at], sent[at + HEADER]]
    if (kind === SEALED) sealed.push(length)
    else if (kind === HANDSHAKE && message === CERTIFICATE) {
      return length > EMPTY_CERTIFICATE_12 ? 'shown' : 'none-shown'
    } else if (kind === HANDSHAKE && message === CLIENT_KEY_EXCHANGE) return 'not-asked'
    at += HEADER + length
  }
  const [certificate, ...others] = sealed
  // TLS 1.3 seals one message in each record: Finished alone, or what was asked for before it.
  if (certificate === undefined || others.length === 0) return 'not-asked'
  return certificate > EMPTY_CERTIFICATE_13 ? 'shown' : 'none-shown'
}

const HEADER = 5
const HANDSHAKE = 22
const SEALED = 23
/** Messages of a handshake, not records: TLS 1.2 sends them in the clear, the first in front of the second. */
const CERTIFICATE = 11
const CLIENT_KEY_EXCHANGE = 16
/** A header of four octets and a list without an entry, whose length takes three. */
const EMPTY_CERTIFICATE_12 = 7
/** One octet more for the context, one for the kind, and the largest tag of 16. */
const EMPTY_CERTIFICATE_13 = 25
