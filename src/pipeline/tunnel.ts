/**
 * The pipeline of connections that are relayed octet by octet: the same identify and the same decide, once for the
 * whole connection, then both directions until it is over, and one record.
 */
import { decide, timelinessOfPeer, vouchedFor } from '../decide/decide.ts'
import type { Admission, Decision, Vouched } from '../decide/decide.ts'
import { relay, type RelayDestination, type RelayOutcome } from '../forward/tunnel/relay.ts'
import type { CarriedOctets } from '../forward/tunnel/exchange-progress.ts'
import { proxyHeader } from '../message/proxy-protocol.ts'
import type { TunnelEvent } from '../record/tunnel-event.ts'
import type { ListenerView, Snapshot } from '../state/snapshot.ts'
import type { Connection } from './connection.ts'
import { tunnelAsk, unaffordableOf } from '../state/ask.ts'
import type { PipelineDeps } from './pipeline.ts'
import { explainRejection } from './rejection.ts'
import { tunnelEvent, type TunnelVerdict, type TunnelOutcome } from './tunnel-event.ts'

/** What the pipeline of tunnels needs from the process. */
export interface TunnelDeps extends Pick<
  PipelineDeps,
  'clock' | 'onStaleSession' | 'peerCache' | 'snapshot'
> {
  /** Called with the verdict before the first octet passes. */
  judged(connection: Connection, verdict: TunnelVerdict): void
  /** Called as soon as octets have passed both ways, and then every few hours while octets pass. */
  exchanged(connection: Connection, verdict: TunnelVerdict, octets: CarriedOctets): void
}

/** Handles one connection from its handshake to its record. */
export async function handleTunnel(
  connection: Connection,
  deps: TunnelDeps,
): Promise<{ readonly event: TunnelEvent; readonly verdict: TunnelVerdict }> {
  const startedAt = performance.now()
  const snapshot = deps.snapshot()
  const view = snapshot.listeners.get(connection.listener)
  const verdict = verdictOn(connection, view, { snapshot, deps })
  deps.judged(connection, verdict)
  const upstream = view?.compiled.config.relay?.upstream
  const outcome =
    view === undefined ? undefined : await openTunnel(connection, verdict, { view, snapshot, deps })
  if (outcome === undefined) connection.socket.destroy()
  const event = tunnelEvent(
    {
      openedAt: connection.openedAt,
      upstream,
      durationMs: performance.now() - startedAt,
      snapshot: snapshot.version,
      ending: connection.ending,
    },
    verdict,
    outcome,
  )
  return { event, verdict }
}

interface TunnelContext {
  readonly snapshot: Snapshot
  readonly deps: TunnelDeps
}

function verdictOn(
  connection: Connection,
  view: ListenerView | undefined,
  { snapshot, deps }: TunnelContext,
): TunnelVerdict {
  const settings = view?.compiled.config.relay
  if (view === undefined || settings === undefined) {
    return { kind: 'closed', facts: explainRejection({ kind: 'listener-gone' }) }
  }
  if (view.compiled.isClosed) {
    return { kind: 'closed', facts: explainRejection({ kind: 'listener-closed' }) }
  }
  const { policy, config } = snapshot.compiled
  const now = deps.clock.now()
  const peer = connection.peer(deps.peerCache, snapshot.judge)
  const entry = { relay: settings, listener: view.compiled.config }
  const ask = tunnelAsk(connection, entry, { peer, approval: config.approval })
  const unaffordable = unaffordableOf(peer)
  const decision: Decision =
    unaffordable === undefined ? decide(ask, policy, now) : { kind: 'refuse', why: unaffordable }
  if (decision.kind === 'refuse' && connection.needsFullHandshake(decision.why))
    deps.onStaleSession()
  let header: Buffer | undefined
  if (decision.kind !== 'refuse' && settings.proxyProtocol.place !== 'off') {
    header = headerOf(connection, vouchedFor(decision), settings.proxyProtocol.certificate)
    // Without it, what the device sends would be read as the header.
    if (header === undefined)
      return { kind: 'closed', facts: explainRejection({ kind: 'addresses-unknown' }) }
  }
  return { kind: 'judged', ask, decision, header, timeliness: timelinessOfPeer(peer, policy, now) }
}

async function openTunnel(
  connection: Connection,
  verdict: TunnelVerdict,
  { view, snapshot, deps }: TunnelContext & { readonly view: ListenerView },
): Promise<TunnelOutcome | undefined> {
  if (verdict.kind === 'closed' || verdict.decision.kind === 'refuse') return undefined
  const { relay: settings, limits } = view.compiled.config
  const upstream = snapshot.upstreams.get(settings?.upstream ?? '')?.upstream
  // The configuration was checked: a relay leads to an upstream that exists.
  if (settings === undefined || upstream === undefined) throw new Error('a relay leads nowhere')
  const admission: Admission = verdict.decision
  const { place } = settings.proxyProtocol
  const vouched = vouchedFor(admission)
  const way: RelayDestination = {
    upstream,
    header: verdict.header,
    place: place === 'inside-tls' ? 'inside-tls' : 'before-tls',
    device: vouched?.path.certificates[0].publicKey.fingerprint,
    unvouched: vouched === undefined ? connection.network : undefined,
    idle: limits.idle,
    onExchange: (octets) => deps.exchanged(connection, verdict, octets),
  }
  connection.activeAsk = verdict.ask
  const outcome = await relay(admission, connection.socket, way)
  return { ...outcome, forwarded: forwardedBy(way, vouched, outcome) }
}

function forwardedBy(
  { header }: RelayDestination,
  vouched: Vouched | undefined,
  { connectMs }: RelayOutcome,
): TunnelEvent['proxy_header'] {
  if (header === undefined || connectMs === undefined) return 'nothing'
  return isNamed(vouched) ? 'certificate' : 'address'
}

/** A header that says "verified" must not be said of a certificate in grace; no row of this port has any. */
const isNamed = (vouched: Vouched | undefined): vouched is Vouched =>
  vouched !== undefined && vouched.timeliness !== 'in-grace'

function headerOf(
  { id, socket, addresses, sni, presented, protocol, cipher }: Connection,
  vouched: Vouched | undefined,
  withCertificate: boolean,
): Buffer | undefined {
  const { source, destination } = addresses
  // A socket that has no address any more was reset: Node 26.10 tells that as an orderly end, and lets answers to it wait.
  const isGone = socket.remoteAddress === undefined
  if (isGone || source === undefined || destination === undefined) return undefined
  return proxyHeader({
    source,
    destination,
    authority: sni,
    uniqueId: id,
    tls: {
      version: protocol,
      cipher: cipher.name,
      resumed: 'resumed' in presented && presented.resumed,
      vouched: isNamed(vouched) ? vouched.path.certificates[0] : undefined,
    },
    withCertificate,
  })
}
