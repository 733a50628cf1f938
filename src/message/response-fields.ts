/**
 * The fields of a response as the device may see them.
 */
import { isHopByHop, nominate, withoutNominated } from './hop-by-hop.ts'
import { memoized } from './memo.ts'
import { isIdentityField } from './spoof.ts'

/** Builds name, value, name, value … from an upstream's fields; order and spelling as they came. */
export function responseFields(raw: readonly string[]): string[] {
  const fields: string[] = []
  let nominated: ReadonlySet<string> = new Set<string>()
  for (let index = 1; index < raw.length; index += 2) {
    const name = raw[index - 1]
    const value = raw[index]
    if (name === undefined || value === undefined) continue
    const fate = fateOf(name)
    if (fate === 'keep') fields.push(name, value)
    else if (fate === 'vary') fields.push(name, varies(value))
    else if (fate === 'connection') nominated = nominate(value, nominated)
  }
  return withoutNominated(fields, nominated)
}

/** Trailer fields that may follow a response; what frames, routes or describes a message comes too late there (RFC 9110 §6.5.1). */
export function trailerFields(raw: readonly string[]): string[] {
  return responseFields(raw).filter((_, index, fields) => {
    const name = fields[index - (index % 2)]
    return name !== undefined && !NEVER_IN_TRAILERS.has(name.toLowerCase())
  })
}

const fateOf = memoized((name): 'keep' | 'drop' | 'connection' | 'vary' => {
  const lower = name.toLowerCase()
  if (lower === 'connection') return 'connection'
  if (lower === 'vary') return 'vary'
  // Client-Cert and Client-Cert-Chain never appear in responses (RFC 9440 §2.2, §2.3).
  return isHopByHop(lower) || CLIENT_CERT.test(name) ? 'drop' : 'keep'
})

const CLIENT_CERT = /^client[^a-z0-9]cert(?:[^a-z0-9]chain)?$/i

/** The device's side knows no such request field, so no cache there could tell two devices apart (RFC 9440 §2.4). */
const varies = (value: string): string =>
  value.split(',').some((name) => isIdentityField(name.trim())) ? '*' : value

const NEVER_IN_TRAILERS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'expires',
  'location',
  'retry-after',
  'set-cookie',
  'vary',
  'warning',
  'www-authenticate',
])
