import type { Certificate } from '../../x509/certificate.ts'
import { pemOf } from '../../x509/pem.ts'
import { OWN_VERIFY, plainVerify, type Format } from './format.ts'

/**
 * AWS ALB's mutual TLS in verify mode; the chain, where it has a name (`X-Amzn-Mtls-Clientcert` in ALB's passthrough
 * mode), is leaf to root in one field.
 */
export const awsAlb: Format = {
  names: {
    certificate: 'X-Amzn-Mtls-Clientcert-Leaf',
    verify: OWN_VERIFY,
    subject: 'X-Amzn-Mtls-Clientcert-Subject',
    issuer: 'X-Amzn-Mtls-Clientcert-Issuer',
    serial: 'X-Amzn-Mtls-Clientcert-Serial-Number',
    validity: 'X-Amzn-Mtls-Clientcert-Validity',
  },
  values: {
    certificate: ({ path }) => halfEscapedPem(path.certificates[0]),
    chain: ({ path }) => path.certificates.map(halfEscapedPem).join(''),
  },
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: false,
}

/** Percent-encoded except `+`, `=` and `/`: to be read by a URL decoder, never by a form decoder. */
const halfEscapedPem = (certificate: Certificate): string => encodeURI(pemOf(certificate.der))
