/**
 * Names as text, in the three spellings that upstream servers compare: character for character what OpenSSL
 * prints for `rfc2253` (nginx `$ssl_client_s_dn`) and `slash` (Apache's and nginx's legacy forms).
 */
import { unreachable } from '../kernel/types.ts'
import { DerReader, TAG } from './der.ts'
import type { GeneralName } from './general-name.ts'
import { textOf, type Name, type NameForm } from './name.ts'

/** Writes a name out. */
export function printName(name: Name, form: NameForm = 'rfc4514'): string {
  return plainName(name, form) ?? exactName(name, form)
}

/** A subject alternative name with its kind before it, as people and patterns write it. */
export function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
    case 'email':
    case 'uri':
    case 'ip':
      return `${name.kind}:${name.text}`
    case 'directory':
      return `directory:${printName(name.name)}`
    case 'other':
      return `other name (tag ${name.tag})`
    default:
      return unreachable(name)
  }
}

/**
 * Nearly every name of a device: one attribute in each part, of a type that the form has a word for, in letters
 * that no form touches. Written for every connection, so it does not read the octets a second time.
 */
function plainName({ rdns }: Name, form: NameForm): string | undefined {
  if (form === 'slash') return undefined
  const types = form === 'rfc4514' ? RFC4514_TYPES : OPENSSL_TYPES
  let written = ''
  for (let index = rdns.length - 1; index >= 0; index -= 1) {
    const rdn = rdns[index]
    const [attribute] = rdn ?? []
    if (rdn?.length !== 1 || attribute === undefined) return undefined
    const type = types.get(attribute.oid)
    if (type === undefined || !PLAIN.test(attribute.text)) return undefined
    written += `${written === '' ? '' : ','}${type}=${attribute.text}`
  }
  return written
}

