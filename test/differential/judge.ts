/**
 * What is asked of a request when it has been read: the pure parts of the request pipeline, the same for both paths.
 */
import { decide, type Admission } from '../../src/decide/decide.ts'
import type { RequestMessage } from '../../src/http1/message.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { hostTable } from '../../src/message/authority.ts'
import { forwardingFields } from '../../src/message/forwarding-fields.ts'
import { fieldFilter, requestFields } from '../../src/message/request-fields.ts'
import { routeOf, routeTable } from '../../src/message/route.ts'
import type { Connection } from '../../src/pipeline/connection.ts'
import { explainRejection, type Rejection } from '../../src/pipeline/rejection.ts'
import { readRequestHead } from '../../src/pipeline/request-head.ts'
import type { ListenerView } from '../../src/state/snapshot.ts'
import { EMPTY_POLICY } from '../support/empty-policy.ts'

/** What becomes of a request. */
export type Judged =
  | { readonly kind: 'refuse'; readonly status: number; readonly close: boolean }
  /** `fields`: all that the upstream will see, framing apart. */
  | { readonly kind: 'forward'; readonly target: string; readonly fields: string[] }

/** Judges a request as a listener with a few routes does; nothing is asked of the device. */
export function judge(request: RequestMessage): Judged {
  const head = readRequestHead(request, CONNECTION, LISTENER)
  if (!head.ok) return refuse(head.failure)
  const { target, host } = head.value
  const route = routeOf(ROUTES, request.method, target)
  if (!route.ok) return refuse({ kind: 'route-unknown' })
  if (route.value.class === 'denied') return { kind: 'refuse', status: 403, close: false }
  const fields = requestFields(request.fields, {
    filter: FILTER,
    host,
    identity: ['Client-Cert', ':aGVsbG8=:'],
    forwarding: forwardingFields({ address: '192.0.2.1', host }, 'x-forwarded'),
    appendedTo: undefined,
  })
  return { kind: 'forward', target: target.raw, fields }
}

/** The host that is served. */
export const HOST = 'mdm.example'

function refuse(why: Rejection): Judged {
  const { status, close } = explainRejection(why)
  return { kind: 'refuse', status, close }
}

const FILTER = fieldFilter([])

const ROUTES = routes()

function routes() {
  const table = routeTable([
    { id: 'all', path: '/*', methods: undefined, class: 'open' },
    { id: 'admin', path: '/admin/*', methods: undefined, class: 'denied' },
    { id: 'enroll', path: '/enroll', methods: ['POST'], class: 'open' },
  ])
  if (!table.ok) throw new Error(JSON.stringify(table.failure))
  return table.value
}

/** Of a connection and a listener the reading of a head asks this and nothing else. */
const CONNECTION = {
  sni: HOST,
  knownHost: () => undefined,
  rememberHost: () => {},
} as unknown as Connection

const LISTENER = {
  hosts: hostTable([[HOST]], [443]),
  compiled: { config: { limits: { headerCount: 100 } } },
} as unknown as ListenerView

/** An honest admission, from the only place that makes them. */
export function admission(): Admission {
  const decision = decide({ peer: { kind: 'none' }, route: 'open' }, EMPTY_POLICY, 0 as Instant)
  if (decision.kind === 'admit') return decision
  throw new Error('an open route refused')
}
