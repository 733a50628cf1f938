import { base64 } from './facts.ts'
import { OWN_VERIFY, plainVerify, type Format } from './format.ts'

/** RFC 9440: `Client-Cert` and `Client-Cert-Chain`, as Structured Fields (RFC 8941 §3.3.5); the chain leaves the leaf out (§2.3). */
export const rfc9440: Format = {
  names: { certificate: 'Client-Cert', chain: 'Client-Cert-Chain', verify: OWN_VERIFY },
  values: {
    certificate: ({ path }) => `:${base64(path.certificates[0])}:`,
    chain: ({ path }) =>
      path.certificates
        .slice(1)
        .map((certificate) => `:${base64(certificate)}:`)
        .join(', '),
  },
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: false,
}
