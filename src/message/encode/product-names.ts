/**
 * Names as HAProxy, Apache httpd and lighttpd write them, as text; which characters leave as UTF-8 and which as escapes is
 * decided for every value alike, in `encode.ts`.
 */
import { isUtf8 } from 'node:buffer'
import { TAG } from '../../x509/der.ts'
import type { Name } from '../../x509/name.ts'
import {
  type AttributeValue,
  openSslType,
  printName,
  utf8Octets,
  valuesOf,
} from '../../x509/print-name.ts'
import { commonNameValue, escapedText, octetEscaped } from './facts.ts'

/**
 * HAProxy's `ssl_c_s_dn`: every attribute behind a slash. HAProxy escapes nothing, and `O=x/CN=admin` then reads as two
 * attributes: a slash inside a value is `\2F` here.
 */
export const haproxyName = (name: Name): string =>
  valuesOf(name)
    .flat()
    .map((value) => `/${openSslType(value.oid)}=${octetText(value).replaceAll('/', octetEscaped)}`)
    .join('')

/** HAProxy's `ssl_c_s_dn(cn)`: the first one. */
export const haproxyCommonName = (name: Name): string | undefined =>
  textIn(commonNameValue(name, 'first'))

/** lighttpd's `SSL_CLIENT_S_DN_CN`: the last one, its octets as they are. */
export const lighttpdCommonName = (name: Name): string | undefined =>
  textIn(commonNameValue(name, 'last'))

/**
 * lighttpd's `SSL_CLIENT_S_DN`: OpenSSL's XN_FLAG_ONELINE with letters beyond ASCII as they are. Values with syntax in
 * them stand in quotes.
 */
export const lighttpdName = (name: Name): string =>
  valuesOf(name)
    .map((values) =>
      values.map((value) => `${openSslType(value.oid)} = ${quotedText(value)}`).join(' + '),
    )
    .join(', ')

function quotedText(value: AttributeValue): string {
  const octets = utf8Octets(value)
  if (octets === undefined) return `#${value.der.toString('hex').toUpperCase()}`
  const text = backslashed(octets, /["\\]/gu)
  return /[+,;<>]|^[ #]| $/u.test(text) ? `"${text}"` : text
}

/** Apache's `SSL_CLIENT_S_DN`: RFC 2253 with letters beyond ASCII as they are. What is no UTF-8 stays escaped. */
export const apacheName = (name: Name): string =>
  printName(name, 'rfc2253').replaceAll(/\\\\|(?:\\[89A-F][\dA-F])+/gu, (escapes) => {
    if (escapes === '\\\\') return escapes
    const octets = Buffer.from(escapes.replaceAll('\\', ''), 'hex')
    return isUtf8(octets) ? octets.toString('utf8') : escapes
  })

/** Apache's `SSL_CLIENT_S_DN_CN`: the first one, with nothing but the backslash escaped. */
export function apacheCommonName(name: Name): string | undefined {
  const first = commonNameValue(name, 'first')
  return first === undefined ? undefined : backslashed(utf8Octets(first) ?? first.content, /\\/gu)
}

/** Text with a backslash before each of these characters; of what is no UTF-8, the octets beyond ASCII as escapes. */
function backslashed(octets: Buffer, syntax: RegExp): string {
  const isText = isUtf8(octets)
  const text = octets.toString(isText ? 'utf8' : 'latin1').replaceAll(syntax, (one) => `\\${one}`)
  return isText ? text : text.replaceAll(/[^ -~]/gu, octetEscaped)
}

const textIn = (value: AttributeValue | undefined): string | undefined =>
  value === undefined ? undefined : octetText(value)

/**
 * HAProxy sends the octets of a string, whatever its type. They stay where they are UTF-8, unless the type says two or
 * four octets for a character; else they are what the type says, and escaped where it says nothing.
 */
function octetText(value: AttributeValue): string {
  const { tag, content } = value
  const isText = tag !== TAG.bmpString && tag !== TAG.universalString && isUtf8(content)
  return escapedText(isText ? content : (utf8Octets(value) ?? content))
}
