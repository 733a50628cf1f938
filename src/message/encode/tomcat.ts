import { spacedPem } from './facts.ts'
import { OWN_VERIFY, plainVerify, type Format } from './format.ts'

/**
 * What Tomcat's SSLValve reads. One certificate only: measured, a leaf and its CA in one field lose both. Name
 * `escapedCertificate` `ssl_client_escaped_cert` where the valve is set up for that.
 */
export const tomcat: Format = {
  names: { certificate: 'ssl_client_cert', verify: OWN_VERIFY },
  values: { certificate: ({ path }) => spacedPem(path.certificates[0]) },
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: false,
}
