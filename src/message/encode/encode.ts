/**
 * The identity fields: what an upstream is told about the device, or that there is none to tell about.
 *
 * Whatever a certificate holds, a value is printable ASCII when it leaves here, or in some formats also UTF-8 without
 * control characters: a subject with a line break in it must not become a second field.
 */
import type { Vouched } from '../../decide/decide.ts'
import { apache } from './apache.ts'
import { awsAlb } from './aws-alb.ts'
import { base64Der } from './base64-der.ts'
import { COMMON, hexOf } from './facts.ts'
import type { Format, Verify } from './format.ts'
import { haproxy } from './haproxy.ts'
import { lighttpd } from './lighttpd.ts'
import { nginx } from './nginx.ts'
import { rfc9440 } from './rfc9440.ts'
import { IDENTITY_FIELDS } from './settings.ts'
import type { IdentityField, IdentityFormat, IdentitySettings } from './settings.ts'
import { tomcat } from './tomcat.ts'
import { traefik } from './traefik.ts'
import { xfcc } from './xfcc.ts'

const FORMATS: Readonly<Record<IdentityFormat, Format>> = {
  rfc9440,
  nginx,
  tomcat,
  apache,
  haproxy,
  lighttpd,
  xfcc,
  traefik,
  'aws-alb': awsAlb,
  'base64-der': base64Der,
}

/** Identity fields, and what had to be kept back from the upstream. */
export interface EncodedIdentity {
  /** Name, value, name, value …, each character an octet; the verify field is always among them. */
  readonly fields: readonly string[]
  readonly verify: Verify
  readonly withheld: Withheld
}

/** `grace`: the device is in grace and the format's readers would not notice; `identity`: the leaf alone is too large. */
export type Withheld = 'nothing' | 'chain' | 'grace' | 'identity'

/** Builds the identity fields of a connection; name, value, name, value … */
export const identityFields = (
  vouched: Vouched | undefined,
  settings: IdentitySettings,
): readonly string[] => encodeIdentity(vouched, settings).fields

/** Builds the identity fields, and says what was kept back. */
export function encodeIdentity(
  vouched: Vouched | undefined,
  settings: IdentitySettings,
): EncodedIdentity {
  if (vouched === undefined) return anonymous('NONE', settings, 'nothing')
  const verify = vouched.timeliness === 'in-grace' ? 'FAILED:expired-grace' : 'SUCCESS'
  if (verify !== 'SUCCESS' && !FORMATS[settings.format].readsVerify && !settings.grace) {
    return anonymous(verify, settings, 'grace')
  }
  const whole = fieldsOf(vouched, verify, settings)
  if (fits(whole, settings)) return { fields: whole, verify, withheld: 'nothing' }
  const bare = fieldsOf(vouched, verify, { ...settings, chain: false })
  if (fits(bare, settings)) return { fields: bare, verify, withheld: 'chain' }
  return anonymous('FAILED:identity-too-large', settings, 'identity')
}

/** A value as people read it; on the wire each of its characters is an octet. */
export const fieldText = (value: string): string => Buffer.from(value, 'latin1').toString('utf8')

/** The names that these settings give to identity fields, for `fieldFilter`; numbered fields as a family. */
export function identityNames({ format, fields }: IdentitySettings): readonly string[] {
  const names = Object.values({ ...FORMATS[format].names, ...fields })
  return names.flatMap((name) => [name, `${name}_*`])
}

const anonymous = (
  verify: Verify,
  settings: IdentitySettings,
  withheld: Withheld,
): EncodedIdentity => ({ fields: fieldsOf(undefined, verify, settings), verify, withheld })

function fieldsOf(
  vouched: Vouched | undefined,
  verify: Verify,
  settings: IdentitySettings,
): readonly string[] {
  const telling: Telling = { vouched, verify, settings }
  const safe = FORMATS[settings.format].charset === 'utf8' ? visibleUtf8 : printable
  const fields: string[] = []
  for (const { name, valueOf } of sentUnder(settings)) {
    const value = valueOf(telling)
    if (typeof value === 'object') {
      value.forEach((one, index) => fields.push(`${name}_${index}`, safe(one)))
    } else if (value !== undefined && value !== '') fields.push(name, safe(value))
  }
  return fields
}

interface Telling {
  readonly vouched: Vouched | undefined
  readonly verify: Verify
  readonly settings: IdentitySettings
}

/** One of the fields that an upstream is sent. */
interface Sent {
  readonly name: string
  readonly valueOf: (telling: Telling) => string | readonly string[] | undefined
}

/** What an upstream is sent does not depend on the device: worked out once for its settings. */
function sentUnder(settings: IdentitySettings): readonly Sent[] {
  const known = worked.get(settings)
  if (known !== undefined) return known
  const format = FORMATS[settings.format]
  const names = { ...format.names, ...settings.fields }
  const sent = IDENTITY_FIELDS.flatMap((field) => {
    const name = names[field]
    return name === undefined ? [] : [{ name, valueOf: valueIn(format, field) }]
  })
  worked.set(settings, sent)
  return sent
}

const worked = new WeakMap<IdentitySettings, readonly Sent[]>()

function valueIn(format: Format, field: IdentityField): Sent['valueOf'] {
  if (field === 'verify') return ({ verify }) => format.verify(verify)
  if (field === 'used') return ({ vouched }) => (vouched === undefined ? '0' : '1')
  const render = format.values[field] ?? COMMON[field]
  return ({ vouched, settings }) => {
    if (vouched === undefined || (field === 'chain' && !settings.chain)) return undefined
    return render(vouched, settings)
  }
}

/** A colon, a space and a line end come with each field. */
const fits = (fields: readonly string[], { maxBytes }: IdentitySettings): boolean =>
  fields.reduce((octets, text) => octets + text.length + 2, 0) <= maxBytes

/** RFC 4514 §2.4 lets any octet be written as `\HH`; so does nginx. Applied to every value: the one place to get this right. */
function printable(value: string): string {
  // Nearly every value is; looking makes nothing, replacing nothing still copies.
  if (PRINTABLE.test(value)) return value
  return value.replaceAll(/[^ -~]/gu, escaped)
}

/**
 * UTF-8, each octet a character, as HTTP is written (RFC 9110 §5.5: obs-text). What is not seen, breaks a line or turns
 * its direction is escaped.
 */
function visibleUtf8(value: string): string {
  if (PRINTABLE.test(value)) return value
  const visible = value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
  return Buffer.from(visible, 'utf8').toString('latin1')
}

const escaped = (one: string): string =>
  Array.from(Buffer.from(one, 'utf8'), (octet) => `\\${hexOf(octet)}`).join('')

const PRINTABLE = /^[ -~]*$/
