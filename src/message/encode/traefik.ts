import type { Instant } from '../../kernel/types.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Name } from '../../x509/name.ts'
import { base64, inert, serialText } from './facts.ts'
import { OWN_VERIFY, plainVerify, type Format, type Render } from './format.ts'

/** Traefik's passTLSClientCert (since 2.9.4): bare base64, leaf first, and the facts as one query-escaped text. */
export const traefik: Format = {
  names: {
    certificate: 'X-Forwarded-Tls-Client-Cert',
    info: 'X-Forwarded-Tls-Client-Cert-Info',
    verify: OWN_VERIFY,
  },
  values: {
    certificate: (device, settings) => sent(device, settings).map(base64).join(','),
    info: (device, settings) => queryEscaped(sent(device, settings).map(info).join(',')),
  },
  verify: plainVerify,
  charset: 'ascii',
  readsVerify: false,
}

const sent = (...[{ path }, { chain }]: Parameters<Render>): readonly Certificate[] =>
  chain ? path.certificates : path.certificates.slice(0, 1)

function info({ subject, issuer, serial, notBefore, notAfter, ...rest }: Certificate): string {
  const names = NAME_ORDER.flatMap((kind) =>
    rest.subjectAltNames.flatMap((name) => (name.kind === kind ? [contained(name.text)] : [])),
  )
  return [
    `Subject="${parts(subject)}"`,
    `Issuer="${parts(issuer)}"`,
    `SerialNumber="${serialText(serial, 'decimal')}"`,
    `NB="${seconds(notBefore)}"`,
    `NA="${seconds(notAfter)}"`,
    ...(names.length === 0 ? [] : [`SAN="${names.join(',')}"`]),
  ].join(';')
}

const NAME_ORDER = ['dns', 'email', 'ip', 'uri'] as const

/** Only these attributes, in this order whatever the certificate's. */
const parts = ({ rdns }: Name): string =>
  ATTRIBUTES.flatMap(([oid, type]) =>
    rdns.flat().flatMap((one) => (one.oid === oid ? [`${type}=${contained(one.text)}`] : [])),
  ).join(',')

const ATTRIBUTES: readonly (readonly [oid: string, type: string])[] = [
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['2.5.4.6', 'C'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.7', 'L'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.5', 'SN'],
  ['2.5.4.3', 'CN'],
]

/** Traefik writes values as they are; a quote would end the text, and `=` could make up an attribute (`O=x,CN=admin`). */
const contained = (text: string): string => inert(text, /["=\\\p{Cc}]/gu)

/** Go's `url.QueryEscape`. */
const queryEscaped = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

const seconds = (instant: Instant): number => Math.floor(instant / 1000)
