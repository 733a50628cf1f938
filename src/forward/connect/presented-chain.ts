/** What a server presented: the list as it came, and those of it that signed their way down to the leaf. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { DEFAULT_LIMITS } from '../../trust/limits.ts'

/**
 * The leaf and those presented certificates that lead up from it, each one's key having signed the one before. The
 * trust anchor is among them only when the server sends it.
 */
export function presentedPath(leaf: X509Certificate): readonly X509Certificate[] {
  const [first, ...others] = presentedList(leaf)
  const path = first === undefined ? [] : [first]
  const budget = { signatures: MAX_SIGNATURES }
  for (let below = first; below !== undefined;) {
    const subject = below
    below = others.find((one) => !path.includes(one) && signed(one, subject, budget))
    if (below !== undefined) path.push(below)
  }
  return path
}

/**
 * The leaf and every presented certificate that signed its way down to it, whichever way: of a web the trusted path need
 * not be the first one.
 */
export function presentedSigners(leaf: X509Certificate): readonly X509Certificate[] {
  const [first, ...others] = presentedList(leaf)
  const signers = first === undefined ? [] : [first]
  const budget = { signatures: MAX_SIGNATURES }
  // It grows while it is read.
  for (const subject of signers) {
    signers.push(...others.filter((one) => !signers.includes(one) && signed(one, subject, budget)))
  }
  return signers
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

/** Whether two connections showed the same certificates: only then has the second a say in what the first one showed. */
export function isSameChain(
  one: X509Certificate | undefined,
  other: X509Certificate | undefined,
): boolean {
  if (one === undefined || other === undefined) return false
  const [first, second] = [presentedList(one), presentedList(other)]
  return (
    first.length === second.length &&
    first.every(({ raw }, index) => second[index]?.raw.equals(raw) === true)
  )
}

function signed(
  issuer: X509Certificate,
  subject: X509Certificate,
  budget: { signatures: number },
): boolean {
  try {
    // Any device of a CA may have a certificate with the name and the key of another CA: it is no issuer.
    if (!issuer.ca || !subject.checkIssued(issuer) || budget.signatures === 0) return false
    const { publicKey } = issuer
    if (isDear(publicKey)) return false
    budget.signatures -= 1
    return subject.verify(publicKey)
  } catch {
    // A key that this runtime cannot use has signed nothing.
    return false
  }
}

/**
 * The peer chooses these keys, and no trusted one has signed them yet. With an exponent as long as its modulus, which the TLS
 * library takes up to 3072 bits, one verification takes 70 times as long; our judge refuses the same (`trust/algorithms.ts`).
 */
function isDear({ asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {}
  return modulusLength > DEFAULT_LIMITS.rsaBits.maximum || publicExponent >> 64n > 0n
}

/**
 * Chains of two to four certificates are usual, 36 with cross-signed and superseded ones among them have been met. The
 * TLS library takes no more than 100 KiB of them, which is some 300; reading a hundred takes 3 ms to 9 ms.
 */
export const MAX_PRESENTED = 100
/** As our judge allows itself (`trust/limits.ts`): those of one name can be tried for each other. */
const MAX_SIGNATURES = 64
