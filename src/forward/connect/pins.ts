/**
 * Whether a server showed a key that was pinned (as RFC 7469 §2.4 writes them: SHA-256 of the SubjectPublicKeyInfo,
 * in base64). A pin counts for a certificate that signed its way down to the leaf; standing in the presented list
 * is not enough, because a server with any certificate of a trusted CA could send the pinned one with it.
 */
import { createHash, type X509Certificate } from 'node:crypto'

/** The pins of the path that a server showed, when none of them is wanted; nothing when one is, or none is wanted. */
export function unpinned(
  leaf: X509Certificate,
  wanted: readonly string[],
): readonly string[] | undefined {
  if (wanted.length === 0) return undefined
  const shown = presentedPath(leaf).map(pinOf)
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

/**
 * The leaf and those presented certificates that lead up from it, each one's key having signed the one before. The
 * trust anchor is among them only when the server sends it.
 */
export function presentedPath(leaf: X509Certificate): readonly X509Certificate[] {
  const [first, ...others] = presentedList(leaf)
  const path = first === undefined ? [] : [first]
  for (let below = first; below !== undefined;) {
    const subject = below
    below = others.find((one) => !path.includes(one) && signed(one, subject))
    if (below !== undefined) path.push(below)
  }
  return path
}

/** What the server sent, in its order, whether it belongs together or not. */
export function presentedList(leaf: X509Certificate): readonly X509Certificate[] {
  const list: X509Certificate[] = []
  // Node hangs the list together as if each had issued the one before (Node 26 once the chain verifies).
  for (let next: X509Certificate | undefined = leaf; next !== undefined;) {
    if (list.push(next) === MAX_PRESENTED) break
    next = next.issuerCertificate
  }
  return list
}

function signed(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    // Any device of a CA may have a certificate with the name and the key of another CA: it is no issuer.
    return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey)
  } catch {
    // A key that this runtime cannot use has signed nothing.
    return false
  }
}

/** A server chain has two to four certificates; verifying a longer list would only cost us signatures. */
const MAX_PRESENTED = 10
