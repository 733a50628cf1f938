/**
 * What the admin API asks of the front end that it stands beside: narrow, so that the serving process can satisfy it, and
 * a test can, too.
 */
import type { ApprovalModel } from '../decide/policy.ts'
import type { Installation } from '../fleet/expectation.ts'
import type { OAuthRow } from '../fleet/oauth-rows.ts'
import type { EnforcementInForce, FileEnforcement } from '../fleet/enforcement-in-force.ts'
import type { Config } from '../config/config.ts'
import type { MinimumVersions } from '../fleet/readiness.ts'
import type { ScanReport } from '../forward/diagnose/scan-server.ts'
import type { TestReport } from '../forward/diagnose/test-server.ts'
import type { Fault, Instant, Result } from '../kernel/types.ts'
import type { FileDifference } from '../state/file-difference.ts'
import type { FileTrust } from '../state/file-holds.ts'
import type { Catalogue, TlsPreset } from '../upstream-tls/catalogue.ts'
import type { FileTlsSettings } from '../upstream-tls/verification.ts'
import type { UpstreamErrorList } from '../record/upstream-error-list.ts'
import type { CrlFacts } from '../revoke/registry.ts'
import type { MissingList } from '../state/missing-lists.ts'
import type { Crl } from '../x509/crl.ts'
import type { Limits, Profile } from '../trust/limits.ts'
import type { Explained } from '../state/explain/account.ts'
import type { Question } from '../state/explain/question.ts'
import type { LoadedCrls } from '../state/revocation-policy.ts'
import type { StateFacts } from '../state/preview/judged-state.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { EffectiveSettings } from '../upstream-tls/settings-types.ts'

export interface FrontEndView {
  /** The oldest agents that can authenticate: the file's own, or else the profile's, which the portal may replace. */
  minimums(): { readonly versions: MinimumVersions; readonly statedByFile: boolean }
  /** What is known of the management server that devices depend on; undefined where no documents say what they do. */
  installation(): Installation | undefined
  /** The approval model, where the configuration file states it. */
  approvalModel(): ApprovalModel | undefined
  /** What the configuration file says of enforcement; `enforcementInForce` says what that is worth beside the store. */
  fileEnforcement(): FileEnforcement
  /** What requests are judged by now; answers without the store, too. */
  enforcement(): EnforcementInForce
  /** What the configuration file says of enrollment settings; `standingInForce` says what of it holds. */
  fileTrust(): FileTrust
  /** In what the file says another thing than the store. */
  differences(): readonly FileDifference[]
  /** What CA chains are held against: one that fell short of it in the store would keep every later world from being built. */
  trust(): { readonly profile: Profile; readonly limits: Partial<Limits> }
  /** What is known about the revocation lists of every setting. */
  crlFacts(): readonly CrlFacts[]
  /** The lists of a setting that are in force. */
  crlsInForce(setting: string): readonly Crl[]
  /** The revocation lists in force, as previews and requests are judged by them. */
  loadedCrls(): LoadedCrls
  /** Settings in force without a revocation list that their certificates point to. */
  missingLists(): readonly MissingList[]
  /** The configuration as the file has it, without what the store says. */
  config(): Config
  /** Explains what a device would meet, by the word of a process that would meet it. */
  explain(question: Question): Promise<Explained>
  /** What the store says now, as requests are judged by it; approvals of single devices are left out. */
  stateFacts(): Promise<Result<StateFacts, StoreFailure>>
  /** The name of the listener behind the legacy sync port; undefined when there is none. */
  syncListener(): string | undefined
  /** The rows of the configuration that are an OAuth endpoint; empty when none is. */
  oauthRows(): readonly OAuthRow[]
  /** Paths of the keys that the configuration file states, and the portal shows locked (decision 20). */
  locked(): readonly string[]
  /** Why files, or secrets of the store, were refused when they were last read again; those before are in force. */
  refusedContent(): readonly string[]
  /** Whether the front end has said that it is about to end. */
  isEndAnnounced(): boolean
  snapshot(): SnapshotFacts
  upstreams(): readonly ServedUpstream[]
  /** What went wrong with them, in all processes. */
  readonly upstreamErrors: Pick<UpstreamErrorList, 'clear' | 'list'>
  /** What this runtime can be told to use towards upstreams. */
  catalogue(): Catalogue
  /** Connects once to each server of an upstream, or to the one named. */
  testUpstream(target: UpstreamCall): Promise<Result<readonly TestReport[], UpstreamCallFailure>>
  /** Finds out what each server accepts, by a bounded number of handshakes. */
  scanUpstream(target: UpstreamCall): Promise<Result<readonly ScanReport[], UpstreamCallFailure>>
  /** Reads the configuration file again, as SIGHUP does; undefined while the front end starts or ends. */
  reload(): Promise<ReloadReport | undefined>
  /** What keeps an upstream from being called with these settings. */
  upstreamFaults(upstream: string, used: EffectiveSettings): readonly Fault[]
}

/** What a reload came to. */
export interface ReloadReport {
  readonly outcome: 'applied' | 'refused' | 'unchanged'
  /** Why it was refused. */
  readonly faults: readonly Fault[]
  /** What an operator should know about the configuration that is in force now. */
  readonly warnings: readonly Fault[]
}

/** A call of an upstream that an administrator asks for. */
export interface UpstreamCall {
  readonly upstream: string
  /** Undefined: each of them. */
  readonly server: string | undefined
  /** Undefined: what is in force. */
  readonly used: EffectiveSettings | undefined
}

/** Why it was not called; a server that cannot be reached is a report. */
export type UpstreamCallFailure =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'without-tls' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'unusable'; readonly faults: readonly Fault[] }

/** What is judged by at the moment. */
export interface SnapshotFacts {
  /** The revision of the store that it was built from; undefined before the first. */
  readonly revision: number | undefined
  readonly builtAt: Instant
}

/** An upstream as far as the pages of outgoing TLS need to know it. */
export interface ServedUpstream {
  readonly name: string
  readonly servers: readonly string[]
  /** Undefined when it is called without TLS. */
  readonly tls: { readonly preset: TlsPreset; readonly file: FileTlsSettings } | undefined
}
