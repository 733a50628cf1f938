/** Our path: the product's own connection of a device, forwarding and connection to an upstream, without TLS and pool. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { HttpConnection } from '../../src/accept/http-connection.ts'
import { SlotList } from '../../src/kernel/slot-list.ts'
import type { Deadlines } from '../../src/kernel/ports.ts'
import type { Millis } from '../../src/kernel/types.ts'
import { UpstreamConnection, type ConnectionOwner } from '../../src/forward/balance/connection.ts'
import type { ConnectionWaiter } from '../../src/forward/balance/waiting-list.ts'
import type { Upstream } from '../../src/forward/balance/upstream.ts'
import { forward } from '../../src/forward/exchange/forward.ts'
import { refuse } from '../../src/forward/exchange/refuse.ts'
import type { UpstreamLimits } from '../../src/forward/settings.ts'
import type { DeviceExchange } from '../../src/http1/device-exchange.ts'
import { admission, judge, type Judged } from './judge.ts'
import { BODY_BYTES, HEADER_BYTES } from './limits.ts'
import type { MemorySocket } from './memory-socket.ts'
import type { Path } from './play.ts'

/** A fault that is planted in what is handed to the upstream: the control of a run. */
export type Planted = (judged: Judged) => Judged

/** Makes the path; `plant` stands where a fault of it would. */
export function ourPath(plant: Planted = (judged) => judged): Path {
  return {
    open(device, connect) {
      const upstream = new OneConnection(connect)
      // Of a TLS socket a connection uses what every socket has: it was identified before.
      const socket = device as unknown as TLSSocket
      const connection = new HttpConnection(socket, SETTINGS)
      connection.serve({
        request: (exchange) => answer(exchange, plant(judge(exchange.request)), upstream),
        unparsable: () => 'ref-0',
        bug: (error) => {
          throw error
        },
      })
    },
    [Symbol.dispose]() {},
  }
}

function answer(device: DeviceExchange, judged: Judged, upstream: OneConnection): void {
  const exchange = { device, last: false, reference: () => 'ref-0' }
  if (judged.kind === 'refuse') {
    void refuse(exchange, { status: judged.status, fields: [], close: judged.close })
    return
  }
  void forward(PROOF, exchange, {
    upstream: upstream as unknown as Upstream,
    host: 'given',
    device: undefined,
    unvouched: undefined,
    target: judged.target,
    fields: judged.fields,
    bodyBytes: BODY_BYTES,
    bodyIdle: 1e9,
  })
}

const PROOF = admission()

/** Nothing is ever late: the clock stands still. */
const DEADLINES: Deadlines = { now: 0, period: 0, add: () => {}, remove: () => {} }

const LIMITS: UpstreamLimits = {
  connections: 1,
  connect: 1e9 as Millis,
  responseHeaders: 1e9 as Millis,
  responseHeaderBytes: 16_384,
  bodyIdle: 1e9 as Millis,
  idle: 1e9 as Millis,
}

const SETTINGS = {
  limits: {
    connections: 1,
    handshake: 1e9 as Millis,
    headers: 1e9 as Millis,
    headerBytes: HEADER_BYTES,
    idle: 1e9 as Millis,
  },
  deadlines: DEADLINES,
  connections: new SlotList<HttpConnection>(),
  keepAliveLines: '',
  hstsLine: () => '',
}

/** The part of an upstream that an exchange asks: one server, whose connection is kept as the pool keeps it. */
class OneConnection implements ConnectionOwner {
  readonly limits = LIMITS
  readonly deadlines = DEADLINES
  readonly connections = 1
  readonly waiting = 0
  readonly name = 'recorder'
  readonly hostname = 'recorder'
  readonly pool = this
  readonly #connect: () => MemorySocket
  #idle: UpstreamConnection | undefined

  constructor(connect: () => MemorySocket) {
    this.#connect = connect
  }

  choose(_: undefined, tried: readonly unknown[]): this | undefined {
    return tried.length === 0 ? this : undefined
  }

  acquire(waiter: ConnectionWaiter): void {
    const idle = this.#idle
    this.#idle = undefined
    if (idle?.alive === true) waiter.ready(idle)
    else this.acquireFresh(waiter)
  }

  acquireFresh(waiter: ConnectionWaiter): void {
    waiter.ready(new UpstreamConnection(this.#connect() as unknown as Socket, this, this))
  }

  released(connection: UpstreamConnection): void {
    this.#idle = connection
  }

  closed(connection: UpstreamConnection): void {
    if (this.#idle === connection) this.#idle = undefined
  }

  cancel(): void {}
  exchangeBegan(): void {}
  exchangeEnded(): void {}
  responseBegan(): void {}
  failed(): void {}
}
