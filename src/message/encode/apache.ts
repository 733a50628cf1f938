import { namesWrittenBy, opensslTime, spacedPem } from './facts.ts'
import { plainVerify, type Format } from './format.ts'
import { apacheCommonName, apacheName } from './product-names.ts'

/**
 * mod_ssl's variables as `RequestHeader set` sends them, held against the real one by `npm run test:formats`: PEM with spaces, one numbered field for each intermediate.
 * What Apache prints as `(null)` we leave out.
 */
export const apache: Format = {
  names: {
    certificate: 'SSL_CLIENT_CERT',
    chain: 'SSL_CLIENT_CERT_CHAIN',
    verify: 'SSL_CLIENT_VERIFY',
    subject: 'SSL_CLIENT_S_DN',
    issuer: 'SSL_CLIENT_I_DN',
    serial: 'SSL_CLIENT_M_SERIAL',
  },
  values: {
    certificate: ({ path }) => spacedPem(path.certificates[0]),
    chain: ({ path }) => path.certificates.slice(1).map(spacedPem),
    ...namesWrittenBy(apacheName),
    commonName: ({ path }) => apacheCommonName(path.certificates[0].subject),
    notBefore: ({ path }) => opensslTime(path.certificates[0].notBefore),
    notAfter: ({ path }) => opensslTime(path.certificates[0].notAfter),
  },
  verify: plainVerify,
  charset: 'utf8',
  readsVerify: true,
}
