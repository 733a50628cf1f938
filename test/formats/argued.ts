/** The differences that stay, each argued in `docs/formats.md`. */
import type { IdentityFormat } from '../../src/message/encode/settings.ts'

export interface Argued {
  readonly format: IdentityFormat
  /** The case. */
  readonly name: string
  readonly field: string
  /** The class, as its heading in `docs/formats.md`. */
  readonly why: string
}

const arguedFor =
  (format: IdentityFormat) =>
  (name: string, why: string, ...fields: readonly string[]): readonly Argued[] =>
    fields.map((field) => ({ format, name, field, why }))

const haproxy = arguedFor('haproxy')
const apache = arguedFor('apache')

const APACHE_NAMES = ['ssl_client_s_dn', 'ssl_client_s_dn_cn']
const NAMES = ['x-ssl-client-dn', 'x-ssl-client-cn']

export const ARGUED: readonly Argued[] = [
  ...haproxy('bmp', 'strings that are not UTF-8', ...NAMES),
  ...haproxy('teletex', 'strings that are not UTF-8', ...NAMES),
  ...haproxy('slash, quotes, backslash', 'a slash inside a value', 'x-ssl-client-dn'),
  ...haproxy('line break', 'characters that are not seen', ...NAMES),
  ...apache('line break', 'characters that are not seen', ...APACHE_NAMES),
  ...apache('no subject', 'no value', ...APACHE_NAMES),
]

/** The entry of one field in one case. */
export const argumentFor = (
  format: IdentityFormat,
  name: string,
  field: string,
): Argued | undefined =>
  ARGUED.find((one) => one.format === format && one.name === name && one.field === field)
