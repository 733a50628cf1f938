/**
 * Names as HAProxy and Apache httpd write them, as text; which characters leave as UTF-8 and which as escapes is
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
export function haproxyCommonName(name: Name): string | undefined {
  const first = firstCommonName(name)
  return first === undefined ? undefined : octetText(first)
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
  const first = firstCommonName(name)
  if (first === undefined) return undefined
  const octets = utf8Octets(first) ?? first.content
  const isText = isUtf8(octets)
  const text = octets.toString(isText ? 'utf8' : 'latin1').replaceAll('\\', '$&$&')
  return isText ? text : text.replaceAll(/[^ -~]/gu, octetEscaped)
}

const firstCommonName = (name: Name): AttributeValue | undefined => commonNameValue(name, 'first')

/**
 * HAProxy sends the octets of a string, whatever its type. They stay where they are UTF-8, unless the type says two or
 * four octets for a character; else they are what the type says, and escaped where it says nothing.
 */
function octetText(value: AttributeValue): string {
  const { tag, content } = value
  const isText = tag !== TAG.bmpString && tag !== TAG.universalString && isUtf8(content)
  return escapedText(isText ? content : (utf8Octets(value) ?? content))
}
