/** How an upstream is told who the device is. */
import type {
  IdentityField,
  IdentityFormat,
  IdentitySettings,
} from '../../message/encode/settings.ts'
import { isReserved } from '../../message/hop-by-hop.ts'
import {
  allOrMissing,
  type DeepPartial,
  type Maybe,
  missing,
  type Place,
} from '../reading/place.ts'
import type { ConfigDocument } from '../schema.ts'

type IdentityPlace = Place<
  DeepPartial<NonNullable<ConfigDocument['upstreams'][string]['identity']>>
>

/** Reads the identity settings of one upstream. */
export function readIdentitySettings(place: IdentityPlace): Maybe<IdentitySettings> {
  warnOfNoEffect(place)
  const fingerprint = place.at('fingerprint')
  return allOrMissing<IdentitySettings>({
    format: place.required('format'),
    fields: readFields(place),
    serial: place.required('serial'),
    name: place.required('name'),
    fingerprint: allOrMissing<IdentitySettings['fingerprint']>({
      digest: fingerprint.required('digest'),
      form: fingerprint.required('form'),
    }),
    chain: place.required('chain'),
    grace: place.required('grace'),
    maxBytes: place.octets('maxBytes'),
  })
}

function warnOfNoEffect(place: IdentityPlace): void {
  const { format, chain, grace, fields } = place.written ?? {}
  if (format === undefined) return
  if (chain === true && WITHOUT_CHAIN.has(format)) {
    const message = `found chain: true, which has no effect: the format ${format} has no place for intermediates`
    place.at('chain').warn(message)
  }
  if (grace === true && !WITHOUT_VERIFY.has(format)) {
    const message = `found grace: true, which has no effect: the format ${format} says FAILED:expired-grace in its verify field anyway`
    place.at('grace').warn(message)
  }
  const { digest } = place.written?.fingerprint ?? {}
  if (digest === 'sha256' && format === 'haproxy' && fields?.fingerprint === undefined) {
    const message =
      'found digest: sha256, which has no effect: X-SSL-Client-SHA1 carries a SHA-1; name fields.fingerprint, for example X-SSL-Client-SHA256'
    place.at('fingerprint').at('digest').warn(message)
  }
}

/** Producers of these formats expose the leaf only. */
const WITHOUT_CHAIN: ReadonlySet<IdentityFormat> = new Set([
  'lighttpd',
  'nginx',
  'tomcat',
  'aws-alb',
  'base64-der',
])

/** These cannot say that a certificate is expired, unless a verify field is named. */
const WITHOUT_VERIFY: ReadonlySet<IdentityFormat> = new Set([
  'rfc9440',
  'tomcat',
  'xfcc',
  'traefik',
  'aws-alb',
  'base64-der',
])

function readFields(identity: IdentityPlace): Maybe<IdentitySettings['fields']> {
  const fields: Partial<Record<IdentityField, string>> = {}
  const seen = new Map<string, string>()
  let whole = true
  for (const [fact, place] of identity.at('fields').entries()) {
    const name = place.written
    if (name === undefined) continue
    // Consumers that speak CGI take - and _ for the same; two such names would be one.
    const key = name.toLowerCase().replaceAll('_', '-')
    const twin = seen.get(key)
    const message = isReserved(name)
      ? `found ${name}, wanted a name that HTTP itself does not use: choose another`
      : twin === undefined
        ? undefined
        : `found ${name} for ${fact} and for ${twin}, wanted different names (- and _ count as the same): rename one`
    if (message !== undefined) whole = place.fault(message) !== missing
    seen.set(key, fact)
    fields[fact as IdentityField] = name
  }
  return whole ? fields : missing
}
