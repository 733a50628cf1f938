/** What is recorded of the certificate that a peer showed. */
import type { Peer } from '../decide/decide.ts'
import type { SightedCertificate } from '../fleet/sighting.ts'
import { signedIdsOf } from '../trust/signed-ids.ts'
import { listUrlsOf } from '../x509/distribution-points.ts'
import { nameText, serialText } from './certificate-text.ts'

/** Ids and the CA's key count only where a path was sound. */
export function sightedCertificate({
  leaf,
  paths,
}: Peer & { readonly kind: 'presented' }): SightedCertificate {
  const path = paths.ok ? paths.value[0] : undefined
  const issuer = path?.certificates[1] ?? path?.anchor.certificate
  return {
    fingerprint: leaf.fingerprint,
    key: leaf.publicKey.fingerprint,
    issuerKey: issuer?.publicKey.fingerprint,
    serial: serialText(leaf),
    issuer: nameText(leaf.issuer),
    subject: nameText(leaf.subject),
    signedIds: path === undefined ? [] : signedIdsOf(leaf).ids.map(({ text }) => text),
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    setting: path?.anchor.setting,
    sound: path !== undefined,
    pathFailure: paths.ok ? undefined : paths.failure.kind,
    listUrl: listUrlsOf(leaf.extensions.distributionPoints)[0],
  }
}
