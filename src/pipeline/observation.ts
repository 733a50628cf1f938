/**
 * Record → observation of a device, or nothing where the record says nothing about one.
 */
import type { Peer } from '../decide/decide.ts'
import type { Policy } from '../decide/policy.ts'
import { versionRank } from '../fleet/client.ts'
import { migrationStep } from '../fleet/migration.ts'
import { detectClient } from '../fleet/detect-client.ts'
import type { Instant } from '../kernel/types.ts'
import type { RequestEvent } from '../record/event.ts'
import type { Exchange } from '../fleet/sighting.ts'
import type { ObservationDetails, Observation } from '../record/sighting-buffer.ts'
import { sightedCertificate } from './sighted-certificate.ts'

/** The peer that was judged, and the policy, time and listener. */
export interface ObservationContext {
  readonly peer: Peer | undefined
  readonly policy: Policy
  readonly listener: string
  readonly port: 'sync' | 'https'
  readonly now: Instant
  /** The row is marked sensitive. */
  readonly sensitive?: boolean | undefined
  /** What a sync port carried both ways; nothing else says that a device still needs the port. */
  readonly exchange?: Exchange | undefined
  /** Octets have passed both ways since that was told last: a connection that is only still open, or ends, is no use of the port. */
  readonly isBothWays?: boolean | undefined
}

/** What is asked of a record. */
export type ObservedEvent = Pick<
  RequestEvent,
  'decision' | 'code' | 'would_refuse' | 'route' | 'route_class' | 'user_agent' | 'reported_id'
>

/**
 * What is noted. Where no certificate is asked for, a device that has one would have passed without: nothing is said
 * of it there, unless it was refused for what it is. An endpoint that does not serve says nothing about devices either.
 */
export function observationOf(
  event: ObservedEvent,
  context: ObservationContext,
): Observation | undefined {
  const { peer, listener, now, exchange } = context
  const { decision: verdict, route: row, route_class: kind, user_agent: userAgent } = event
  if (kind === 'none' || kind === 'denied' || peer === undefined) return undefined
  if (NOT_SERVING.has(event.code ?? '')) return undefined
  const isAsked = kind === 'device' || kind === 'always' || kind === 'renewal'
  const leaf = peer.kind === 'presented' ? peer.leaf : undefined
  if (!isAsked && leaf !== undefined && verdict === 'admit') return undefined
  const sound = peer.kind === 'presented' && peer.paths.ok
  // A self-made certificate must not be able to take a name of the inventory.
  const reportedId = leaf === undefined || sound ? event.reported_id : undefined
  const wouldRefuse = event.would_refuse !== undefined
  return {
    at: now,
    listener,
    key: leaf?.publicKey.fingerprint,
    fingerprint: leaf?.fingerprint,
    sound,
    // In recording: what it would have met, or the effect of requiring certificates could not be foreseen.
    verdict: wouldRefuse ? 'refuse' : verdict,
    code: event.would_refuse ?? event.code,
    authentication: isAsked || leaf !== undefined ? succeeded(event) : 'no-info',
    wouldRefuse,
    sensitive: context.sensitive === true,
    // Without a certificate it does not tell one device from another, but says what would be refused where.
    row: leaf !== undefined || isAsked ? row : undefined,
    exchange,
    userAgent: leaf === undefined ? undefined : userAgent,
    reportedId,
    policy: context.policy,
    describe: () => describe(event, peer, context),
  }
}

/** Refusals of the endpoint and not of the device: it would pass elsewhere with the same certificate. */
const NOT_SERVING: ReadonlySet<string> = new Set([
  'legacy-oauth-disabled',
  'oauth-disabled',
  'oauth-not-configured',
])

const succeeded = ({ code }: ObservedEvent): Observation['authentication'] =>
  code === 'verified' || code === 'in-grace' ? 'succeeded' : 'failed'

function describe(
  event: ObservedEvent,
  peer: Peer,
  { policy, port, isBothWays }: ObservationContext,
): ObservationDetails {
  const client = detectClient(event.route ?? '', event.user_agent)
  const certificate = peer.kind === 'presented' ? sightedCertificate(peer) : undefined
  return {
    certificate,
    class: client.class,
    agent: client.agent,
    agentVersion: client.agentVersion,
    agentRank: client.version === undefined ? undefined : versionRank(client.version),
    // Keys without a sound path can be made up by the thousand, and so can handshakes: they are no devices that migrate.
    migration:
      certificate?.sound === false || (port === 'sync' && isBothWays !== true)
        ? undefined
        : migrationStep({ port, verified: succeeded(event) === 'succeeded' }, client.class),
    approvesItself: policy.fleet.model === 'auto' && succeeded(event) === 'succeeded',
  }
}
