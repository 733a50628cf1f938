/**
 * Configuration → everything that requests are judged and forwarded by, or every fault in it. Opens nothing:
 * `tfe check`, the start and a reload all build the same one, and only the last two go on to use it.
 */
import type { Config } from '../config/config.ts'
import { NO_FLEET, type Policy, type RouteClass } from '../decide/policy.ts'
import { DEFAULT_CIPHER_SUITES } from '../handshake/cipher-suites.ts'
import type { ServerTls } from '../handshake/server-context.ts'
import {
  identityWarnings,
  privateAuthorityWarnings,
  SHOWN_TO_ADMINISTRATORS,
  SHOWN_TO_DEVICES,
  shownToUpstream,
} from '../handshake/identity-warnings.ts'
import {
  serverIdentity,
  uncoveredHosts,
  type IdentitySource,
  type ServerIdentity,
} from '../handshake/server-identity.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../kernel/types.ts'
import { routeTable, type RouteTable } from '../message/route.ts'
import type { TrustStore } from '../trust/store.ts'
import type { Certificate } from '../x509/certificate.ts'
import { advertisedCas, type AdvertisedCas } from './advertised-cas.ts'
import { trustedAuthorities, type Authorities } from './authorities.ts'
import { enforcementInForce, type EnforcementInForce } from '../fleet/enforcement-in-force.ts'
import { differenceText, type FileDifference } from './file-difference.ts'
import { fileDifferences } from './file-differences.ts'
import { missingLists, missingListWarning, type MissingList } from './missing-lists.ts'
import type { Overlay } from './overlay.ts'
import { LoadedCrls, revocationPolicy } from './revocation-policy.ts'
import { applyRules, type StoreRules } from './store-rules.ts'
import { trustedCaWarnings } from './trusted-ca-warnings.ts'
import type { Listener } from '../config/listener/types.ts'
import type { RouteRow } from '../config/routes/types.ts'
import type { Upstream } from '../config/upstream/types.ts'

/** Everything but the sockets. */
export interface CompiledConfig {
  readonly config: Config
  readonly trust: TrustStore
  /** Every certificate of each enrollment setting's chain, by the name of the setting. */
  readonly chains: ReadonlyMap<string, readonly Certificate[]>
  readonly policy: Policy
  readonly listeners: ReadonlyMap<string, CompiledListener>
  readonly upstreams: ReadonlyMap<string, CompiledUpstream>
  readonly enforcement: EnforcementInForce
  /** In what the file says another thing than the store; those that hold narrow what the store says. */
  readonly differences: readonly FileDifference[]
  /** Settings that ask for no revocation although their certificates say where a list is. */
  readonly missingLists: readonly MissingList[]
  /** What an operator should know although it can be served; the differences are among it. */
  readonly warnings: readonly Fault[]
}

export interface CompiledListener {
  readonly config: Listener
  readonly identities: readonly [ServerIdentity, ...ServerIdentity[]]
  readonly tls: ServerTls
  readonly table: RouteTable<RouteRow>
  /** The classes that its enabled rows have, each once: what a peer could possibly be admitted to. None on a sync port. */
  readonly classes: readonly RouteClass[]
  /** Whether it takes connections; an administrator may have closed it for good (S0-16). */
  readonly isClosed: boolean
}

export interface CompiledUpstream {
  readonly config: Upstream
  /** What we show an upstream that asks who we are. */
  readonly identity: ServerIdentity | undefined
}

/** Compiles a configuration; returns all faults at once. */
export function compileConfig(
  fileConfig: Config,
  now: Instant,
  { rules, overlay, sealed = 'refused' }: StoreDecisions & SealedIdentities = {},
): Result<CompiledConfig, readonly Fault[]> {
  const config = applyRules(fileConfig, rules)
  const isLeftOut = (source: IdentitySource | undefined): boolean =>
    sealed === 'left-out' && source?.kind === 'sealed'
  const faults: Fault[] = []
  const differences = fileDifferences(fileConfig, rules)
  const warnings: Fault[] = differences.map(differenceFault)
  const trust = collect(trustedAuthorities(config.trust, now), faults)
  if (trust !== undefined) warnings.push(...trust.warnings)
  const at = config.trust.enrollmentSettings[0]?.at ?? config.file
  const isWanted = config.listeners.some(({ tls }) => tls.advertiseCas)
  const advertised = isWanted ? advertisedCas(trust?.admitting ?? [], at) : NONE_ADVERTISED
  warnings.push(...advertised.warnings)
  const listeners = new Map<string, CompiledListener>()
  for (const listener of config.listeners) {
    if (listener.certificates.some(isLeftOut)) continue
    const isClosed = rules?.closedListeners.includes(listener.name) ?? false
    const built = collect(compileListener(listener, advertised.pems, isClosed), faults)
    if (built === undefined) continue
    listeners.set(listener.name, built)
    warnings.push(...listenerWarnings(built, now))
  }
  const shown = [...listeners.values()].flatMap(({ identities }) => identities)
  warnings.push(...privateAuthorityWarnings(shown))
  const admin =
    config.admin?.certificate && collect(serverIdentity(config.admin.certificate), faults)
  if (admin !== undefined) warnings.push(...identityWarnings(admin, SHOWN_TO_ADMINISTRATORS, now))
  const upstreams = new Map<string, CompiledUpstream>()
  for (const upstream of config.upstreams) {
    if (isLeftOut(upstream.tls?.clientCertificate)) continue
    const built = collect(compileUpstream(upstream), faults)
    if (built === undefined) continue
    upstreams.set(upstream.name, built)
    warnings.push(...upstreamWarnings(built, now))
  }
  if (faults.length > 0 || trust === undefined) return fail(faults)
  const policy = policyOf(config, trust, { rules, overlay })
  const { store, chains } = trust
  const missing = missingLists(config.trust, chains, rules?.listPoints ?? [])
  warnings.push(...missing.map(missingListWarning))
  const enforcement = enforcementInForce(fileConfig, rules?.latch)
  const parts = {
    policy,
    listeners,
    upstreams,
    enforcement,
    differences,
    missingLists: missing,
    warnings,
  }
  return ok({ config, trust: store, chains, ...parts })
}

