import type { Certificate } from '../x509/certificate.ts'

/** A name and a key that we start from (RFC 5280 §6.1.1 (d)); it need not be self-signed. */
export interface TrustAnchor {
  readonly certificate: Certificate
  /** The enrollment setting it came with; its standing is looked up in the policy when a request is judged, so that a remembered path never carries a stale one. */
  readonly setting: string
}
