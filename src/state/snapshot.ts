/**
 * The snapshot in force: what `compiled-config.ts` built, plus what had to be opened to use it. Frozen, versioned, replaced
 * by one assignment; a request that began under an old one finishes under it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Vouched } from '../decide/decide.ts'
import { isSufficient } from '../decide/suffices.ts'
import type { UpstreamError } from '../kernel/upstream-error.ts'
import type { UntrustedServer } from '../forward/connect/untrusted.ts'
import {
  openUpstream,
  type Upstream,
  type UpstreamHealthChange,
} from '../forward/balance/upstream.ts'
import { covers } from '../handshake/server-identity.ts'
import type { PathJudge } from '../identify/peer.ts'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { hostTable, type HostTable } from '../message/authority.ts'
import { encodeIdentity, identityNames, type EncodedIdentity } from '../message/encode/encode.ts'
import { fieldFilter, type FieldFilter } from '../message/request-fields.ts'
import { judge } from '../trust/judge.ts'
import type { CompiledListener, CompiledUpstream, CompiledConfig } from './compiled-config.ts'
import { revocationPolicy, type LoadedCrls } from './revocation-policy.ts'
import type { IdentitySettings } from '../message/encode/settings.ts'

export interface Snapshot {
  readonly version: number
  readonly compiled: CompiledConfig
  readonly judge: PathJudge
  readonly listeners: ReadonlyMap<string, ListenerView>
  readonly upstreams: ReadonlyMap<string, UpstreamView>
  /** Which of a device's fields pass; knows every name that any upstream of this snapshot reads an identity from. */
  readonly fieldFilter: FieldFilter
}

export interface ListenerView {
  readonly compiled: CompiledListener
  readonly hosts: HostTable
}

export interface UpstreamView {
  readonly compiled: CompiledUpstream
  readonly upstream: Upstream
  /** Returns what is sent to this upstream about the device, or that there is nothing to send. */
  encode(vouched: Vouched | undefined): EncodedIdentity
}

/** What opening a snapshot needs. */
export interface SnapshotDeps {
  readonly version: number
  /** The snapshot it replaces: an upstream whose settings did not change keeps its connections. */
  readonly previous: Snapshot | undefined
  readonly onUntrusted: (upstream: string, facts: UntrustedServer) => void
  readonly onHealth: (change: UpstreamHealthChange) => void
  readonly onError: (error: UpstreamError) => void
}

/** Opens a snapshot; on any fault nothing is left open that was not open before. */
export function openSnapshot(
  compiled: CompiledConfig,
  deps: SnapshotDeps,
): Result<Snapshot, readonly Fault[]> {
  const faults: Fault[] = []
  const upstreams = new Map<string, UpstreamView>()
  for (const [name, one] of compiled.upstreams) {
    const view = upstreamView(name, one, deps)
    if (view.ok) upstreams.set(name, view.value)
    else faults.push(...view.failure)
  }
  if (faults.length > 0) return fail(faults)
  const { trust } = compiled
  return ok({
    version: deps.version,
    compiled,
    judge: {
      version: trust.version,
      pathsOf: (leaf, intermediates, remembered) =>
        judge({ leaf, intermediates, remembered }, trust, 'client'),
      isSufficient: (paths, now) => isSufficient(paths, compiled.policy, now),
    },
    listeners: new Map(
      [...compiled.listeners].map(([name, one]) => [name, { compiled: one, hosts: hostsOf(one) }]),
    ),
    upstreams,
    fieldFilter: fieldFilter([
      ...compiled.config.removeFields,
      ...[...compiled.upstreams.values()].flatMap(({ config }) =>
        config.identity === undefined ? [] : identityNames(config.identity),
      ),
    ]),
  })
}

/** Returns the same snapshot with other lists in force. */
export function withCrls(snapshot: Snapshot, crls: LoadedCrls): Snapshot {
  const { compiled } = snapshot
  const policy = { ...compiled.policy, revocation: revocationPolicy(compiled, crls) }
  return { ...snapshot, compiled: { ...compiled, policy } }
}

/** Closes what `old` had open and `next` does not use; requests under way on it finish. */
export function closeRetired(old: Snapshot, next: Snapshot | undefined): void {
  const inUse = new Set([...(next?.upstreams.values() ?? [])].map(({ upstream }) => upstream))
  for (const [name, { upstream }] of old.upstreams) {
    // Kept itself, or its name taken over: new connections obey the new settings at once.
    if (!inUse.has(upstream)) void upstream.close(next?.upstreams.get(name)?.upstream)
  }
}

function upstreamView(
  name: string,
  compiled: CompiledUpstream,
  deps: SnapshotDeps,
): Result<UpstreamView, readonly Fault[]> {
  const { config, identity } = compiled
  const settings = config.identity
  const encode = settings === undefined ? () => NO_IDENTITY : encoder(settings)
  const before = deps.previous?.upstreams.get(name)
  if (before !== undefined && isDeepStrictEqual(before.compiled.config, config)) {
    return ok({ compiled, upstream: before.upstream, encode })
  }
  // An upstream lives as long as its settings: it must not hold `deps`, or each would hold the snapshots before it.
  const { onUntrusted, onHealth, onError } = deps
  const opened = openUpstream(config, {
    identity,
    onUntrusted: (facts) => onUntrusted(name, facts),
    onHealth,
    onError,
  })
  if (!opened.ok) return opened
  return ok({ compiled, upstream: opened.value, encode })
}

/**
 * Encodes what a device that keeps coming is known by no more than three times: its path is remembered with it, so later
 * connections find its fields ready. The first time leaves only a mark on a path, because what a weak map holds is not
 * collected while it is young, and most of a large fleet's paths are met once.
 */
function encoder(settings: IdentitySettings): (vouched: Vouched | undefined) => EncodedIdentity {
  const anonymous = encodeIdentity(undefined, settings)
  const ready = new WeakMap<object, Encoded | typeof MET>()
  return (vouched) => {
    if (vouched === undefined) return anonymous
    const { path, timeliness } = vouched
    const known = ready.get(path)
    if (known !== undefined && known !== MET && known.of === timeliness) return known.it
    const it = encodeIdentity(vouched, settings)
    ready.set(path, known === undefined ? MET : { of: timeliness, it })
    return it
  }
}

interface Encoded {
  readonly of: Vouched['timeliness']
  readonly it: EncodedIdentity
}

const MET = 'met'

/** Which certificate stands for which host; a host that none names is served under the default one (and warned about). */
export function hostsOf({ config, identities }: CompiledListener): HostTable {
  const { hosts, port, publishedPorts } = config
  const perIdentity = identities.map((identity) => hosts.filter((host) => covers(identity, host)))
  const bare = hosts.filter((host) => !perIdentity.some((covered) => covered.includes(host)))
  const [first = [], ...others] = perIdentity
  return hostTable([[...first, ...bare], ...others], [port, ...publishedPorts])
}

/** RFC 9440 §4: telling an upstream anything is opt-in. */
const NO_IDENTITY: EncodedIdentity = { fields: [], verify: 'NONE', withheld: 'nothing' }