/** A difference at its place in the file. */
export const differenceFault = (difference: FileDifference): Fault => ({
  at: difference.at,
  message: differenceText(difference),
})

/** What administrators decided, where there is a store. */
export interface StoreDecisions {
  readonly rules?: StoreRules | undefined
  readonly overlay?: Overlay | undefined
}

/** What becomes of listeners and upstreams whose secret lies in a store that was not looked into. */
export interface SealedIdentities {
  /** `left-out` is for what is looked at and not served by. */
  readonly sealed?: 'left-out' | 'refused'
}

/** What requests are judged by, as the file and the store have it. */
export function policyOf(
  config: Config,
  { store, chains, distrusted }: Authorities,
  { rules, overlay }: StoreDecisions,
): Policy {
  const { enforcement, grace, renewalWindow, trust } = config
  const standings = new Map(trust.enrollmentSettings.map(({ name, standing }) => [name, standing]))
  // A distrusted CA that another one has cross-signed would otherwise pass as an intermediate of the other.
  const keys = new Set([...trust.denied.keys, ...distrusted])
  const { serials } = trust.denied
  const denied = overlay?.deniedWith(keys, serials) ?? { keys, serials }
  const revocation = revocationPolicy({ config, chains, trust: store }, new LoadedCrls())
  const fleet = {
    model: config.approval.model,
    approvals: overlay?.approvals ?? NO_FLEET.approvals,
    blockedIds: overlay?.blockedIds ?? NO_FLEET.blockedIds,
    approvedIds: overlay?.approvedIds ?? NO_FLEET.approvedIds,
    known: overlay?.known ?? NO_FLEET.known,
    oauth: rules?.oauth ?? NO_FLEET.oauth,
  }
  return { enforcement, grace, renewalWindow, standings, denied, revocation, fleet }
}

function compileListener(
  config: Listener,
  advertised: readonly string[],
  isClosed: boolean,
): Result<CompiledListener, readonly Fault[]> {
  const faults: Fault[] = []
  const identities = config.certificates.flatMap((files) => {
    const opened = collect(serverIdentity(files), faults)
    return opened === undefined ? [] : [opened]
  })
  const { rows } = config.routes
  const table = collect(routeTable(rows), faults)
  const [first, ...others] = identities
  if (first === undefined || table === undefined || faults.length > 0) return fail(faults)
  const classes = [...new Set(rows.map((row) => row.class))]
  // A client that comes to the sync port without a certificate may come back with one, as where devices enrol.
  const initialClasses = config.relay?.certificate === 'if-shown' ? (['open'] as const) : classes
  return ok({
    config,
    identities: [first, ...others],
    tls: serverTls(config, { classes: initialClasses, advertised }),
    table,
    classes,
    isClosed,
  })
}

function serverTls(
  { tls }: Listener,
  { classes, advertised }: { classes: readonly RouteClass[]; advertised: readonly string[] },
): ServerTls {
  return {
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ciphers: tls.ciphers ?? DEFAULT_CIPHER_SUITES,
    groups: tls.groups?.join(':'),
    resumption: tls.resumption === 'on' || (tls.resumption === 'auto' && !classes.some(opens)),
    advertised: tls.advertiseCas ? advertised : [],
  }
}

/**
 * Decision 10: a session that began without a certificate, or with the one before the renewal, resumes as it
 * began. Where devices enrol or renew, a device that resumes would stay locked out for as long as its ticket lives.
 */
function opens(kind: RouteClass): boolean {
  return kind === 'open' || kind === 'renewal' || kind === 'legacy-oauth'
}

function listenerWarnings(listener: CompiledListener, now: Instant): readonly Fault[] {
  const { identities, config } = listener
  const uncovered = uncoveredHosts(identities, config.hosts)
  const hostWarnings: readonly Fault[] = uncovered.map((host) => ({
    at: config.at,
    message: `no certificate of listener ${config.name} names ${host}: devices that call it by that name will refuse it; have one issued with it as a subject alternative name`,
  }))
  const ofIdentities = identities.flatMap((one) => identityWarnings(one, SHOWN_TO_DEVICES, now))
  return [...ofIdentities, ...hostWarnings]
}

function upstreamWarnings(
  { config: { name, tls }, identity }: CompiledUpstream,
  now: Instant,
): readonly Fault[] {
  return [
    ...(identity === undefined ? [] : identityWarnings(identity, shownToUpstream(name), now)),
    ...(tls === undefined ? [] : trustedCaWarnings(name, tls.trust.custom, now)),
  ]
}

function compileUpstream(config: Upstream): Result<CompiledUpstream, readonly Fault[]> {
  const files = config.tls?.clientCertificate
  if (files === undefined) return ok({ config, identity: undefined })
  const identity = serverIdentity(files)
  return identity.ok ? ok({ config, identity: identity.value }) : identity
}

function collect<Value>(
  result: Result<Value, readonly Fault[]>,
  faults: Fault[],
): Value | undefined {
  if (result.ok) return result.value
  faults.push(...result.failure)
  return undefined
}

const NONE_ADVERTISED: AdvertisedCas = { pems: [], warnings: [] }
