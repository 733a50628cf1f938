/**
 * The field by which clients are told to call a host over TLS alone (RFC 6797). It counts for the whole host, whatever the
 * port: browsers change http to https for every service of that name.
 */
import type { Millis } from '../kernel/types.ts'

/** What is said; a `maxAge` of 0 takes back what was said before (RFC 6797 §6.1.1). */
export interface HstsPolicy {
  readonly maxAge: Millis
  readonly includeSubDomains: boolean
  /** Asks that the host be built into browsers; no directive of the RFC. */
  readonly preload: boolean
}

/** The name of the field. */
export const HSTS = 'Strict-Transport-Security'

/** Returns the value of `Strict-Transport-Security` (RFC 6797 §6.1), `max-age` in whole seconds. */
export function hstsField({ maxAge, includeSubDomains, preload }: HstsPolicy): string {
  const directives = [`max-age=${Math.floor(maxAge / 1000)}`]
  if (includeSubDomains) directives.push('includeSubDomains')
  if (preload) directives.push('preload')
  return directives.join('; ')
}

/** Returns a response's fields without those by which its sender says it: a response has it once (RFC 6797 §7.1). */
export function withoutHsts(fields: readonly string[]): readonly string[] {
  const isHsts = (_: string, index: number): boolean =>
    fields[index - (index % 2)]?.toLowerCase() === HSTS_LOWER
  return fields.some(isHsts) ? fields.filter((one, index) => !isHsts(one, index)) : fields
}

const HSTS_LOWER = HSTS.toLowerCase()
