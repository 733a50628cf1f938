/**
 * What a configuration file means once it is read: defaults filled in, lengths of time in milliseconds,
 * points in time as instants, files and secrets in memory. Frozen. `load.ts` is the only place that makes one.
 *
 * Rooms state the narrow shape they need; these types are meant to satisfy them structurally.
 */
import type { DenyList, Enforcement, RouteClass, Standing } from '../decide/policy.ts'
import type { Fault, Millis } from '../kernel/types.ts'
import type { NameForm } from '../x509/name.ts'

/** The whole configuration. */
export interface Config {
  /** The file it came from, as the operator named it. */
  readonly file: string
  readonly profile: ProfileName
  /** How many processes share the listeners' ports; `auto` is one per core. */
  readonly workers: number | 'auto'
  readonly enforcement: Enforcement
  /** How long after notAfter a device's own certificate still opens renewal routes. */
  readonly grace: Millis
  /** How long before notAfter a device is expected to renew (S0-35, S1-11). */
  readonly renewalWindow: Millis
  /** How long requests under way may take to finish after SIGTERM. */
  readonly drain: Millis
  readonly trust: Trust
  readonly listeners: readonly [Listener, ...Listener[]]
  readonly upstreams: readonly [Upstream, ...Upstream[]]
  readonly metrics: MetricsListener
  readonly log: LogSettings
  /** What weakens a guarantee in this configuration: one log line at start and one metric each. */
  readonly dangers: readonly Danger[]
}

/** Which product and version the defaults follow. */
export type ProfileName = 'epmm-11.5' | 'core-10' | 'generic'

/** A file that the configuration names, already read; `at` is the place that named it, for later faults. */
export interface LoadedFile {
  readonly at: string
  /** The resolved path. */
  readonly path: string
  readonly bytes: Buffer
}

/** A secret that the configuration names by `file:` or `env:`; a trailing line break is gone. Never to be printed. */
export interface LoadedSecret {
  readonly at: string
  readonly text: string
}

/** A certificate chain with its private key, not yet opened. */
export type IdentityFiles =
  | {
      readonly kind: 'pem'
      readonly at: string
      /** PEM, leaf first. */
      readonly chain: LoadedFile
      readonly key: LoadedFile
      readonly passphrase: LoadedSecret | undefined
    }
  | {
      readonly kind: 'pkcs12'
      readonly at: string
      readonly file: LoadedFile
      readonly passphrase: LoadedSecret | undefined
    }

/** Whom we trust to have named a device. */
export interface Trust {
  /** `private` admits harmless departures from the profile of RFC 5280, `strict` refuses on any finding. */
  readonly profile: 'private' | 'strict'
  readonly enrollmentSettings: readonly EnrollmentSetting[]
  readonly denied: DenyList
}

/** A CA chain that devices' certificates come from, and where it stands in the life of the fleet (decision 8). */
export interface EnrollmentSetting {
  readonly at: string
  readonly name: string
  readonly source: 'local' | 'scep' | 'other'
  readonly standing: Standing
  /** PEM: the trust anchor and any intermediates. */
  readonly chain: LoadedFile
}

/** One port that devices call. */
export interface Listener {
  readonly at: string
  readonly name: string
  /** A web clip listener serves Apps@Work and may use neither 443 nor the admin port (S0-39, S1-13). */
  readonly purpose: 'devices' | 'web-clip'
  readonly address: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The authorities served, lower case, without port; any other is answered 421. */
  readonly hosts: readonly [string, ...string[]]
  /** Chosen by SNI; the first serves whoever names nobody. */
  readonly certificates: readonly [IdentityFiles, ...IdentityFiles[]]
  readonly tls: ListenerTls
  readonly limits: ListenerLimits
  /** First match wins; a path that no enabled row matches is refused. */
  readonly routes: RouteTable
}

