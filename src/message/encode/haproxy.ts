import { unreachable, type Instant } from '../../kernel/types.ts'
import type { Format, Verify } from './format.ts'

/**
 * HAProxy's `ssl_c_*` under the names of its manual; the chain is `ssl_c_chain_der,base64`: the intermediates one
 * behind the other, leaf excluded.
 */
export const haproxy: Format = {
  names: {
    certificate: 'X-SSL-Client-Cert',
    chain: 'X-SSL-Client-Chain',
    used: 'X-SSL-Client-Used',
    verify: 'X-SSL-Client-Verify',
    subject: 'X-SSL-Client-DN',
    issuer: 'X-SSL-Issuer',
    commonName: 'X-SSL-Client-CN',
    fingerprint: 'X-SSL-Client-SHA1',
    notBefore: 'X-SSL-Client-NotBefore',
    notAfter: 'X-SSL-Client-NotAfter',
  },
  values: {
    chain: ({ path }) =>
      Buffer.concat(path.certificates.slice(1).map(({ der }) => der)).toString('base64'),
    notBefore: ({ path }) => shortTime(path.certificates[0].notBefore),
    notAfter: ({ path }) => shortTime(path.certificates[0].notAfter),
  },
  verify: opensslCode,
  readsVerify: true,
}

/**
 * X509_V_* of OpenSSL. HAProxy says 0 where there was no certificate, for nothing failed; we say 1, because 0 alone
 * must never be taken for a device.
 */
function opensslCode(verify: Verify): string {
  switch (verify) {
    case 'SUCCESS':
      return '0'
    case 'NONE':
      return '1' // X509_V_ERR_UNSPECIFIED
    case 'FAILED:expired-grace':
      return '10' // X509_V_ERR_CERT_HAS_EXPIRED
    case 'FAILED:identity-too-large':
      return '50' // X509_V_ERR_APPLICATION_VERIFICATION
    default:
      return unreachable(verify)
  }
}

/** `YYMMDDhhmmssZ`. */
const shortTime = (instant: Instant): string =>
  `${new Date(instant).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`
