/**
 * Whether a server showed a key that was pinned (as RFC 7469 §2.4 writes them: SHA-256 of the SubjectPublicKeyInfo,
 * in base64). A pin counts for a certificate that signed its way down to the leaf; standing in the presented list
 * is not enough, because a server with any certificate of a trusted CA could send the pinned one with it.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { presentedSigners } from './presented-chain.ts'

/** The pins of every way up from the leaf that a server showed, when none of them is wanted; nothing when one is, or none is wanted. */
export function unpinned(
  leaf: X509Certificate,
  wanted: readonly string[],
): readonly string[] | undefined {
  if (wanted.length === 0) return undefined
  const shown = presentedSigners(leaf).map(pinOf)
  return shown.some((pin) => wanted.includes(pin)) ? undefined : shown
}

/** The pin of a certificate's key; `unreadable`, which no setting can name, for one that this runtime does not know. */
export function pinOf(certificate: X509Certificate): string {
  try {
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(spki).digest('base64')
  } catch {
    // The peer chooses it, and an error thrown in the handshake's event would end the process.
    return 'unreadable'
  }
}
