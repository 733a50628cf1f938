/**
 * The authority a request is for (RFC 9110 §7.2): exactly one `Host`, well formed (RFC 3986 §3.2.2), one that this
 * listener serves, and one that the server certificate of this very connection stands for.
 */
import { fail, ok, type Result } from '../kernel/types.ts'

/** The hosts that a listener serves, each with the server certificates that stand for it. */
export interface HostTable {
  /** Name or address → the numbers of its certificates. */
  readonly exact: ReadonlyMap<string, readonly number[]>
  /** `.example.com` for `*.example.com`; apart, because a `Host` may begin with a dot or hold an asterisk. */
  readonly wildcards: ReadonlyMap<string, readonly number[]>
  /** The ports that devices call it by. */
  readonly ports: ReadonlySet<number>
}

/** A host that we serve. */
export interface Authority {
  /** Lower case, without port and final dot; an IPv6 address keeps its brackets. */
  readonly host: string
  readonly port: number | undefined
  /** As an upstream may read it: the host, with the port where that is one of ours. */
  readonly text: string
}

/** Why a request has no authority here. */
export type AuthorityFault =
  | { readonly kind: 'host-missing' }
  | { readonly kind: 'host-repeated'; readonly count: number }
  | { readonly kind: 'host-malformed'; readonly length: number }
  | { readonly kind: 'host-unknown'; readonly host: string }
  /** The TLS session was made for another server certificate than the one that stands for this host. */
  | { readonly kind: 'host-not-sni'; readonly host: string; readonly sni: string }

/**
 * Makes the table from the hosts of each server certificate, the default certificate first. `*.example.com` stands
 * for one label, as in certificates.
 */
export function hostTable(
  certificates: readonly (readonly string[])[],
  ports: readonly number[] = [],
): HostTable {
  const exact = new Map<string, readonly number[]>()
  const wildcards = new Map<string, readonly number[]>()
  for (const [certificate, hosts] of certificates.entries()) {
    for (const host of hosts) {
      const map = host.startsWith('*.') ? wildcards : exact
      const key = keyOf(host)
      map.set(key, [...(map.get(key) ?? []), certificate])
    }
  }
  return { exact, wildcards, ports: new Set(ports) }
}

/** The values of every `Host` among name, value, name, value … */
export function hostValues(raw: readonly string[]): readonly string[] {
  const values: string[] = []
  for (let index = 1; index < raw.length; index += 2) {
    const name = raw[index - 1]
    const value = raw[index]
    // The length first: it spares nearly every field the rest.
    if (name?.length === 4 && name.toLowerCase() === 'host') values.push(value ?? '')
  }
  return values
}

/** Settles for whom a request is; `sni` is undefined when the device sent none or the session was resumed. */
export function checkAuthority(
  hostValues: readonly string[],
  sni: string | undefined,
  table: HostTable,
): Result<Authority, AuthorityFault> {
  const [value, ...others] = hostValues
  if (value === undefined) return fail({ kind: 'host-missing' })
  if (others.length > 0) return fail({ kind: 'host-repeated', count: hostValues.length })
  const authority = parseAuthority(value, table.ports)
  if (authority === undefined) return fail({ kind: 'host-malformed', length: value.length })
  const { host } = authority
  const contexts = contextsOf(host, table)
  if (contexts === undefined) return fail({ kind: 'host-unknown', host })
  if (sni === undefined || sni === host) return ok(authority)
  // A client that asks for a name that we do not serve is shown the default certificate.
  const shown = contextsOf(sni.toLowerCase(), table) ?? DEFAULT
  if (shown.some((context) => contexts.includes(context))) return ok(authority)
  return fail({ kind: 'host-not-sni', host, sni })
}

/** 421 invites the device to try again over another connection (RFC 9110 §15.5.20); 400 tells it not to. */
export const authorityStatus = ({ kind }: AuthorityFault): 400 | 421 =>
  kind === 'host-unknown' || kind === 'host-not-sni' ? 421 : 400

const DEFAULT: readonly number[] = [0]

function contextsOf(host: string, table: HostTable): readonly number[] | undefined {
  const exact = table.exact.get(host)
  if (exact !== undefined) return exact
  const dot = host.indexOf('.')
  return LABEL.test(host.slice(0, dot)) ? table.wildcards.get(host.slice(dot)) : undefined
}

/** What a wildcard stands for; a `Host` may hold odder things. */
const LABEL = /^[\w-]+$/

/** The configuration may write an IPv6 address without brackets, a name in any case. */
function keyOf(host: string): string {
  const lower = host.toLowerCase()
  if (lower.startsWith('*.')) return lower.slice(1)
  return lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower
}

function parseAuthority(value: string, ports: HostTable['ports']): Authority | undefined {
  if (value.length > MAX_HOST) return undefined
  const { host: sent, port } = HOST_AND_PORT.exec(value)?.groups ?? {}
  if (sent === undefined) return undefined
  const number = port === undefined || port === '' ? undefined : Number(port)
  if (number !== undefined && number > 65_535) return undefined
  // A name may be written with the dot of the root at its end (RFC 1034 §3.1); it is the same name.
  const host = sent.toLowerCase().replace(FINAL_DOT, '')
  // A server makes links of what it reads: another port would lead devices to where we are not.
  const text = number !== undefined && ports.has(number) ? `${host}:${number}` : host
  return { host, port: number, text }
}

const FINAL_DOT = /(?<=[^.])\.$/

/** RFC 3986 §3.2.2 and §3.2.3; no user information, no zone, no future address format. */
const HOST_AND_PORT =
  /^(?<host>\[[0-9A-Fa-f:.]{2,45}\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::(?<port>[0-9]{0,5}))?$/

/** A DNS name of 253 octets, its final dot, a colon, five digits. */
const MAX_HOST = 260
