/**
 * Where an admitted request goes and what the upstream will read. What is the same for all requests of a
 * connection is built once; per request only the device's own fields are walked.
 */
import { vouchedFor, type Admission } from '../decide/decide.ts'
import type { Destination } from '../forward/exchange/exchange.ts'
import type { RequestMessage } from '../http1/message.ts'
import { isInside } from '../kernel/network.ts'
import { forwardingFields, listOfStyle } from '../message/forwarding-fields.ts'
import type { EncodedIdentity } from '../message/encode/encode.ts'
import { requestFields } from '../message/request-fields.ts'
import type { Snapshot, UpstreamView } from '../state/snapshot.ts'
import type { Connection } from './connection.ts'
import type { RequestHead } from './request-head.ts'
import type { Listener } from '../config/listener/types.ts'
import type { RouteRow } from '../config/routes/types.ts'

/** An admitted request, and the row that it met. */
export interface Admitted {
  readonly decision: Admission
  readonly route: RouteRow
  readonly head: RequestHead
}

/** Where a request goes, and what is sent to the upstream about the device. */
export interface RequestPlan {
  readonly destination: Destination
  readonly identity: EncodedIdentity
}

/** Works out where an admitted request goes. */
export function destinationFor(
  { decision, route, head }: Admitted,
  request: RequestMessage,
  { snapshot, connection, listener }: DestinationContext,
): RequestPlan {
  const view = upstreamOf(route, snapshot)
  const vouched = vouchedFor(decision)
  const kind = {
    upstream: view,
    path: vouched?.path,
    timeliness: vouched?.timeliness,
    host: head.host,
  }
  const { plan, identity } = connection.plan(kind, () => {
    const identity = view.encode(vouched)
    const plan = {
      filter: snapshot.fieldFilter,
      host: hostFieldFor(view, head.host),
      identity: identity.fields,
      forwarding: forwardingFields(
        { address: connection.remote, host: head.host },
        view.compiled.config.forwarding,
      ),
      appendedTo: isInside(connection.remote, listener.forwardedFrom)
        ? listOfStyle(view.compiled.config.forwarding)
        : undefined,
    }
    return { plan, identity }
  })
  const destination: Destination = {
    upstream: view.upstream,
    host: view.compiled.config.host.kind === 'upstream' ? 'server' : 'given',
    device: vouched?.path.certificates[0].publicKey.fingerprint,
    unvouched: vouched === undefined ? connection.network : undefined,
    target: head.target.raw,
    fields: requestFields(request.fields, plan),
    bodyBytes: listener.limits.bodyBytes,
    bodyIdle: listener.limits.bodyIdle,
  }
  return { destination, identity }
}

/** What the destination of a request depends on besides the request. */
export interface DestinationContext {
  readonly snapshot: Snapshot
  readonly connection: Connection
  readonly listener: Listener
}

/** With `upstream` the server is not chosen yet: `forward` writes its name in. */
function hostFieldFor({ compiled }: UpstreamView, sent: string): string {
  const { host } = compiled.config
  return host.kind === 'name' ? host.name : sent
}

/** The configuration was checked: a row that can be met has an upstream that exists. */
function upstreamOf(route: RouteRow, snapshot: Snapshot): UpstreamView {
  const view = snapshot.upstreams.get(route.upstream ?? '')
  if (view === undefined) throw new Error(`row ${route.id} leads to no upstream`)
  return view
}
