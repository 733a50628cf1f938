/**
 * Fields that are meant for one connection and end with it (RFC 9110 §7.6.1).
 *
 * Two departures from §7.6.1. `Connection` may not nominate a field without which the message would mean something
 * else: such a nomination is never honest, and obeying it lets a device remove what others put there. And `Expect`
 * counts as hop-by-hop on requests, because we answer 100 (Continue) ourselves.
 */

/** Whether a field of this name, in lower case, ends with its connection whatever `Connection` says. */
export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name)

/** Adds to `nominated` the names, in lower case, that a `Connection` value declares hop-by-hop. */
export function nominate(
  value: string,
  nominated: ReadonlySet<string> = NO_NAMES,
): ReadonlySet<string> {
  // Nearly every one; saves taking the list apart.
  if (value === 'keep-alive' || value === 'close') return nominated
  const names = value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !HOP_BY_HOP.has(name) && !END_TO_END.has(name) && name !== '')
  return names.length === 0 ? nominated : new Set([...nominated, ...names])
}

/** Drops from name, value, name, value … what was nominated. */
export function withoutNominated(fields: string[], nominated: ReadonlySet<string>): string[] {
  if (nominated.size === 0) return fields
  return fields.filter((_, index) => {
    const name = fields[index - (index % 2)]
    return name === undefined || !nominated.has(name.toLowerCase())
  })
}

/** Whether a field of this name, in any case, is ours to keep as it is: no setting may give it another meaning. */
export function isReserved(name: string): boolean {
  const lower = name.toLowerCase()
  return HOP_BY_HOP.has(lower) || END_TO_END.has(lower) || lower === 'expect'
}

/** Returns the fields that HTTP itself uses and whose names begin so. */
export const reservedBeginning = (beginning: string): readonly string[] =>
  [...HOP_BY_HOP, ...END_TO_END, 'expect'].filter((name) =>
    name.startsWith(beginning.toLowerCase()),
  )

const NO_NAMES: ReadonlySet<string> = new Set()

/** RFC 9110 §7.6.1 and the older ones that still turn up. `Proxy-Status` (RFC 9209) is end-to-end and not here. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Framing, routing, and who and what is meant: RFC 9110 §7.6.1 forbids nominating such fields at all. */
const END_TO_END: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'host',
  'location',
  'mdm-signature',
  'range',
  'set-cookie',
  'vary',
])
