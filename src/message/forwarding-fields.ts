/**
 * Where a request came from, as the upstream may read it. What the device said under these names has been removed, because
 * the honest part of such a list cannot be told from the rest. From clients that the operator names (`forwardedFrom`) the
 * list is kept as what others said, and ours is appended; the host and the protocol we say alone.
 *
 * A departure from RFC 9110 §7.6.3: no `Via` is added. Upstreams take it for a sign of an old cache in between and
 * stop compressing; there is no loop it could break, because the upstream's address is configured.
 */
import { unreachable } from '../kernel/types.ts'
import { inboundElements, type ForwardingList, type InboundList } from './inbound-forwarding.ts'

/** `forwarded` is RFC 7239. */
export type ForwardingStyle = 'x-forwarded' | 'forwarded' | 'none'

export const FORWARDING_STYLES: readonly ForwardingStyle[] = ['x-forwarded', 'forwarded', 'none']

export interface Origin {
  /** The device's address as the socket gives it. */
  readonly address: string
  /** The authority the device asked for, checked (`checkAuthority`), as it was sent. */
  readonly host: string
}

/** Builds name, value, name, value …; the protocol is always https, because nothing else reaches us. */
export function forwardingFields(
  { address, host }: Origin,
  style: ForwardingStyle,
): readonly string[] {
  const from = plainAddress(address)
  switch (style) {
    case 'x-forwarded':
      return ['X-Forwarded-For', from, 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', host]
    case 'forwarded': {
      // RFC 7239 §6: what holds a colon is quoted, and an IPv6 address stands in brackets.
      const node = from.includes(':') ? `"[${from}]"` : from
      return ['Forwarded', `for=${node};host="${host}";proto=https`]
    }
    case 'none':
      return []
    default:
      return unreachable(style)
  }
}

/** Returns the field that holds the list of addresses in this style; undefined where there is none. */
export function listOfStyle(style: ForwardingStyle): ForwardingList | undefined {
  switch (style) {
    case 'x-forwarded':
      return 'x-forwarded-for'
    case 'forwarded':
      return 'forwarded'
    case 'none':
      return undefined
    default:
      return unreachable(style)
  }
}

/** Puts what may be passed on of an inbound list (`inboundElements`) before ours, which are `forwardingFields`. */
export function appendedForwarding(
  forwarding: readonly string[],
  inbound: InboundList,
): readonly string[] {
  return forwarding.with(1, [...inboundElements(inbound), forwarding[1]].join(', '))
}

/** An IPv4 peer of a dual-stack socket shows as `::ffff:192.0.2.1`; a zone (`%eth0`) means nothing to others. */
function plainAddress(address: string): string {
  const [plain = ''] = address.split('%')
  return plain.replace(/^::ffff:(?=\d+\.)/i, '')
}
