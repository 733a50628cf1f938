/**
 * What is asked of the judge about a request or about a connection to a sync port: the pipeline asks it of what came,
 * explanations ask it of what might come.
 */
import { decide, vouchedFor, type Ask, type Peer } from '../decide/decide.ts'
import type { RouteClass } from '../decide/policy.ts'
import type { Refusal, Unaffordable } from '../decide/refusal.ts'
import type { Instant } from '../kernel/types.ts'
import { agentRuleText, ruleFor } from '../message/agent.ts'
import type { Config } from '../config/config.ts'
import type { Listener, Relay } from '../config/listener/types.ts'
import type { RouteRow } from '../config/routes/types.ts'
import type { ApprovalSettings } from '../config/service/types.ts'
import type { CompiledConfig, CompiledListener } from './compiled-config.ts'
import { originOf } from './origin.ts'

/** Who asks, where, and what it says of itself. */
export interface Caller {
  readonly peer: Peer
  /** The address of the other end. */
  readonly remote: string
  readonly listener: Pick<Listener, 'exposure'>
  readonly userAgent: string | undefined
}

/** What is asked about a request that meets this row. */
export function requestAsk(
  row: RouteRow,
  { peer, remote, listener, userAgent }: Caller,
  config: Pick<Config, 'approval' | 'withoutGrace'>,
): Ask {
  const { class: route, match, networks, sensitive, endpoint } = row
  return {
    peer,
    route,
    match,
    withoutGrace: graceRule(row, userAgent, config),
    access: networks === undefined ? undefined : { address: remote, networks },
    sensitive,
    origin: originOf({ remote, listener }, config.approval),
    endpoint,
  }
}

/** What a client says of itself takes grace away and gives nothing (decision 6); other routes do not ask. */
function graceRule(
  { class: route }: RouteRow,
  userAgent: string | undefined,
  { withoutGrace }: Pick<Config, 'withoutGrace'>,
): string | undefined {
  if (route !== 'renewal') return undefined
  const rule = ruleFor(userAgent, withoutGrace)
  return rule === undefined ? undefined : agentRuleText(rule)
}

/** A sync port, as far as it says what is asked. */
export interface TunnelEntry {
  readonly relay: Relay
  readonly listener: Pick<Listener, 'exposure'>
}

/** What is asked about a connection to a sync port. */
export function tunnelAsk(
  { remote }: Pick<Caller, 'remote'>,
  { relay: { certificate, networks, sensitive }, listener }: TunnelEntry,
  { peer, approval }: { readonly peer: Peer; readonly approval: ApprovalSettings },
): Ask {
  return {
    peer,
    route: tunnelClass(certificate, peer),
    access: networks === undefined ? undefined : { address: remote, networks },
    sensitive,
    origin: originOf({ remote, listener }, approval),
  }
}

/**
 * The legacy clients of the port show no certificate, and never have (S0-14, S1-08): by default none is required.
 * A device that presents one is judged by it.
 */
function tunnelClass(certificate: Relay['certificate'], { kind }: Peer): RouteClass {
  if (certificate !== 'if-shown') return certificate
  return kind === 'none' || kind === 'none-resumed' ? 'open' : 'device'
}

/** A connection for HTTP, as far as it says whether a request on it can be admitted at all. */
export interface ConnectionFacts {
  readonly listener: Pick<CompiledListener, 'classes' | 'config'>
  readonly peer: Peer
  readonly remote: string
}

/**
 * Why HTTP is not parsed at all: no row of the listener could admit this peer. Derived from the rows, so that opening a
 * single route is enough to let every peer send a request. Undefined where one could; `why` is undefined where no row says
 * anything of the peer.
 */
export function closedTo(
  { listener: { classes, config: listener }, peer, remote }: ConnectionFacts,
  { config, policy }: Pick<CompiledConfig, 'config' | 'policy'>,
  now: Instant,
): { readonly why: Refusal | undefined } | undefined {
  const unaffordable = unaffordableOf(peer)
  if (unaffordable !== undefined) return { why: unaffordable }
  const origin = originOf({ remote, listener }, config.approval)
  let why: Refusal | undefined
  for (const route of classes) {
    const decision = decide({ peer, route, origin }, policy, now)
    if (decision.kind === 'admit') return undefined
    // What a denied row says tells nothing about the peer.
    if (decision.why.kind !== 'route-denied') why ??= decision.why
  }
  return { why }
}

/** Whether some row of the listener, or its relay, would admit this peer for its certificate, and not because it asks for none. */
export function isVouchedFor(
  { listener: { classes, config: listener }, peer, remote }: ConnectionFacts,
  { config, policy }: Pick<CompiledConfig, 'config' | 'policy'>,
  now: Instant,
): boolean {
  if (peer.kind !== 'presented' || !peer.paths.ok) return false
  const { approval } = config
  const origin = originOf({ remote, listener }, approval)
  const asks: readonly Ask[] =
    listener.relay === undefined
      ? classes.map((route) => ({ peer, route, origin }))
      : [tunnelAsk({ remote }, { relay: listener.relay, listener }, { peer, approval })]
  return asks.some((ask) => {
    const decision = decide(ask, policy, now)
    return decision.kind === 'admit' && vouchedFor(decision) !== undefined
  })
}

/** Why a connection may not stay open whatever it would ask for: what its peer presented costs more than one may. */
export function unaffordableOf(peer: Peer): Unaffordable | undefined {
  if (peer.kind !== 'unreadable') return undefined
  const { fault } = peer
  return fault.kind === 'chain-too-large' || fault.kind === 'no-room-for-chain' ? fault : undefined
}
