/**
 * What can be wrong with the PROXY header ahead of a connection, and what the operator should do about it.
 */
import type { Explanation } from '../../kernel/explanation.ts'
import { unreachable } from '../../kernel/types.ts'

/** Every way in which a connection fails for its PROXY header; each kind is a code of the log and of the metrics. */
export type ProxyFault =
  /** A checksum is there, and is that of other octets. */
  | { readonly kind: 'proxy-checksum' }
  | { readonly kind: 'proxy-malformed'; readonly part: MalformedPart }
  /** The first octets are those of no header, from an address that must send one. */
  | { readonly kind: 'proxy-missing' }
  /** The header claims more octets than are read. */
  | { readonly kind: 'proxy-too-long'; readonly limit: number }
  /** The connection ended before the header did. */
  | { readonly kind: 'proxy-unfinished' }
  /** A header, from an address that may not send one. */
  | { readonly kind: 'proxy-untrusted' }

/** The first part of a header that is not as the protocol has it. */
export type MalformedPart =
  'addresses' | 'command' | 'family' | 'line' | 'ports' | 'protocol' | 'record' | 'version'

/** All kinds, for metrics that want to show zeros. */
export const PROXY_FAULTS: readonly ProxyFault['kind'][] = [
  'proxy-checksum',
  'proxy-malformed',
  'proxy-missing',
  'proxy-too-long',
  'proxy-unfinished',
  'proxy-untrusted',
]

/** What the fault means, and what to do. */
export function explainProxyFault(fault: ProxyFault): Explanation {
  switch (fault.kind) {
    case 'proxy-checksum':
      return {
        sentence: 'the checksum in the PROXY header is not that of its octets',
        nextStep: 'look at the balancer, and at what is between it and us: octets were changed',
      }
    case 'proxy-malformed':
      return {
        sentence: `the PROXY header is not as the protocol has it: ${PARTS[fault.part]}`,
        nextStep: 'look at the balancer that sends it, and at its version',
      }
    case 'proxy-missing':
      return {
        sentence:
          "the connection came from an address in the listener's `proxyProtocol.from`, and did not begin with a PROXY header",
        nextStep:
          'switch the header on at the balancer (`send-proxy-v2`, `proxy_protocol on`), or take the address out of the list; health checks must send one, too',
      }
    case 'proxy-too-long':
      return {
        sentence: `the PROXY header is longer than ${fault.limit} octets, which is all that is read`,
        nextStep: 'have the balancer send fewer fields in it: none of them is used here',
      }
    case 'proxy-unfinished':
      return {
        sentence: 'the connection ended before its PROXY header did',
        nextStep: 'none, unless there are many: then look at the balancer',
      }
    case 'proxy-untrusted':
      return {
        sentence:
          "a PROXY header came from an address that is not in the listener's `proxyProtocol.from`; it was not believed",
        nextStep:
          'if the address is that of a balancer of yours, add it to the list; otherwise a client tries to pass for another address',
      }
    default:
      return unreachable(fault)
  }
}

const PARTS: Readonly<Record<MalformedPart, string>> = {
  addresses: 'its addresses are none of the family that it names',
  command: 'its command is neither LOCAL nor PROXY',
  family: 'it names an address family or a transport that there is not',
  line: 'its line does not have its parts with one space between them and CR LF behind',
  ports: 'its ports are no numbers up to 65535',
  protocol: 'it names another protocol than TCP4, TCP6 and UNKNOWN',
  record: 'a record (TLV) in it does not fit',
  version: 'its version is not 2',
}
