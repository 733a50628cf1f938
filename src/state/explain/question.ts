/**
 * What exactly is asked: about whom, on which listener, at which time, and perhaps of which request. Plain data, so that it
 * can be put to the process that would meet the device.
 */
import type { RetainedLeaf } from '../../decide/foretell.ts'
import type { PathFailure } from '../../trust/failure.ts'
import type { Fingerprint, Instant, KeyFingerprint } from '../../kernel/types.ts'
import { routeOf, type NoRoute } from '../../message/route.ts'
import { parseTarget, type TargetFault } from '../../message/target.ts'
import { checkAuthority, type AuthorityFault } from '../../message/authority.ts'
import { fail, type Result } from '../../kernel/types.ts'
import type { RouteRow } from '../../config/routes/types.ts'
import type { CompiledConfig, CompiledListener } from '../compiled-config.ts'
import { hostsOf } from '../snapshot.ts'

/** About whom it is. */
export type Subject =
  | { readonly kind: 'none' }
  /** What a device would present, leaf first (DER). */
  | { readonly kind: 'presented'; readonly ders: readonly [Buffer, ...Buffer[]] }
  | { readonly kind: 'kept'; readonly certificate: KeptCertificate }

/** What is kept of a certificate that a device showed. */
export interface KeptCertificate {
  readonly leaf: RetainedLeaf
  readonly fingerprint: Fingerprint | undefined
  readonly subject: string
  readonly issuer: string
  readonly issuerKey: KeyFingerprint | undefined
  /** The enrollment setting that it was seen under; undefined where no CA vouched for it. */
  readonly setting: string | undefined
  /** Why no path of it was sound when it was seen. */
  readonly failure: Pick<PathFailure, 'kind'> | undefined
}

/** A request, as far as it decides which row it meets. */
export interface AskedRequest {
  readonly method: string
  readonly target: string
  /** Undefined: one that the listener serves. */
  readonly host: string | undefined
}

/** Where and when. */
export interface Circumstances {
  /** The name of a listener; undefined: the first. */
  readonly listener: string | undefined
  /** Undefined: now. */
  readonly at: Instant | undefined
  /** Undefined asks about every class of route that the listener has. */
  readonly request: AskedRequest | undefined
  /** What the client says of itself. */
  readonly userAgent: string | undefined
  /** The address it calls from; `undefined` is one that every row allows. */
  readonly from: string | undefined
}

export interface Question extends Circumstances {
  readonly subject: Subject
}

/** The circumstances, found in what is in force. */
export interface Query {
  readonly listener: CompiledListener
  readonly at: Instant
  readonly request: AskedRequest | undefined
  readonly userAgent: string | undefined
  readonly from: string | undefined
}

/** Finds them; undefined where no listener has the name. */
export function queryIn(
  { listener: wanted, at, request, userAgent, from }: Circumstances,
  { listeners }: Pick<CompiledConfig, 'listeners'>,
  now: Instant,
): Query | undefined {
  const [first = ''] = listeners.keys()
  const listener = listeners.get(wanted ?? first)
  return listener && { listener, at: at ?? now, request, userAgent, from }
}

/** Why a request meets no row. */
export type Unrouted =
  | { readonly kind: 'host'; readonly fault: AuthorityFault }
  | { readonly kind: 'target'; readonly fault: TargetFault }
  | NoRoute

/** Which row a request meets, as a connection of its own that asks for its host by SNI. */
export function routeMet(
  { request }: { readonly request: AskedRequest },
  listener: CompiledListener,
): Result<RouteRow, Unrouted> {
  const { host, method } = request
  if (host !== undefined) {
    const authority = checkAuthority([host], undefined, hostsOf(listener))
    if (!authority.ok) return fail({ kind: 'host', fault: authority.failure })
  }
  const target = parseTarget(request.target)
  if (!target.ok) return fail({ kind: 'target', fault: target.failure })
  return routeOf(listener.table, method, target.value)
}
