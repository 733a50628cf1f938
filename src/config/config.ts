/**
 * What a configuration file means once it is read: defaults filled in, lengths of time in milliseconds, points in time
 * as instants, files and secrets in memory. Frozen. `load.ts` is the only place that makes one.
 *
 * A module that takes its settings owns their type; the types here and in the sub-folders extend those.
 */
import type { Enforcement } from '../decide/policy.ts'
import type { Network } from '../kernel/network.ts'
import type { SecretUse } from './reading/stored-secrets.ts'
import type { Fault, Millis } from '../kernel/types.ts'
import type { AgentRule } from '../message/agent.ts'
import type { AccessLogSettings } from '../record/access-log.ts'
import type { Listener } from './listener/types.ts'
import type { Danger } from './reading/danger.ts'
import type { ProfileName } from './reading/profiles.ts'
import type {
  AdminListenerSettings,
  ApprovalSettings,
  FleetSettings,
  LegacyOAuthSettings,
  RefusalSettings,
  StoreConfig,
} from './service/types.ts'
import type { TrustSettings } from './trust/types.ts'
import type { Upstream } from './upstream/types.ts'

/** The whole configuration. */
export interface Config {
  /** The file it came from, as the operator named it. */
  readonly file: string
  readonly profile: ProfileName
  /** What this instance is called among replicas; undefined: as the host is. */
  readonly instance: string | undefined
  /** Undefined: the file names none, and then nothing is served (decision 5). */
  readonly store: StoreConfig | undefined
  /** Undefined: there is no admin API. */
  readonly admin: AdminListenerSettings | undefined
  /** How many processes share the listeners' ports; `auto` is one per core. */
  readonly workers: number | 'auto'
  readonly enforcement: Enforcement
  /** Whether the file says so itself, and not its profile: then it beats the store, the latch apart. */
  readonly enforcementStated: boolean
  /** Where it says so. */
  readonly enforcementAt: string
  /** How long after notAfter a device's own certificate still opens renewal routes. */
  readonly grace: Millis
  /** Clients that say that they are of a kind which has no grace (S0-34). */
  readonly withoutGrace: readonly AgentRule[]
  /** How long before notAfter a device is expected to renew (S0-35, S1-11). */
  readonly renewalWindow: Millis
  /** Names and families of fields that no device may send, beside those that are known everywhere. */
  readonly removeFields: readonly string[]
  /** How often it is looked whether files that it names have changed. */
  readonly watchFiles: Millis | 'off'
  /** How long the end is announced after SIGTERM before the ports are closed. */
  readonly announce: Millis
  /** How long requests under way may take to finish once they are. */
  readonly drain: Millis
  readonly trust: TrustSettings
  readonly approval: ApprovalSettings
  readonly fleet: FleetSettings
  readonly listeners: readonly [Listener, ...Listener[]]
  readonly upstreams: readonly [Upstream, ...Upstream[]]
  /** How often rows of class `legacy-oauth` may be asked. */
  readonly legacyOAuth: LegacyOAuthSettings
  /** How long the store keeps refusals, and how many. */
  readonly refusals: RefusalSettings
  readonly metrics: MetricsListener
  readonly log: LogSettings
  /** The settings that take a secret from the store. */
  readonly storedSecrets: readonly SecretUse[]
  /** What weakens a guarantee in this configuration: one log line at start and one metric each. */
  readonly dangers: readonly Danger[]
}

/** Where `/metrics`, `/healthz` and `/readyz` are served, in the clear. */
export interface MetricsListener {
  readonly at: string
  readonly address: string
  readonly port: number
  /** Who may call; every address where it is left out. */
  readonly allow?: readonly Network[]
}

export interface LogSettings extends AccessLogSettings {
  readonly level: (typeof LOG_LEVELS)[number]
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** A configuration that may be served, and what the operator should know about it. */
export interface LoadedConfig {
  readonly config: Config
  /** The octets of the document itself, so that it can be read again with other content behind its references. */
  readonly document: Buffer
  /** The files that it names, by resolved path, each with its stamp when it was read (`fileStamp`). */
  readonly files: ReadonlyMap<string, string>
  readonly warnings: readonly Fault[]
}
