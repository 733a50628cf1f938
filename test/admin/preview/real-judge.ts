/**
 * What requests would really meet: the store read as the program reads it, compiled, and asked with real certificates.
 */
import type { LoadedConfig } from '../../../src/config/config.ts'
import { decide, type Ask, type Peer } from '../../../src/decide/decide.ts'
import type { Origin } from '../../../src/decide/judge-approval.ts'
import type { Foretold } from '../../../src/decide/foretell.ts'
import { NO_REVOCATION } from '../../../src/decide/policy.ts'
import { isSufficient } from '../../../src/decide/suffices.ts'
import { PeerCache } from '../../../src/identify/peer.ts'
import type { Presented } from '../../../src/identify/presented.ts'
import { ok, type Instant } from '../../../src/kernel/types.ts'
import { tunnelAsk } from '../../../src/state/ask.ts'
import { readDecisions, readRules } from '../../../src/serve/store-sync/read-rules.ts'
import { compileConfig, type CompiledConfig } from '../../../src/state/compiled-config.ts'
import { originOf } from '../../../src/state/origin.ts'
import { Overlay } from '../../../src/state/overlay.ts'
import { revocationPolicy, type LoadedCrls } from '../../../src/state/revocation-policy.ts'
import type { Store } from '../../../src/store/store.ts'
import { judge } from '../../../src/trust/judge.ts'
import { unwrap } from '../../support/store/sightings.ts'
import type { Shown } from './fleet-cas.ts'

type Config = LoadedConfig['config']

/** Verdicts by row, with the place where rows of that name are called from two. */
export type Verdicts = ReadonlyMap<string, Foretold>

/** Addresses inside, in a network inside that counts as outside, and outside. */
const REMOTES = ['10.1.2.3', '10.9.0.1', '203.0.113.9']

/** A `RealJudge` answers by what the store said when it was read. */
export class RealJudge {
  readonly compiled: CompiledConfig
  readonly #now: Instant
  readonly #peers: PeerCache

  private constructor(compiled: CompiledConfig, now: Instant) {
    this.compiled = compiled
    this.#now = now
    this.#peers = new PeerCache({ now: () => now })
  }

  static async read(
    store: Store,
    file: Config,
    { crls, now }: { readonly crls: LoadedCrls | undefined; readonly now: Instant },
  ): Promise<RealJudge> {
    const rules = unwrap(await readRules(store, file, 1))
    const overlay = new Overlay()
    unwrap(await readDecisions(store, 1, (delta) => overlay.apply(delta)))
    const compiled = unwrap(compileConfig(file, now, { rules, overlay }))
    const revocation = crls === undefined ? NO_REVOCATION : revocationPolicy(compiled, crls)
    const policy = { ...compiled.policy, revocation }
    return new RealJudge({ ...compiled, policy }, now)
  }

  peer(device: Shown | undefined): Peer {
    const { trust, policy } = this.compiled
    const presented: Presented =
      device === undefined
        ? { kind: 'none', resumed: false }
        : {
            kind: 'chain',
            resumed: false,
            handshakeOctets: 0,
            leaf: device.leaf,
            intermediates: () => ok(device.intermediates),
          }
    return this.#peers.peerOf(presented, {
      version: trust.version,
      pathsOf: (leaf, intermediates, remembered) =>
        judge({ leaf, intermediates, remembered }, trust, 'client'),
      isSufficient: (paths, at) => isSufficient(paths, policy, at),
    })
  }

  /** Whether a path of the device leads over a CA certificate that came with no enrollment setting. */
  showsMore(device: Shown | undefined): boolean {
    const peer = this.peer(device)
    if (peer.kind !== 'presented' || !peer.paths.ok) return false
    const held = new Set(this.compiled.trust.intermediates.map(({ fingerprint }) => fingerprint))
    const above = peer.paths.value.flatMap(({ certificates: [, ...issuers] }) => issuers)
    return above.some(({ fingerprint }) => !held.has(fingerprint))
  }

  /** What a device meets everywhere; one that is not issued yet, once it is. */
  verdicts(device: Shown | undefined, at = this.#now): Verdicts {
    const peer = this.peer(device)
    const met = this.#asks(peer)
    const origins = Map.groupBy(met, ({ row }) => row)
    return new Map(
      met.map(({ row, origin, ask, isClosed }) => {
        const isOne = new Set(origins.get(row)?.map((other) => other.origin)).size === 1
        const place = origin === 'internal' ? 'inside' : 'outside'
        return [isOne ? row : `${row} (${place})`, isClosed ? CLOSED : this.#verdict(ask, at)]
      }),
    )
  }

  #asks(peer: Peer): readonly RealAsk[] {
    const { listeners, config } = this.compiled
    return [...listeners.values()].flatMap(({ config: listener, isClosed }) =>
      REMOTES.flatMap((remote): readonly RealAsk[] => {
        const origin = originOf({ remote, listener }, config.approval)
        const { relay, name, routes } = listener
        if (relay !== undefined) {
          const { approval } = config
          const ask = tunnelAsk({ remote }, { relay, listener }, { peer, approval })
          return [{ row: name, origin, ask, isClosed }]
        }
        return routes.rows
          .filter((row) => row.class !== 'denied')
          .map(({ id, class: route, match, networks, sensitive, endpoint }) => {
            const access = networks === undefined ? undefined : { address: remote, networks }
            const ask = { peer, route, match, access, sensitive, origin, endpoint }
            return { row: `${routes.name}/${id}`, origin, ask, isClosed }
          })
      }),
    )
  }

  #verdict(ask: Ask, at: Instant): Foretold {
    const decision = decide(ask, this.compiled.policy, at)
    if (decision.kind === 'refuse') return { admitted: false, code: decision.why.kind }
    const { basis } = decision
    const code = basis.kind === 'recording' ? basis.wouldRefuse.kind : basis.kind
    return { admitted: true, code }
  }
}

interface RealAsk {
  readonly row: string
  readonly origin: Origin
  readonly ask: Ask
  readonly isClosed: boolean
}

const CLOSED: Foretold = { admitted: false, code: 'listener-closed' }
