/** The differences that stay, each of a class that is argued in `docs/formats.md`. */

export interface Argued {
  readonly product: string
  /** The case. */
  readonly name: string
  readonly field: string
  /** The class, as its heading in `docs/formats.md`. */
  readonly why: Class
}

/** At most five. */
export type Class =
  | 'a character that would mislead'
  | 'a value that is not UTF-8'
  | 'no value'
  | 'a negative serial number'
  | 'a name cut short'

const arguedFor =
  (product: string) =>
  (why: Class, fields: readonly string[], ...names: readonly string[]): readonly Argued[] =>
    names.flatMap((name) => fields.map((field) => ({ product, name, field, why })))

const haproxy = arguedFor('haproxy')
const apache = arguedFor('apache')
const lighttpd = arguedFor('lighttpd')
const tunnel = arguedFor('haproxy send-proxy-v2')

const DN = 'x-ssl-client-dn'
const CN = 'x-ssl-client-cn'
const APACHE_DN = 'ssl_client_s_dn'
const APACHE_CN = 'ssl_client_s_dn_cn'

export const ARGUED: readonly Argued[] = [
  ...haproxy(
    'a character that would mislead',
    [DN],
    'slash, quotes, backslash',
    'slash before a type',
  ),
  ...haproxy(
    'a character that would mislead',
    [DN, CN],
    'like an escape',
    'line break',
    'another direction',
    'zero octet',
    'UTF8String like a BMPString',
  ),
  ...haproxy(
    'a value that is not UTF-8',
    [DN, CN],
    'BMPString',
    'BMPString in ASCII',
    'UniversalString',
    'TeletexString',
    'no string',
  ),
  ...haproxy('a value that is not UTF-8', ['x-ssl-issuer'], 'oddly named issuer'),
  ...haproxy('a negative serial number', ['x-ssl-client-serial'], 'negative serial'),
  ...apache(
    'a character that would mislead',
    [APACHE_DN, APACHE_CN],
    'line break',
    'another direction',
  ),
  ...apache('a value that is not UTF-8', [APACHE_CN], 'no string'),
  ...apache(
    'no value',
    [APACHE_CN],
    'empty common name',
    'no common name',
    'no subject',
    'no subject, names not critical',
  ),
  ...apache('no value', [APACHE_DN], 'no subject', 'no subject, names not critical'),
  ...lighttpd('a character that would mislead', [APACHE_DN], 'line break', 'another direction'),
  ...lighttpd(
    'a character that would mislead',
    [APACHE_CN],
    'like an escape',
    'line break',
    'another direction',
    'zero octet',
    'UTF8String like a BMPString',
  ),
  ...lighttpd(
    'a value that is not UTF-8',
    [APACHE_CN],
    'BMPString',
    'BMPString in ASCII',
    'UniversalString',
    'TeletexString',
    'no string',
  ),
  ...lighttpd(
    'a name cut short',
    [APACHE_DN],
    'long common name',
    'longer common name',
    '40 attributes',
  ),
  ...tunnel('a character that would mislead', ['proxy-common-name'], 'like an escape'),
  ...tunnel(
    'a value that is not UTF-8',
    ['proxy-common-name'],
    'BMPString',
    'BMPString in ASCII',
    'UniversalString',
    'TeletexString',
    'no string',
  ),
]

/** The entry of one field in one case. */
export const argumentFor = (product: string, name: string, field: string): Argued | undefined =>
  ARGUED.find((one) => one.product === product && one.name === name && one.field === field)

/** Two certificates that a product cannot tell apart by a field, and we do: why the difference stays. */
export interface Twins {
  readonly product: string
  readonly field: string
  readonly names: readonly [string, string]
}

export const TWINS: readonly Twins[] = [
  { product: 'haproxy', field: DN, names: ['slash before a type', 'type behind a slash'] },
  { product: 'haproxy', field: DN, names: ['BMPString in ASCII', 'UTF8String like a BMPString'] },
  {
    product: 'haproxy',
    field: 'x-ssl-client-serial',
    names: ['negative serial', 'positive serial'],
  },
  {
    product: 'lighttpd',
    field: APACHE_CN,
    names: ['BMPString in ASCII', 'UTF8String like a BMPString'],
  },
  { product: 'lighttpd', field: APACHE_DN, names: ['long common name', 'longer common name'] },
  { product: 'apache', field: APACHE_CN, names: ['no common name', 'only null'] },
]
