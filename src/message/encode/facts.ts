/**
 * Facts about a certificate as text, in the forms that several formats share.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { unreachable, type Instant } from '../../kernel/types.ts'
import type { Certificate, GeneralName } from '../../x509/certificate.ts'
import type { Name } from '../../x509/name.ts'
import { pemOf } from '../../x509/pem.ts'
import { type AttributeValue, printName, utf8Octets, valuesOf } from '../../x509/print-name.ts'
import type { DeviceField, Render } from './format.ts'
import type { FingerprintForm, IdentitySettings, SerialForm } from './settings.ts'

/** How a fact is written unless the format knows better. */
export const COMMON: Readonly<Record<DeviceField, Render>> = {
  certificate: ({ path }) => base64(path.certificates[0]),
  escapedCertificate: ({ path }) => escapedPem(path.certificates[0]),
  chain: ({ path }) => path.certificates.slice(1).map(base64).join(','),
  info: () => undefined,
  ...namesWrittenBy((name) => printName(name, 'rfc2253')),
  commonName: ({ path }) => commonName(path.certificates[0].subject),
  subjectAltNames: ({ path }) => alternativeNames(path.certificates[0]),
  serial: ({ path }, { serial }) => serialText(path.certificates[0].serial, serial),
  fingerprint: ({ path }, { fingerprint }) => fingerprintText(path.certificates[0], fingerprint),
  notBefore: ({ path }) => isoSeconds(path.certificates[0].notBefore),
  notAfter: ({ path }) => isoSeconds(path.certificates[0].notAfter),
  validity: ({ path: { certificates } }) =>
    `NotBefore=${isoSeconds(certificates[0].notBefore)};NotAfter=${isoSeconds(certificates[0].notAfter)}`,
  timeliness: ({ timeliness }) => timeliness,
}

/** Subject and issuer as the format's product writes them, unless another form is asked for. */
export function namesWrittenBy(
  product: (name: Name) => string,
): Readonly<Record<'subject' | 'issuer', Render>> {
  const written = (it: Name, { name }: IdentitySettings): string =>
    name === 'format' ? product(it) : printName(it, name)
  return {
    subject: ({ path }, settings) => written(path.certificates[0].subject, settings),
    issuer: ({ path }, settings) => written(path.certificates[0].issuer, settings),
  }
}

/** Standard base64 with padding and without line breaks (RFC 4648 §4). */
export const base64 = ({ der }: Certificate): string => der.toString('base64')

/** PEM percent-encoded as nginx does it: of what occurs in PEM, only letters, digits and dashes stay. */
export function escapedPem({ der }: Certificate): string {
  const base64 = der.toString('base64')
  let escaped = '-----BEGIN%20CERTIFICATE-----%0A'
  for (let at = 0; at < base64.length; at += PEM_LINE) {
    escaped += `${base64.slice(at, at + PEM_LINE)}%0A`
  }
  // The three of base64 that are escaped; done at the end, because escapes are longer than a line's share.
  return `${escaped.replaceAll('+', '%2B').replaceAll('/', '%2F').replaceAll('=', '%3D')}-----END%20CERTIFICATE-----%0A`
}

/** RFC 7468 §2. */
const PEM_LINE = 64

/** PEM with spaces for line breaks, as Apache's mod_headers sends it and Tomcat's SSLValve reads it. */
export const spacedPem = (certificate: Certificate): string =>
  pemOf(certificate.der).trimEnd().replaceAll('\n', ' ')

/** A serial number; negative ones, which RFC 5280 §4.1.2.2 forbids and some CAs made, keep their sign. */
export function serialText(serial: string, form: SerialForm): string {
  const sign = serial.startsWith('-') ? '-' : ''
  const digits = serial.slice(sign.length)
  switch (form) {
    case 'hex-lower':
      return sign + digits
    case 'hex-upper':
      return sign + digits.toUpperCase()
    case 'hex-colon':
      return sign + pairs(digits)
    case 'decimal':
      return sign + BigInt(`0x${digits}`).toString()
    default:
      return unreachable(form)
  }
}

