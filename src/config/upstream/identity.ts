/** How an upstream is told who the device is. */
import type {
  IdentityField,
  IdentityFormat,
  IdentitySettings,
} from '../../message/encode/settings.ts'
import { isReserved } from '../../message/hop-by-hop.ts'
import { octets } from '../reading/tls.ts'
import {
  type ReadContext,
  fault,
  type Maybe,
  missing,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { DeepPartial } from '../reading/deep-partial.ts'

type Written = DeepPartial<NonNullable<ConfigDocument['upstreams'][string]['identity']>>

/** Reads the identity settings of one upstream. */
export function readIdentitySettings(
  context: ReadContext,
  path: Path,
  written: Written,
): Maybe<IdentitySettings> {
  warnOfNoEffect(context, path, written)
  return allOrMissing<IdentitySettings>({
    format: orMissing(written.format),
    fields: readFields(context, [...path, 'fields'], written.fields ?? {}),
    serial: orMissing(written.serial),
    name: orMissing(written.name),
    fingerprint: allOrMissing<IdentitySettings['fingerprint']>({
      digest: orMissing(written.fingerprint?.digest),
      form: orMissing(written.fingerprint?.form),
    }),
    chain: orMissing(written.chain),
    grace: orMissing(written.grace),
    maxBytes: octets(written.maxBytes),
  })
}

function warnOfNoEffect(context: ReadContext, path: Path, { format, chain, grace }: Written): void {
  if (format === undefined) return
  if (chain === true && WITHOUT_CHAIN.has(format)) {
    const message = `found chain: true, which has no effect: the format ${format} has no place for intermediates`
    warn(context, [...path, 'chain'], message)
  }
  if (grace === true && !WITHOUT_VERIFY.has(format)) {
    const message = `found grace: true, which has no effect: the format ${format} says FAILED:expired-grace in its verify field anyway`
    warn(context, [...path, 'grace'], message)
  }
}

/** Producers of these formats expose the leaf only. */
const WITHOUT_CHAIN: ReadonlySet<IdentityFormat> = new Set([
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

function readFields(
  context: ReadContext,
  path: Path,
  written: NonNullable<Written['fields']>,
): Maybe<IdentitySettings['fields']> {
  const fields: Partial<Record<IdentityField, string>> = {}
  const seen = new Map<string, string>()
  let whole = true
  for (const [fact, name] of Object.entries(written)) {
    if (name === undefined) continue
    // Consumers that speak CGI take - and _ for the same; two such names would be one.
    const key = name.toLowerCase().replaceAll('_', '-')
    const twin = seen.get(key)
    const message = isReserved(name)
      ? `found ${name}, wanted a name that HTTP itself does not use: choose another`
      : twin === undefined
        ? undefined
        : `found ${name} for ${fact} and for ${twin}, wanted different names (- and _ count as the same): rename one`
    if (message !== undefined) whole = fault(context, [...path, fact], message) !== missing
    seen.set(key, fact)
    fields[fact as IdentityField] = name
  }
  return whole ? fields : missing
}
