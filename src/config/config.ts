/**
 * What a configuration file means once it is read: defaults filled in, lengths of time in milliseconds,
 * points in time as instants, files and secrets in memory. Frozen. `load.ts` is the only place that makes one.
 *
 * Rooms state the narrow shape they need; these types are meant to satisfy them structurally.
 */
import type { MatchRules } from '../decide/match.ts'
import type { ApprovalModel, Enforcement, RouteClass, Standing } from '../decide/policy.ts'
import type { MinimumVersions } from '../fleet/readiness.ts'
import type { Network } from '../kernel/network.ts'
import type { Fault, KeyFingerprint, Millis } from '../kernel/types.ts'
import type { AgentRule } from '../message/agent.ts'
import type { ReportedAt } from '../message/reported-id.ts'
import type { Limits } from '../trust/limits.ts'
import type { CrlSettings } from './trust/types.ts'
import type { LegacyOAuthSettings } from './config-legacy-oauth.ts'
import type { IdentityFiles, LoadedFile, ListenerTlsVersion } from './reading/loaded-file.ts'
import type { AdminListenerSettings, StoreConfig } from './service/types.ts'
import type { Upstream } from './upstream/types.ts'

export type {
  IdentityFiles,
  LoadedFile,
  LoadedSecret,
  ListenerTlsVersion,
} from './reading/loaded-file.ts'
export type { AdminListenerSettings, KeyRingReference, StoreConfig } from './service/types.ts'
export type {
  HostPolicy,
  IdentityField,
  IdentityFormat,
  IdentitySettings,
  ServerNameIndication,
  Upstream,
  UpstreamCheck,
  UpstreamHealth,
  UpstreamLimits,
  UpstreamServer,
  UpstreamTls,
} from './upstream/types.ts'

/** The whole configuration. */
export interface Config {
  /** The file it came from, as the operator named it. */
  readonly file: string
  readonly profile: ProfileName
  /** What this instance is called among replicas; undefined: as the host is. */
  readonly instance: string | undefined
  /** Undefined: the file names none, which serves nobody (decision 5). */
  readonly store: StoreConfig | undefined
  /** Undefined: there is no admin API. */
  readonly admin: AdminListenerSettings | undefined
  /** How many processes share the listeners' ports; `auto` is one per core. */
  readonly workers: number | 'auto'
  readonly enforcement: Enforcement
  /** Whether the file says so itself, and not its profile: then it beats the store, the latch apart. */
  readonly enforcementStated: boolean
  /** How long after notAfter a device's own certificate still opens renewal routes. */
  readonly grace: Millis
  /** Clients that say that they are of a kind which has no grace (S0-34). */
  readonly withoutGrace: readonly AgentRule[]
  /** How long before notAfter a device is expected to renew (S0-35, S1-11). */
  readonly renewalWindow: Millis
  /** How long requests under way may take to finish after SIGTERM. */
  readonly drain: Millis
  readonly trust: TrustSettings
  readonly approval: ApprovalSettings
  readonly fleet: FleetSettings
  readonly listeners: readonly [Listener, ...Listener[]]
  readonly upstreams: readonly [Upstream, ...Upstream[]]
  /** How often rows of class `legacy-oauth` may be asked. */
  readonly legacyOAuth: LegacyOAuthSettings
  readonly metrics: MetricsListener
  readonly log: LogSettings
  /** What weakens a guarantee in this configuration: one log line at start and one metric each. */
  readonly dangers: readonly Danger[]
}

/** Which product and version the defaults follow. */
export type ProfileName = 'epmm-11.5' | 'core-10' | 'generic'

/** Whom we trust to have named a device. */
export interface TrustSettings {
  /** `private` admits harmless departures from the profile of RFC 5280, `strict` refuses on any finding. */
  readonly profile: 'private' | 'strict'
  readonly enrollmentSettings: readonly EnrollmentSetting[]
  readonly denied: ConfiguredDenyList
  /** What is demanded of keys, signatures and the length of a path. */
  readonly limits: TrustLimits
}

/** Refused at once; `<issuer key fingerprint>:<serial>` for single certificates. */
export interface ConfiguredDenyList {
  readonly keys: ReadonlySet<KeyFingerprint>
  readonly serials: ReadonlySet<string>
}

/** Who has to be approved on sensitive routes. */
export interface ApprovalSettings {
  readonly model: ApprovalModel
  /** Whether the file says so itself: then it is not edited in the portal. */
  readonly modelStated: boolean
  /** Where devices are inside, for the model `manual-external`. */
  readonly internalNetworks: readonly Network[]
}

/** What is expected of the fleet; no verdict asks for it. */
export interface FleetSettings {
  /** The oldest agents that can come to authenticate: the file's, or else the profile's. */
  readonly minimums: MinimumVersions
  /** Whether the file says so itself: then they are not edited in the portal. */
  readonly minimumsStated: boolean
}

/** The limits that an operator may set; budgets are ours, for they protect the front end and not the fleet. */
export type TrustLimits = Pick<Limits, 'depth' | 'rsaBits' | 'digests' | 'anyPurpose'>