/** How a listener speaks TLS with devices. */
export interface ListenerTls {
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** OpenSSL's names, strongest first; `undefined` is the handshake room's own list. */
  readonly ciphers: readonly string[] | undefined
  readonly resumption: 'auto' | 'on' | 'off'
  /** Whether the certificate request names the CAs that may be used (RFC 8446 §4.2.4). */
  readonly advertiseCas: boolean
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** What one device, or all of them together, may take from us. */
export interface ListenerLimits {
  /** Open TCP connections per worker. */
  readonly connections: number
  /** From the TCP connection to the end of the TLS handshake. */
  readonly handshake: Millis
  /** From the first byte of a request to the end of its header section. */
  readonly headers: Millis
  /** Octets of request line and header section. */
  readonly headerBytes: number
  /** Fields in a header section. */
  readonly headerCount: number
  /** Octets of a request body. */
  readonly bodyBytes: number
  /** Without a byte moving in either direction while a request is under way. */
  readonly bodyIdle: Millis
  /** Between two requests of a connection. */
  readonly idle: Millis
  readonly requestsPerConnection: number
}

/** The rows of a listener, most telling first, with the presets' rows merged in. */
export interface RouteTable {
  readonly name: string
  readonly rows: readonly RouteRow[]
}

/** One row: which requests, of which class, go where. */
export interface RouteRow {
  readonly id: string
  /** `/exact`, or `/prefix/*` for the prefix and everything below it. */
  readonly path: string
  /** `undefined` is every method. */
  readonly methods: readonly string[] | undefined
  readonly class: RouteClass
  /** The name of an upstream; rows of class `denied` have none. */
  readonly upstream: string | undefined
  readonly enabled: boolean
  /** What we know about this row, and how we know it. */
  readonly origin: RowOrigin
}

/** Where a row comes from: S a source document, V verified in source, D documentation, K from knowledge, or the operator. */
export interface RowOrigin {
  readonly preset: PresetName | undefined
  readonly mark: 'S' | 'V' | 'D' | 'K' | 'operator'
  /** False for a row that nobody has tried against a real server; such rows are off until the operator turns them on. */
  readonly verified: boolean
  readonly sentence: string
}

export type PresetName = 'epmm' | 'core-10' | 'nanomdm' | 'generic'

/** A server that we forward to. */
export interface Upstream {
  readonly at: string
  readonly name: string
  readonly protocol: 'https:' | 'http:'
  readonly hostname: string
  readonly port: number
  readonly host: HostPolicy
  /** `undefined` exactly when the protocol is `http:`. */
  readonly tls: UpstreamTls | undefined
  /** `undefined`: this upstream is told nothing about the device (RFC 9440 §4: sending it is opt-in). */
  readonly identity: IdentitySettings | undefined
  readonly limits: UpstreamLimits
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
  readonly sni: ServerNameIndication
  /** The name that the upstream's certificate must carry; independent of SNI (N12). */
  readonly hostname: string
  readonly trust: {
    readonly default: 'bundled' | 'system' | 'off'
    /** PEM files. */
    readonly custom: readonly LoadedFile[]
  }
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  readonly ciphers: readonly string[] | undefined
  /** What we show an upstream that asks who we are. */
  readonly clientCertificate: IdentityFiles | undefined
}

/** RFC 6066 §3; `on` names the upstream's hostname. */
export type ServerNameIndication =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  | { readonly kind: 'name'; readonly name: string }

/** How an upstream is told who the device is. */
export interface IdentitySettings {
  readonly at: string
  readonly format: IdentityFormat
  /** Field names that replace the format's own. */
  readonly fields: Readonly<Partial<Record<IdentityField, string>>>
  readonly serial: 'hex-lower' | 'hex-upper' | 'hex-colon' | 'decimal'
  readonly name: NameForm
  readonly fingerprint: {
    readonly digest: 'sha1' | 'sha256'
    readonly form: 'hex' | 'colon' | 'base64'
  }
  /** Send the intermediates too, where the format can. */
  readonly chain: boolean
  /** Opt-in: a certificate in grace is named even by a format that has no verify field (decision 7). */
  readonly grace: boolean
  /** Octets of all identity fields together; a chain that would exceed it is left out. */
  readonly maxBytes: number
}

export type IdentityFormat =
  'apache' | 'aws-alb' | 'haproxy' | 'nginx' | 'rfc9440' | 'tomcat' | 'traefik' | 'xfcc'

/** The facts that an identity field may carry. */
export type IdentityField =
  | 'certificate'
  | 'chain'
  | 'verify'
  | 'subject'
  | 'issuer'
  | 'serial'
  | 'fingerprint'
  | 'notBefore'
  | 'notAfter'

/** How long we wait for an upstream, and how much of it we use. */
export interface UpstreamLimits {
  /** Connections to this upstream per worker. */
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

/** Where `/metrics`, `/healthz` and `/readyz` are served, in the clear. */
export interface MetricsListener {
  readonly at: string
  readonly address: string
  readonly port: number
}

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** One line per request. */
  readonly requests: boolean
  /** One line per connection. */
  readonly connections: boolean
}

/** A guarantee that the operator gave up, in writing. */
export interface Danger {
  readonly kind: 'plaintext-upstream' | 'unverified-upstream'
  readonly at: string
  readonly sentence: string
}

/** A configuration that may be served, and what the operator should know about it. */
export interface Loaded {
  readonly config: Config
  readonly warnings: readonly Fault[]
}
