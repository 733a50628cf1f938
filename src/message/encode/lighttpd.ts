import { namesWrittenBy, serialText, spacedPem } from './facts.ts'
import { plainVerify, type Format } from './format.ts'
import { lighttpdCommonName, lighttpdName } from './product-names.ts'

/**
 * What lighttpd's mod_openssl tells programs in variables (CGI, FastCGI, SCGI), in fields of the same names, held against
 * the real one by `npm run test:formats`. PEM has spaces for line breaks, which no field can hold. lighttpd names no
 * issuer and no chain.
 */
export const lighttpd: Format = {
  names: {
    certificate: 'SSL_CLIENT_CERT',
    verify: 'SSL_CLIENT_VERIFY',
    subject: 'SSL_CLIENT_S_DN',
    serial: 'SSL_CLIENT_M_SERIAL',
    commonName: 'SSL_CLIENT_S_DN_CN',
  },
  values: {
    certificate: ({ path }) => spacedPem(path.certificates[0]),
    ...namesWrittenBy(lighttpdName),
    commonName: ({ path }) => lighttpdCommonName(path.certificates[0].subject),
    serial: ({ path }, { serial }) => serialNumber(serialText(path.certificates[0].serial, serial)),
  },
  verify: plainVerify,
  charset: 'utf8',
  readsVerify: true,
}

/** All octets, as OpenSSL's BN_bn2hex writes a number, and 0 as one digit. */
const serialNumber = (text: string): string => (text === '00' ? '0' : text)
