/** What a configuration says about the ports that devices call. */
import type { ListenerLimits as ConnectionLimits } from '../../accept/acceptor.ts'
import type { IdentitySource } from '../../handshake/server-identity.ts'
import type { Network } from '../../kernel/network.ts'
import type { HstsPolicy } from '../../message/hsts.ts'
import type { Millis } from '../../kernel/types.ts'
import type { ListenerTlsVersion } from '../reading/tls-schema.ts'
import type { RouteTable } from '../routes/types.ts'

export const LISTENER_PURPOSES = ['devices', 'web-clip', 'sync'] as const
export const RESUMPTION_MODES = ['auto', 'on', 'off'] as const
export const CERTIFICATE_DEMANDS = ['if-shown', 'device', 'always'] as const
export const EXPOSURES = ['internal', 'external'] as const
export const PROXY_POSITIONS = ['off', 'before-tls', 'inside-tls'] as const

/** A `Listener` is one port that devices call. */
export interface Listener {
  readonly at: string
  readonly name: string
  /** A web clip listener serves Apps@Work and may use neither 443 nor the admin port (S0-39, S1-13). */
  readonly purpose: ListenerPurpose
  readonly address: string
  /** Whether devices that call it are inside or outside; undefined leaves that to their addresses. */
  readonly exposure: (typeof EXPOSURES)[number] | undefined
  /** 0 lets the system choose. */
  readonly port: number
  /** Ports by which devices reach it besides `port`. */
  readonly publishedPorts: readonly number[]
  /** The authorities served, lower case, without port; any other is answered 421. */
  readonly hosts: readonly [string, ...string[]]
  /** Chosen by SNI; the first serves devices that send no name. */
  readonly certificates: readonly [IdentitySource, ...IdentitySource[]]
  readonly tls: ListenerTls
  readonly limits: ListenerLimits
  /** Who must begin each connection with a PROXY header; undefined where no connection has one. */
  readonly proxyProtocol: InboundProxy | undefined
  /** Clients whose `Forwarded` or `X-Forwarded-For` is passed on, and ours appended; from all others it is dropped. */
  readonly forwardedFrom: readonly Network[]
  /** Said in every answer; undefined where nothing is said (RFC 6797). */
  readonly hsts: HstsPolicy | undefined
  /** Without rows on a sync port, where nothing is asked by path. */
  readonly routes: RouteTable
  /** Undefined everywhere but on a sync port. */
  readonly relay: Relay | undefined
}

/** What is known of balancers in front of a listener. */
export interface InboundProxy {
  readonly from: readonly [Network, ...Network[]]
}

/** `sync`: the legacy sync port, which does not speak HTTP (decision 11, S0-09). */
export type ListenerPurpose = (typeof LISTENER_PURPOSES)[number]

/** What becomes of connections that are relayed octet by octet. */
export interface Relay {
  readonly at: string
  readonly upstream: string
  /** What is asked of the device; `if-shown`: nothing, unless it shows a certificate. */
  readonly certificate: (typeof CERTIFICATE_DEMANDS)[number]
  readonly sensitive: boolean
  /** From where it may be reached; `undefined` is from everywhere. */
  readonly networks: readonly Network[] | undefined
  readonly proxyProtocol: ProxyProtocol
}

/** Whether, where and how fully the upstream is told of the device by PROXY protocol v2. */
export interface ProxyProtocol {
  readonly place: (typeof PROXY_POSITIONS)[number]
  /** Whether the certificate goes with it. */
  readonly certificate: boolean
}

/** How a listener speaks TLS with devices. */
export interface ListenerTls {
  readonly minVersion: ListenerTlsVersion
  readonly maxVersion: ListenerTlsVersion
  /** OpenSSL's names, strongest first; `undefined` is the list of `handshake`. */
  readonly ciphers: readonly string[] | undefined
  /** Key exchange groups, preferred first; `undefined` is the list of `handshake`. */
  readonly groups: readonly string[] | undefined
  readonly resumption: (typeof RESUMPTION_MODES)[number]
  /** Whether the certificate request names the CAs that may be used (RFC 8446 §4.2.4). */
  readonly advertiseCas: boolean
}

/** What one device, or all of them together, may take from us. */
export interface ListenerLimits extends ConnectionLimits {
  /** Whether the file says how many connections there may be: one that is left out may be lowered to what fits. */
  readonly connectionsStated: boolean
  /** Fields in a header section. */
  readonly headerCount: number
  /** Octets of a request body. */
  readonly bodyBytes: number
  /** Without a byte moving in either direction while a request is under way. */
  readonly bodyIdle: Millis
  readonly requestsPerConnection: number
}