/** A digest of the certificate. */
export function fingerprintText({ der }: Certificate, { digest, form }: FingerprintForm): string {
  switch (form) {
    case 'hex':
      return hash(digest, der, 'hex')
    case 'colon':
      return pairs(hash(digest, der, 'hex').toUpperCase())
    case 'base64':
      return hash(digest, der, 'base64')
    default:
      return unreachable(form)
  }
}

const pairs = (hex: string): string => hex.match(/../g)?.join(':') ?? ''

/** `2026-09-21T01:50:17Z`. */
const isoSeconds = (instant: Instant): string =>
  new Date(instant).toISOString().replace(/\.\d+Z/, 'Z')

/** As OpenSSL prints a time: `Sep  1 22:43:21 2026 GMT`. */
export function opensslTime(instant: Instant): string {
  const [, day = '', month = '', year = '', time = ''] = new Date(instant).toUTCString().split(' ')
  return `${month} ${String(Number(day)).padStart(2)} ${time} ${year} GMT`
}

/**
 * The last common name, which is the most specific, as RFC 2253 forms print it, without their escapes but those of
 * octets.
 */
function commonName(subject: Name): string | undefined {
  const value = commonNameValue(subject, 'last')
  if (value === undefined) return undefined
  const octets = utf8Octets(value)
  if (octets === undefined) return `#${value.der.toString('hex').toUpperCase()}`
  return escapedText(octets).replace(/^#/u, octetEscaped)
}

/** The first common name or the last one, as it stands in the certificate. */
export const commonNameValue = (
  subject: Name,
  which: 'first' | 'last',
): AttributeValue | undefined =>
  valuesOf(subject)
    .flat()
    .filter(({ oid }) => oid === COMMON_NAME)
    .at(which === 'last' ? -1 : 0)

/**
 * Octets as text: UTF-8 as it is, and octets outside ASCII of what is none as escapes. A backslash that would begin an
 * escape is escaped itself, so that no two strings of octets are written alike.
 */
export const escapedText = (octets: Buffer): string =>
  isUtf8(octets)
    ? octets.toString('utf8').replaceAll(ESCAPE, octetEscaped)
    : octets
        .toString('latin1')
        .replaceAll(ESCAPE, octetEscaped)
        .replaceAll(/[^ -~]/gu, octetEscaped)

const ESCAPE = /\\(?=[\dA-F]{2})/gu

/** `\HH`, of a character that stands for an octet. */
export const octetEscaped = (octet: string): string => `\\${hexOf(octet.charCodeAt(0))}`

const COMMON_NAME = '2.5.4.3'

/** As OpenSSL lists them: `DNS:a, URI:b, IP Address:c`. */
function alternativeNames({ subjectAltNames }: Certificate): string {
  return subjectAltNames
    .flatMap((name) =>
      'text' in name ? [`${LABELS[name.kind]}:${inert(name.text, /[^!-~]|,/gu)}`] : [],
    )
    .join(', ')
}

type NameWithText = Extract<GeneralName, { readonly text: string }>

const LABELS: Readonly<Record<NameWithText['kind'], string>> = {
  dns: 'DNS',
  email: 'email',
  ip: 'IP Address',
  uri: 'URI',
}

/**
 * A name inside a list: what could end it early, or begin another one, is percent-encoded. CAs sign what devices
 * ask for, and a device may ask for `a, DNS:b`.
 */
export const inert = (text: string, harmful: RegExp): string =>
  text.replaceAll(harmful, (one) =>
    Array.from(Buffer.from(one, 'utf8'), (octet) => `%${hexOf(octet)}`).join(''),
  )

/** Two upper-case hexadecimal digits. */
export const hexOf = (octet: number): string => octet.toString(16).toUpperCase().padStart(2, '0')
