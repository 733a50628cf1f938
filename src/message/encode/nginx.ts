import { escapedPem, opensslTime } from './facts.ts'
import { plainVerify, type Format } from './format.ts'

/** nginx's `$ssl_client_escaped_cert` and `$ssl_client_verify`, under ingress-nginx's names; nginx knows no chain. */
export const nginx: Format = {
  names: {
    certificate: 'ssl-client-cert',
    verify: 'ssl-client-verify',
    subject: 'ssl-client-subject-dn',
    issuer: 'ssl-client-issuer-dn',
  },
  values: {
    certificate: ({ path }) => escapedPem(path.certificates[0]),
    notBefore: ({ path }) => opensslTime(path.certificates[0].notBefore),
    notAfter: ({ path }) => opensslTime(path.certificates[0].notAfter),
  },
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: true,
}
