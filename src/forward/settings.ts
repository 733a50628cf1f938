/**
 * What this module must know about an upstream; the types of the configuration extend these. Units are milliseconds
 * and octets.
 */
import type { Millis } from '../kernel/types.ts'
import type { Selection } from '../upstream-tls/catalogue.ts'
import type { DEFAULT_STORES, ServerNameIndication } from '../upstream-tls/verification.ts'

/** What requests are forwarded to: servers that answer alike, called alike. */
export interface UpstreamSettings {
  /** Where the configuration speaks of it, for faults. */
  readonly at: string
  readonly name: string
  readonly protocol: 'https:' | 'http:'
  readonly servers: readonly [ServerSettings, ...ServerSettings[]]
  readonly balance: Balance
  /** Servers that one request is tried on, the first included. */
  readonly attempts: number
  readonly health: HealthSettings
  /** `undefined` exactly when the protocol is `http:`. */
  readonly tls: UpstreamTls | undefined
  readonly limits: UpstreamLimits
}

/** One of the servers of an upstream. */
export interface ServerSettings {
  /** Host and port, as the log and the metrics name it; no two of an upstream are alike. */
  readonly name: string
  /** A name to look up or an address to call, without brackets. */
  readonly hostname: string
  readonly port: number
  /** Its share of the requests beside the others'. */
  readonly weight: number
  /** Whether it is asked how it is, where the upstream's servers are (S3-11). */
  readonly check: boolean
}

/** How a server is chosen among several. */
export type Balance = 'round-robin' | 'least-connections' | 'device-hash'

/** When a server counts as ill. */
export interface HealthSettings {
  /** Failures in a row that put a server out. */
  readonly failures: number
  /** How long the first time; each further time twice as long, up to the longest. */
  readonly ejection: Millis
  readonly longestEjection: Millis
  /** `undefined` checks no server. */
  readonly check: CheckSettings | undefined
}

/** How servers are asked whether they are well. */
export interface CheckSettings {
  /** From the end of one check to the next. */
  readonly interval: Millis
  /** For the connection, and again for the answer. */
  readonly timeout: Millis
  /** Passes in a row that bring a server back, and failures that put it out. */
  readonly up: number
  readonly down: number
  readonly sni: ServerNameIndication | { readonly kind: 'as-requests' }
  /** `undefined`: a connection is enough. */
  readonly http: HttpCheck | undefined
}

/** One request, and which statuses are a pass. */
export interface HttpCheck {
  readonly method: string
  readonly path: string
  /** `undefined`: the name of the server. */
  readonly host: string | undefined
  /** Both ends included. */
  readonly expect: readonly { readonly from: number; readonly to: number }[]
}

/** How we speak TLS with an upstream. */
export interface UpstreamTls {
  /** False gives up verification: faults are noticed and reported, and the connection is used all the same. */
  readonly strict: boolean
  /** Under `strict`: a server that no trust store vouches for is reported, and used where nothing else is wrong. */
  readonly allowAndLog: boolean
  readonly sni: ServerNameIndication
  /** The name or address that the certificate must carry, independent of SNI; `undefined` is the server's own host. */
  readonly hostname: string | undefined
  readonly trust: {
    readonly default: (typeof DEFAULT_STORES)[number]
    /** PEM files. */
    readonly custom: readonly PemFile[]
  }
  /** SHA-256 of public keys (SPKI) in base64, one of which the server must show; empty wants none. */
  readonly pins: readonly string[]
  /** Protocols, suites and groups; without faults. */
  readonly selection: Selection
}

/** A `PemFile` is a file of certificates that the configuration has read; `at` is where it is named. */
export interface PemFile {
  readonly at: string
  readonly bytes: Buffer
}

/** What we show an upstream that asks who we are. */
export interface ClientIdentity {
  /** PEM, leaf first. */
  readonly chainPem: string
  readonly keyPem: string
}

/** How long we wait for an upstream, and how much of it we use. */
export interface UpstreamLimits {
  /** To each server, per worker. */
  readonly connections: number
  /** TCP and TLS together; also the longest a request waits for a free connection. */
  readonly connect: Millis
  /** From the end of the request to the end of the response's header section. */
  readonly responseHeaders: Millis
  /** Octets of a response's header section. */
  readonly responseHeaderBytes: number
  /** Without a byte of a body, in either direction. */
  readonly bodyIdle: Millis
  /** Between two requests of a connection; below the upstream's own, or the upstream closes first. */
  readonly idle: Millis
}