/** No escapes, no syntax, no space at an edge; `#` would also mark text that could not be decoded. */
const PLAIN = /^[\w.:@$()*&'!?-](?:[\w.:@$()*&'!? -]*[\w.:@$()*&'!?-])?$/

function exactName(name: Name, form: NameForm): string {
  const rdns = valuesOf(name)
  switch (form) {
    case 'rfc4514':
      return rdns.toReversed().map(joined(rfc4514)).join(',')
    case 'rfc2253':
      // OpenSSL walks all attributes backwards, those of one relative name included.
      return rdns
        .map((values) => joined(rfc2253)(values.toReversed()))
        .toReversed()
        .join(',')
    case 'slash':
      return rdns.map((values) => `/${joined(slash)(values)}`).join('')
    default:
      return unreachable(form)
  }
}

/** An attribute with the octets that its text came from: forms differ in what they make of them. */
export interface AttributeValue {
  readonly oid: string
  readonly tag: number
  readonly content: Buffer
  readonly der: Buffer
}

/** The attributes of a name, read anew from its octets, the most significant relative name first. */
export function valuesOf(name: Name): AttributeValue[][] {
  const names = DerReader.over(name.der).enter(TAG.sequence)
  const rdns: AttributeValue[][] = []
  while (names.more) {
    const set = names.enter(TAG.set)
    const values: AttributeValue[] = []
    while (set.more) {
      const pair = set.enter(TAG.sequence)
      const oid = pair.oid()
      const tag = pair.tag
      const start = pair.position
      const content = pair.content(tag)
      values.push({ oid, tag, content, der: pair.since(start) })
    }
    rdns.push(values)
  }
  return rdns
}

const joined =
  (print: (value: AttributeValue) => string) =>
  (values: readonly AttributeValue[]): string =>
    values.map(print).join('+')

/** RFC 4514 §2.3 and §2.4: the names of its own table, dotted decimal and hexadecimal for the rest. */
function rfc4514(value: AttributeValue): string {
  const type = RFC4514_TYPES.get(value.oid)
  const text = type === undefined ? undefined : (textOf(value.tag, value.content) ?? latin1(value))
  if (text === undefined) return `${type ?? value.oid}=#${value.der.toString('hex')}`
  const escaped = text
    .replaceAll(/["+,;<>\\]/gu, String.raw`\$&`)
    // §2.4 allows it for any character; no log, terminal or header field should obey a name.
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, octetsEscaped)
  return `${type ?? value.oid}=${edgesEscaped(escaped)}`
}

/** What OpenSSL makes of XN_FLAG_RFC2253: its own short names, and every octet that is not plain ASCII in hexadecimal. */
function rfc2253(value: AttributeValue): string {
  const type = OPENSSL_TYPES.get(value.oid)
  const octets = type === undefined ? undefined : utf8Octets(value)
  if (type === undefined || octets === undefined) {
    return `${type ?? value.oid}=#${value.der.toString('hex').toUpperCase()}`
  }
  const escaped = octets
    .toString('latin1')
    .replaceAll(/["+,;<>\\]/gu, String.raw`\$&`)
    .replaceAll(/[\u0000-\u001f\u007f-\u00ff]/gu, (octet) => `\\${hexOf(octet)}`)
  return `${type}=${edgesEscaped(escaped)}`
}

/** `#` and a space first, and a space last, would be read as syntax. */
function edgesEscaped(text: string): string {
  const last = text.length > 1 && text.endsWith(' ')
  const escaped = last ? `${text.slice(0, -1)}\\ ` : text
  return /^[ #]/u.test(escaped) ? `\\${escaped}` : escaped
}

/** The text of a value in UTF-8 as OpenSSL converts it; nothing for what is no string. */
export function utf8Octets({ tag, content }: AttributeValue): Buffer | undefined {
  // OpenSSL passes the octets of a UTF8String on unread, well-formed or not.
  if (tag === TAG.utf8String) return content
  const text = latin1({ tag, content }) ?? textOf(tag, content)
  return text === undefined ? undefined : Buffer.from(text, 'utf8')
}

/** OpenSSL's reading of a string with an octet for each character: what is not ASCII there is taken for Latin-1. */
const latin1 = ({ tag, content }: Pick<AttributeValue, 'tag' | 'content'>): string | undefined =>
  ONE_OCTET_STRINGS.has(tag) ? content.toString('latin1') : undefined

const ONE_OCTET_STRINGS = new Set<number>([
  TAG.printableString,
  TAG.ia5String,
  TAG.numericString,
  TAG.visibleString,
  TAG.teletexString,
])

/** X509_NAME_oneline since OpenSSL 3.0: octets, those outside ASCII as `\xHH`, its own separators escaped. */
function slash({ oid, content }: AttributeValue): string {
  const text = content
    .toString('latin1')
    .replaceAll(/[/+]/gu, String.raw`\$&`)
    .replaceAll(/[^\u0020-\u007e]/gu, (octet) => `\\x${hexOf(octet)}`)
  return `${openSslType(oid)}=${text}`
}

/** OpenSSL's short name of an attribute type, or its number. */
export const openSslType = (oid: string): string => OPENSSL_TYPES.get(oid) ?? oid

const octetsEscaped = (letter: string): string =>
  Buffer.from(letter)
    .toString('hex')
    .toUpperCase()
    .replaceAll(/../gu, String.raw`\$&`)

const hexOf = (octet: string): string =>
  octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')

/** RFC 4514 §3. */
const RFC4514_TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.6', 'C'],
  ['2.5.4.9', 'STREET'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
])

/** OpenSSL's short names of the attributes that subjects have; a type not listed here is printed by number. */
const OPENSSL_TYPES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.13', 'description'],
  ['2.5.4.15', 'businessCategory'],
  ['2.5.4.16', 'postalAddress'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.18', 'postOfficeBox'],
  ['2.5.4.19', 'physicalDeliveryOfficeName'],
  ['2.5.4.20', 'telephoneNumber'],
  ['2.5.4.41', 'name'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.43', 'initials'],
  ['2.5.4.44', 'generationQualifier'],
  ['2.5.4.45', 'x500UniqueIdentifier'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.50', 'uniqueMember'],
  ['2.5.4.51', 'houseIdentifier'],
  ['2.5.4.54', 'dmdName'],
  ['2.5.4.65', 'pseudonym'],
  ['2.5.4.72', 'role'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.3', 'mail'],
  ['0.9.2342.19200300.100.1.9', 'host'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['0.9.2342.19200300.100.1.41', 'mobileTelephoneNumber'],
  ['0.9.2342.19200300.100.1.44', 'uid'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
  ['1.2.840.113549.1.9.2', 'unstructuredName'],
  ['1.2.840.113549.1.9.8', 'unstructuredAddress'],
  ['1.3.6.1.4.1.311.60.2.1.1', 'jurisdictionL'],
  ['1.3.6.1.4.1.311.60.2.1.2', 'jurisdictionST'],
  ['1.3.6.1.4.1.311.60.2.1.3', 'jurisdictionC'],
])
