/**
 * The public web authorities: those that ship with the runtime (Mozilla's list). Nothing is added to them, and no list of
 * ours stands beside it.
 */
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'

/** Whether a chain, leaf first, leads to a public authority. */
export function isPubliclyTrusted(
  chain: readonly [X509Certificate, ...X509Certificate[]],
): boolean {
  return isOfPublicAuthority(chain.at(-1) ?? chain[0])
}

/** Whether a certificate is a public authority's: one has signed it, or it has the name and the key of one. */
export function isOfPublicAuthority(certificate: X509Certificate): boolean {
  return publicRoots().some((root) => signed(root, certificate) || isSameCa(root, certificate))
}

function signed(root: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(root) && certificate.verify(root.publicKey)
  } catch {
    // A key or a signature that this runtime cannot use.
    return false
  }
}

/** An authority goes on with its name and its key when it gets another certificate, or is signed by another one. */
const isSameCa = (root: X509Certificate, certificate: X509Certificate): boolean =>
  root.subject === certificate.subject && root.publicKey.equals(certificate.publicKey)

let roots: readonly X509Certificate[] | undefined
/** Parsed on first use: some 6 ms. */
function publicRoots(): readonly X509Certificate[] {
  roots ??= rootCertificates.map((pem) => new X509Certificate(pem))
  return roots
}
