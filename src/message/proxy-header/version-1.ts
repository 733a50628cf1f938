/**
 * PROXY protocol, version 1: one line of text (HAProxy's proxy-protocol.txt, §2.1). Strict: what is not exactly as the
 * protocol has it is refused, because two readers that differ about a line differ about an address.
 */
import { addressOctets } from '../../kernel/network.ts'
import { ok } from '../../kernel/types.ts'
import { endpointOf, malformed, UNKNOWN, type HeaderResult } from './header.ts'

/** Reads a whole line, without its CR LF. */
export function readVersion1(line: string): HeaderResult {
  const [, protocol = '', ...rest] = line.split(' ')
  // Whatever follows is ignored (§2.1).
  if (protocol === 'UNKNOWN') return UNKNOWN
  const octetCount = OCTETS.get(protocol)
  if (octetCount === undefined) return malformed('protocol')
  const [source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = rest
  if (rest.length < PARTS || more.length > 0) return malformed('line')
  const [from, to] = [octetsOf(source), octetsOf(destination)]
  if (from?.length !== octetCount || to?.length !== octetCount) return malformed('addresses')
  const [fromPort, toPort] = [portOf(sourcePort), portOf(destinationPort)]
  if (fromPort === undefined || toPort === undefined) return malformed('ports')
  return ok({
    kind: 'stated',
    source: endpointOf(Uint8Array.from(from), fromPort),
    destination: endpointOf(Uint8Array.from(to), toPort),
  })
}

/**
 * The octets of an address. A mapped one is written with its end as IPv4 (RFC 4291 §2.2) by senders that listen on both
 * families: HAProxy 2.6 with `bind :::443 v4v6`, nginx 1.22 with `ipv6only=off`.
 */
function octetsOf(text: string): readonly number[] | undefined {
  const [, head, tail] = /^(.*:)(\d+\.[\d.]+)$/u.exec(text) ?? []
  if (head === undefined || tail === undefined) return addressOctets(text)
  const four = addressOctets(tail)
  if (four === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = four
  return addressOctets(`${head}${hex(a, b)}:${hex(c, d)}`)
}

const hex = (high: number, low: number): string => ((high << 8) | low).toString(16)

function portOf(text: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/u.test(text)) return undefined
  const port = Number(text)
  return port > MAX_PORT ? undefined : port
}

const OCTETS: ReadonlyMap<string, number> = new Map([
  ['TCP4', 4],
  ['TCP6', 16],
])
/** Two addresses and two ports. */
const PARTS = 4
const MAX_PORT = 65_535