/** A CA chain that devices' certificates come from, and where it stands in the life of the fleet (decision 8). */
export interface EnrollmentSetting {
  readonly at: string
  readonly name: string
  readonly source: 'local' | 'scep' | 'other'
  readonly standing: Standing
  /** PEM: the trust anchor and any intermediates. */
  readonly chain: LoadedFile
  /** Undefined where revocation is not asked for. */
  readonly crl: CrlSettings | undefined
}

/** One port that devices call. */
export interface Listener {
  readonly at: string
  readonly name: string
  /** A web clip listener serves Apps@Work and may use neither 443 nor the admin port (S0-39, S1-13). */
  readonly purpose: ListenerPurpose
  readonly address: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The authorities served, lower case, without port; any other is answered 421. */
  readonly hosts: readonly [string, ...string[]]
  /** Chosen by SNI; the first serves whoever names nobody. */
  readonly certificates: readonly [IdentityFiles, ...IdentityFiles[]]
  readonly tls: ListenerTls
  readonly limits: ListenerLimits
  /** Without rows on a sync port, where nothing is asked by path. */
  readonly routes: RouteTable
  /** Undefined everywhere but on a sync port. */
  readonly relay: Relay | undefined
}

/** `sync`: the legacy sync port, which does not speak HTTP (decision 11, S0-09). */
export type ListenerPurpose = 'devices' | 'web-clip' | 'sync'

/** What becomes of connections that are relayed octet by octet. */
export interface Relay {
  readonly at: string
  readonly upstream: string
  /** What is asked of the device; `if-shown`: nothing, unless it shows a certificate. */
  readonly certificate: 'if-shown' | 'device' | 'always'
  readonly sensitive: boolean
  /** From where it may be reached; `undefined` is from everywhere. */
  readonly networks: readonly Network[] | undefined
  readonly proxyProtocol: ProxyProtocol
}

/** Whether, where and how fully the upstream is told of the device by PROXY protocol v2. */
export interface ProxyProtocol {
  readonly place: 'off' | 'before-tls' | 'inside-tls'
  /** Whether the certificate goes with it. */
  readonly certificate: boolean
}

/** How a listener speaks TLS with devices. */
export interface ListenerTls {
  readonly minVersion: ListenerTlsVersion
  readonly maxVersion: ListenerTlsVersion
  /** OpenSSL's names, strongest first; `undefined` is the handshake room's own list. */
  readonly ciphers: readonly string[] | undefined
  /** Key exchange groups, preferred first; `undefined` is the handshake room's own list. */
  readonly groups: readonly string[] | undefined
  readonly resumption: 'auto' | 'on' | 'off'
  /** Whether the certificate request names the CAs that may be used (RFC 8446 §4.2.4). */
  readonly advertiseCas: boolean
}

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

/** The rows of a listener: the preset's, as the operator changed them, and the operator's own. */
export interface RouteTable {
  readonly name: string
  readonly preset: PresetName | undefined
  /** The rows in force; `message/route.ts` says which of several a path meets. Empty on a sync port alone. */
  readonly rows: readonly RouteRow[]
  /** Rows of the preset that are switched off, or wait for the operator to say their path. */
  readonly off: readonly DisabledRow[]
}

/** One row: which requests, of which class, go where. */
export interface RouteRow {
  readonly id: string
  /** `/exact`, or `/prefix/*` for the prefix and everything below it. */
  readonly path: string
  /** `undefined` is every method. */
  readonly methods: readonly string[] | undefined
  readonly class: RouteClass
  /** What it asks of the certificate besides; only where one is asked for. */
  readonly match: MatchRules | undefined
  /** From where it may be reached; `undefined` is from everywhere. */
  readonly networks: readonly Network[] | undefined
  /** Whether it is for approved devices only, where the approval model asks. */
  readonly sensitive: boolean
  /** Where its clients give the id of their device, if anybody knows. */
  readonly reports: ReportedAt | undefined
  /** Which endpoint it is that can be disabled in the store. */
  readonly endpoint: 'oauth' | undefined
  /** The name of an upstream; rows of class `denied` have none. */
  readonly upstream: string | undefined
  /** What we know about this row, and how we know it. */
  readonly origin: RowOrigin
}

/** One row that is not in force. */
export interface DisabledRow {
  readonly id: string
  readonly path: string | undefined
  readonly class: RouteClass
  readonly origin: RowOrigin
}

/** Where a row comes from: S a source document, V verified in source, D documentation, K from knowledge, or the operator. */
export interface RowOrigin {
  readonly preset: PresetName | undefined
  readonly evidence: 'S' | 'V' | 'D' | 'K' | 'operator'
  /** False for a row that nobody has tried against a real server; such rows are off until the operator turns them on. */
  readonly verified: boolean
  readonly sentence: string
}

export type PresetName = 'epmm' | 'core-10' | 'nanomdm' | 'generic'

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
  readonly kind:
    | 'no-store'
    | 'plaintext-upstream'
    | 'unverified-upstream'
    | 'weak-device-certificates'
    | 'weak-upstream-protocol'
  readonly at: string
  readonly sentence: string
}

/** A configuration that may be served, and what the operator should know about it. */
export interface LoadedConfig {
  readonly config: Config
  readonly warnings: readonly Fault[]
}
