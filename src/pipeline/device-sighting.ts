/**
 * One record → what the books of the fleet note of it, or nothing where it says nothing about a device.
 */
import type { Peer } from '../decide/decide.ts'
import type { Policy } from '../decide/policy.ts'
import { versionRank } from '../fleet/client.ts'
import { migrationStep } from '../fleet/migration.ts'
import { detectClient } from '../fleet/detect-client.ts'
import { signedIds } from '../fleet/signed-ids.ts'
import type { Instant } from '../kernel/types.ts'
import type { RequestEvent } from '../record/event.ts'
import type {
  ObservationDetails,
  Observation,
  SightedCertificate,
} from '../record/device-sightings.ts'
import { nameText, serialText } from './certificate-text.ts'

/** Who was judged, by what, when and where. */
export interface ObservationContext {
  readonly peer: Peer | undefined
  readonly policy: Policy
  readonly listener: string
  readonly port: 'sync' | 'https'
  readonly now: Instant
}

/** What is asked of a record. */
export type ObservedEvent = Pick<
  RequestEvent,
  'decision' | 'code' | 'would_refuse' | 'route' | 'route_class' | 'user_agent' | 'reported_id'
>

/**
 * What is noted. Where no certificate is asked for, a device that has one would have passed without: nothing is said
 * of it there, unless it was refused for what it is. A disabled endpoint says nothing of anybody either.
 */
export function observationOf(
  event: ObservedEvent,
  context: ObservationContext,
): Observation | undefined {
  const { peer, listener, now } = context
  const { decision: verdict, route: row, route_class: kind, user_agent: userAgent } = event
  if (kind === 'none' || kind === 'denied' || peer === undefined) return undefined
  if (DISABLED.has(event.code ?? '')) return undefined
  const isAsked = kind === 'device' || kind === 'always' || kind === 'renewal'
  const leaf = peer.kind === 'presented' ? peer.leaf : undefined
  if (!isAsked && leaf !== undefined && verdict === 'admit') return undefined
  const sound = peer.kind === 'presented' && peer.paths.ok
  // With a certificate that anybody can make, anybody could take the names of the inventory.
  const reportedId = leaf === undefined || sound ? event.reported_id : undefined
  return {
    at: now,
    listener,
    key: leaf?.publicKey.fingerprint,
    fingerprint: leaf?.fingerprint,
    sound,
    // In recording: what it would have met, or nobody could foretell what requiring certificates does.
    verdict: event.would_refuse === undefined ? verdict : 'refuse',
    code: event.would_refuse ?? event.code,
    authentication: isAsked || leaf !== undefined ? succeeded(event) : 'no-info',
    // Who shows nothing is nobody in particular, whatever he calls himself.
    row: leaf === undefined ? undefined : row,
    userAgent: leaf === undefined ? undefined : userAgent,
    reportedId,
    describe: () => ({ ...describe(event, peer, context), reportedId }),
  }
}

/** Refusals of the endpoint and not of the device: it would pass elsewhere with the same certificate. */
const DISABLED: ReadonlySet<string> = new Set(['legacy-oauth-disabled', 'oauth-disabled'])

const succeeded = ({ code }: ObservedEvent): Observation['authentication'] =>
  code === 'verified' || code === 'in-grace' ? 'succeeded' : 'failed'

function describe(
  event: ObservedEvent,
  peer: Peer,
  { policy, port }: ObservationContext,
): Omit<ObservationDetails, 'reportedId'> {
  const client = detectClient(event.route ?? '', event.user_agent)
  const certificate = peer.kind === 'presented' ? certificateOf(peer) : undefined
  const { setting } = certificate ?? {}
  const isCurrent = setting !== undefined && policy.standings.get(setting)?.kind === 'current'
  return {
    certificate,
    class: client.class,
    agent: client.agent,
    agentVersion: client.agentVersion,
    agentRank: client.version === undefined ? undefined : versionRank(client.version),
    // Keys that nobody vouches for are made up by the thousand: they are no devices that migrate.
    migration:
      certificate?.sound === false
        ? undefined
        : migrationStep({ port, verified: succeeded(event) === 'succeeded' }, client.class),
    approvesItself: policy.fleet.model === 'auto' && isCurrent && succeeded(event) === 'succeeded',
  }
}

function certificateOf({ leaf, paths }: Peer & { readonly kind: 'presented' }): SightedCertificate {
  const path = paths.ok ? paths.value[0] : undefined
  const issuer = path?.certificates[1] ?? path?.anchor.certificate
  return {
    fingerprint: leaf.fingerprint,
    key: leaf.publicKey.fingerprint,
    issuerKey: issuer?.publicKey.fingerprint,
    serial: serialText(leaf),
    issuer: nameText(leaf.issuer),
    subject: nameText(leaf.subject),
    signedIds: path === undefined ? [] : signedIds(leaf.subjectAltNames),
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    setting: path?.anchor.setting,
    sound: path !== undefined,
  }
}
