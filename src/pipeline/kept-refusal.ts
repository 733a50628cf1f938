/**
 * Events → refusals that are kept, in the words of their lines in the log. What was admitted and served is none, and what a
 * device ended itself is none.
 */
import { isExpected, type Peer } from '../decide/decide.ts'
import type { Policy } from '../decide/policy.ts'
import type { KeptRefusal, RefusedCertificate } from '../fleet/kept-refusal.ts'
import { countedNetwork } from '../kernel/network.ts'
import type { Instant } from '../kernel/types.ts'
import type { ConnectionEvent, RequestEvent } from '../record/event.ts'
import type { RefusalShare } from '../record/refusal-pool.ts'
import type { TunnelEvent } from '../record/tunnel-event.ts'
import type { Connection } from './connection.ts'
import { sightedCertificate } from './sighted-certificate.ts'

/** A refusal as far as it is worked out before it is known whether it stays. */
export interface PendingRefusal {
  readonly share: RefusalShare
  make(): KeptRefusal
}

/** When it was, and by what it was judged. */
export interface RefusalContext {
  readonly at: Instant
  readonly policy: Policy
}

/** The connection that was refused, or one of whose requests was. */
export type RefusedConnection = Pick<Connection, 'id' | 'listener' | 'remote' | 'lastPeer'>

/** Of one request: refused by the front end, or failed by the upstream with an answer of ours. */
export function refusedRequest(
  connection: RefusedConnection,
  event: RequestEvent,
  context: RefusalContext,
): PendingRefusal | undefined {
  const isRefused = event.decision === 'refuse'
  const { failure } = event
  if (!isRefused && (failure === undefined || WENT_AWAY.has(failure))) return undefined
  // What was sent behind the last answer was told nothing: the connection stands for it.
  const reference = event.reference ?? connection.id
  const code = isRefused ? event.code : (failure ?? event.code)
  return pending(connection, code, context, {
    reference,
    outcome: isRefused ? 'refused' : 'failed',
    route: event.route,
    routeClass: event.route_class === 'none' ? undefined : event.route_class,
    sentence: event.reason ?? '',
    nextStep: event.next_step,
    status: event.status === 0 ? undefined : event.status,
    method: event.method.slice(0, MAX_METHOD),
    path: event.path,
    snapshot: event.snapshot,
  })
}

/** Of a connection that was closed before a request, or that ended with its verdict, or that spoke no HTTP. */
export function refusedConnection(
  connection: RefusedConnection,
  event: ConnectionEvent,
  context: RefusalContext,
): PendingRefusal | undefined {
  const { outcome, code } = event
  if (outcome === 'served' || code === undefined || code === DRAINED) return undefined
  return pending(connection, code, context, {
    ...NO_REQUEST,
    reference: event.reference ?? connection.id,
    outcome,
    sentence: event.reason ?? '',
    nextStep: event.next_step,
    status: event.status,
  })
}

/** Of a connection to a sync port that was refused, ended with its verdict, or failed by the upstream. */
export function refusedTunnel(
  connection: RefusedConnection,
  event: TunnelEvent,
  context: RefusalContext,
): PendingRefusal | undefined {
  const { outcome } = event
  if (outcome === 'relayed' || outcome === 'aborted' || event.code === DRAINED) return undefined
  const code = outcome === 'failed' ? (event.failure ?? event.code) : event.code
  return pending(connection, code, context, {
    ...NO_REQUEST,
    reference: connection.id,
    outcome,
    routeClass: event.route_class === 'none' ? undefined : event.route_class,
    sentence: event.reason ?? '',
    nextStep: event.next_step,
    snapshot: event.snapshot,
  })
}

/** Of a handshake that failed: nothing is known of the peer but its address. */
export function failedHandshake(
  { id, listener, remote }: Omit<RefusedConnection, 'lastPeer'>,
  { code = '', reason = '', next_step: nextStep }: ConnectionEvent,
  context: RefusalContext,
): PendingRefusal {
  const facts = { ...NO_REQUEST, reference: id, outcome: 'handshake-failed' } as const
  const connection = { id, listener, remote, lastPeer: undefined }
  return pending(connection, code, context, { ...facts, sentence: reason, nextStep })
}

type EventFacts = Omit<
  KeptRefusal,
  'at' | 'listener' | 'code' | 'address' | 'certificate' | 'known' | 'owner'
>

function pending(
  { listener, remote, lastPeer: peer }: RefusedConnection,
  code: string,
  { at, policy }: RefusalContext,
  facts: EventFacts,
): PendingRefusal {
  const key = peer === undefined ? undefined : knownKey(peer, { at, policy })
  const owner = key ?? countedNetwork(remote)
  const share = { at, code, owner, known: key !== undefined }
  return {
    share,
    make: () => ({
      ...facts,
      ...share,
      listener,
      address: remote,
      certificate: peer?.kind === 'presented' ? refusedCertificate(peer) : undefined,
    }),
  }
}

/**
 * The key of a device that is known for sure: approved or blocked, or with a certificate that a CA in force vouches for,
 * its end apart. What a peer merely says of itself makes it no known device, and the handshake proved that it has the key.
 */
function knownKey(peer: Peer, { at, policy }: RefusalContext): string | undefined {
  if (peer.kind !== 'presented') return undefined
  const key = peer.leaf.publicKey.fingerprint
  const isDecided = policy.fleet.approvals.approvalOf(key) !== 'unapproved'
  return isDecided || isExpected(peer, policy, at) ? key : undefined
}

function refusedCertificate(peer: Peer & { readonly kind: 'presented' }): RefusedCertificate {
  const { sound: _sound, listUrl: _listUrl, ...certificate } = sightedCertificate(peer)
  return certificate
}

const NO_REQUEST = {
  route: undefined,
  routeClass: undefined,
  status: undefined,
  method: undefined,
  path: undefined,
  snapshot: undefined,
} as const

/** A device that went away was refused nothing. */
const WENT_AWAY: ReadonlySet<string> = new Set(['device-gone'])
/** The code of connections that end because the front end does, whatever the peer: no refusal. */
export const DRAINED = 'drained'
/** Methods are tokens of any length; ours has 16 at most. */
const MAX_METHOD = 32
