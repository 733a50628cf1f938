/**
 * What may be said of a row when it is over: whether anything unsafe was forwarded, whether what had to pass did,
 * whether what had to be refused was.
 */
import type { Played } from './http1-targets.ts'
import type { Play } from './http1-rows.ts'
import { readRequests, type Field, type StrictRequest, type Unsafe } from './http1-strict.ts'

/** Everything unsafe about what an upstream was sent; empty is safe. */
export type Danger = Unsafe | 'a request that was not sent' | 'a harmless request was harmed'

/** Judges the octets alone, not what the front end says about them. */
export function dangersIn(play: Play, { upstream, unharmed }: Played): readonly Danger[] {
  const dangers: Danger[] = unharmed ? [] : ['a harmless request was harmed']
  for (const octets of upstream) {
    const { requests, rest } = readRequests(octets)
    if (rest.kind === 'malformed') dangers.push(rest.why)
    // A proxy speaks its own version (RFC 9110 §6.2).
    if (requests.some(({ version }) => version !== 'HTTP/1.1')) dangers.push('bad request line')
  }
  const sent = readRequests(play.octets).requests
  const { arrived } = arrivals(upstream)
  const strange = arrived.find(
    (request, index) => !isSameRequest(sent[index], request) || index >= sent.length,
  )
  if (strange !== undefined) dangers.push('a request that was not sent')
  return dangers
}

/** Whether every whole request of the row reached the upstream unchanged, and in order. */
export function isDelivered(play: Play, { upstream, answers }: Played): boolean {
  const { requests } = readRequests(play.octets)
  const { arrived, ours } = arrivals(upstream)
  return (
    requests.length > 0 &&
    arrived.length === requests.length &&
    answers.length >= requests.length &&
    answers.slice(0, requests.length).every((status) => status === 200) &&
    requests.every((request, index) => isUnchanged(request, arrived[index], ours))
  )
}

/** Whether every answer was 4xx, 501 or 505, or there was none and the connection closed; and no upstream was asked. */
export function isRefused({ upstream, answers }: Played): boolean {
  return (
    arrivals(upstream).arrived.length === 0 &&
    answers.every((status) => (status >= 400 && status < 500) || REFUSALS.has(status))
  )
}

const REFUSALS: ReadonlySet<number> = new Set([501, 505])

/** The row's requests as the upstream read them, and what a front end adds, told by the harmless request. */
function arrivals(upstream: readonly string[]): {
  readonly arrived: readonly StrictRequest[]
  readonly ours: readonly Field[]
} {
  const all = upstream.flatMap((octets) => readRequests(octets).requests)
  const harmless = all.at(-1)
  // Octets left over before it would change its method.
  if (harmless?.method !== 'GET' || harmless.target !== '/victim') return { arrived: all, ours: [] }
  const ours = harmless.fields.filter(([name]) => !APART.has(name.toLowerCase()))
  return { arrived: all.slice(0, -1), ours }
}

function isSameRequest(sent: StrictRequest | undefined, arrived: StrictRequest): boolean {
  return (
    sent?.method === arrived.method && sent.target === arrived.target && sent.body === arrived.body
  )
}

/** Method, target, body, host, and every end-to-end field, spelling and order included; beside them, only ours. */
function isUnchanged(
  sent: StrictRequest,
  arrived: StrictRequest | undefined,
  ours: readonly Field[],
): boolean {
  if (arrived === undefined || !isSameRequest(sent, arrived)) return false
  const isOurs = ([name, value]: Field): boolean =>
    ours.some(([known, said]) => known === name && said === value)
  const kept = endToEnd(arrived).filter((field) => !isOurs(field))
  return (
    JSON.stringify(kept) === JSON.stringify(endToEnd(sent)) &&
    JSON.stringify(hosts(arrived)) === JSON.stringify(hosts(sent)) &&
    arrived.trailers.length === 0
  )
}

const hosts = ({ fields }: StrictRequest): readonly string[] =>
  fields.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value)

function endToEnd({ fields }: StrictRequest): readonly Field[] {
  const nominated = fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/))
  return fields.filter(([name]) => {
    const lower = name.toLowerCase()
    return !HOP_BY_HOP.has(lower) && !APART.has(lower) && !nominated.includes(lower)
  })
}

/** Compared on their own: the host by its value, the length by the body it announced. */
const APART: ReadonlySet<string> = new Set(['content-length', 'host'])

/** RFC 9110 §7.6.1, and Expect, which a server that answers 100 itself does not pass on (§10.1.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
