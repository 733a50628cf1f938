/**
 * What a configuration says about the servers that we forward to.
 */
import type { IdentitySettings as EncodeSettings } from '../../message/encode/settings.ts'
import type { Millis } from '../../kernel/types.ts'
import type { Selection } from '../../upstream-tls/catalogue.ts'
import type { VerificationSetting } from '../../upstream-tls/verification.ts'
import type { IdentityFiles, LoadedFile } from '../reading/loaded-file.ts'

/** What we forward to: servers that answer alike. */
export interface Upstream {
  readonly at: string
  readonly name: string
  readonly protocol: 'https:' | 'http:'
  readonly servers: readonly [UpstreamServer, ...UpstreamServer[]]
  readonly balance: 'round-robin' | 'least-connections' | 'device-hash'
  /** Servers that one request is tried on, the first included. */
  readonly attempts: number
  readonly health: UpstreamHealth
  readonly host: HostPolicy
  /** `undefined` exactly when the protocol is `http:`. */
  readonly tls: UpstreamTls | undefined
  /** `undefined`: this upstream is told nothing about the device (RFC 9440 §4: sending it is opt-in). */
  readonly identity: IdentitySettings | undefined
  readonly limits: UpstreamLimits
}

/** One of the servers of an upstream. */
export interface UpstreamServer {
  readonly at: string
  /** Host and port, as the log and the metrics name it. */
  readonly name: string
  readonly hostname: string
  readonly port: number
  readonly weight: number
  /** Whether it is asked how it is, where the upstream's servers are (S3-11). */
  readonly check: boolean
}

/** When a server counts as ill. */
export interface UpstreamHealth {
  /** Failures in a row that put a server out. */
  readonly failures: number
  /** How long the first time; each further time twice as long, up to the longest. */
  readonly ejection: Millis
  readonly longestEjection: Millis
  /** `undefined` asks nobody. */
  readonly check: UpstreamCheck | undefined
}

/** How servers are asked whether they are well. */
export interface UpstreamCheck {
  readonly interval: Millis
  readonly timeout: Millis
  /** Passes in a row that bring a server back, and failures that put it out. */
  readonly up: number
  readonly down: number
  readonly sni: ServerNameIndication | { readonly kind: 'as-requests' }
  /** `undefined`: a connection is enough. */
  readonly http:
    | {
        readonly method: string
        readonly path: string
        /** `undefined`: the name of the server. */
        readonly host: string | undefined
        readonly expect: readonly { readonly from: number; readonly to: number }[]
      }
    | undefined
}

/** What the upstream reads in `Host`: the device's authority, its own, or a given one. */
export type HostPolicy =
  | { readonly kind: 'preserve' }
  | { readonly kind: 'upstream' }
  | { readonly kind: 'name'; readonly name: string }

/** How we speak TLS with an upstream. */
export interface UpstreamTls {
  readonly preset: 'secure' | 'sentry-compat'
  /** Enable Strict TLS: the chain must lead to the trust store and the certificate must name the hostname. */
  readonly strict: boolean
  /** Allow and Log untrusted servers: the signature under strict TLS being off. */
  readonly allowUntrusted: boolean
  /** What of strict TLS, trust and SNI the file says itself, and its preset does not; it beats the page. */
  readonly stated: readonly VerificationSetting[]
  readonly sni: ServerNameIndication
  /** The name that the certificates must carry, independent of SNI; `undefined` is each server's own host. */
  readonly hostname: string | undefined
  readonly trust: {
    readonly default: 'bundled' | 'system' | 'off'
    /** PEM files. */
    readonly custom: readonly LoadedFile[]
  }
  /** SHA-256 of public keys (SPKI) in base64, one of which the server must show; empty wants none. */
  readonly pins: readonly string[]
  /** "Use Default (recommended)", or "Use Custom Configuration" (S3-19). */
  readonly mode: 'default' | 'custom'
  /** The protocols, suites and groups in force; no faults, and nothing that this runtime lacks. */
  readonly selection: Selection
  /** What we show an upstream that asks who we are. */
  readonly clientCertificate: IdentityFiles | undefined
}

/** RFC 6066 §3; `on` names the upstream's hostname. */
export type ServerNameIndication =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  | { readonly kind: 'name'; readonly name: string }

/** How an upstream is told who the device is; `at` is where the configuration says so. */
export interface IdentitySettings extends EncodeSettings {
  readonly at: string
}

export type { IdentityField, IdentityFormat } from '../../message/encode/settings.ts'

/** How long we wait for an upstream, and how much of it we use. */
export interface UpstreamLimits {
  /** Connections to each server, per worker. */
  readonly connections: number
  /** TCP and TLS together. */
  readonly connect: Millis
  /** From the end of the request to the end of the response's header section. */
  readonly responseHeaders: Millis
  /** Octets of a response's header section. */
  readonly responseHeaderBytes: number
  /** Without a byte of the body. */
  readonly bodyIdle: Millis
  /** Between two requests of a connection; below the upstream's own, or it hangs up first. */
  readonly idle: Millis
}
