import { unreachable, type Instant } from '../../kernel/types.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { fingerprintText, namesWrittenBy } from './facts.ts'
import type { Format, Verify } from './format.ts'
import { haproxyCommonName, haproxyName } from './product-names.ts'
import type { FingerprintForm, IdentitySettings } from './settings.ts'

const OWN_FINGERPRINT = 'X-SSL-Client-SHA1'

/**
 * HAProxy's `ssl_c_*` under the names of its manual, held against the real one by `npm run test:formats`; the chain is `ssl_c_chain_der,base64`: the intermediates one
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
    fingerprint: OWN_FINGERPRINT,
    notBefore: 'X-SSL-Client-NotBefore',
    notAfter: 'X-SSL-Client-NotAfter',
  },
  values: {
    chain: ({ path }) =>
      Buffer.concat(path.certificates.slice(1).map(({ der }) => der)).toString('base64'),
    ...namesWrittenBy(haproxyName),
    commonName: ({ path }) => haproxyCommonName(path.certificates[0].subject),
    fingerprint: ({ path }, settings) => fingerprint(path.certificates[0], settings),
    notBefore: ({ path }) => shortTime(path.certificates[0].notBefore),
    notAfter: ({ path }) => shortTime(path.certificates[0].notAfter),
  },
  verify: opensslCode,
  charset: 'utf8',
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

/** Upper case; under a name that says which digest it is, that one. */
function fingerprint(leaf: Certificate, { fields, fingerprint: form }: IdentitySettings): string {
  const digest = digestNamed(fields.fingerprint ?? OWN_FINGERPRINT) ?? form.digest
  const text = fingerprintText(leaf, { ...form, digest })
  return form.form === 'hex' ? text.toUpperCase() : text
}

function digestNamed(name: string): FingerprintForm['digest'] | undefined {
  if (/sha[-_]?1$/iu.test(name)) return 'sha1'
  return /sha[-_]?256$/iu.test(name) ? 'sha256' : undefined
}

/** `YYMMDDhhmmssZ`; nothing for a year that HAProxy does not write. */
function shortTime(instant: Instant): string | undefined {
  const time = new Date(instant)
  const year = time.getUTCFullYear()
  if (year < FIRST_YEAR || year > LAST_YEAR) return undefined
  return `${time.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`
}

/** HAProxy leaves out a UTCTime from 50 on and a GeneralizedTime that does not begin with 20: both would read as another year. */
const FIRST_YEAR = 2000
const LAST_YEAR = 2099
