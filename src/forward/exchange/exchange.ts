/**
 * What `forward` is given and what it gives back.
 */
import type { DeviceExchange } from '../../http1/device-exchange.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import type { Unvouched } from '../balance/slot-shares.ts'
import type { Upstream } from '../balance/upstream.ts'

/** A request of a device, and where its answer goes. */
export interface Exchange {
  readonly device: DeviceExchange
  /** The listener drains: this answer is the last on its connection. */
  readonly last: boolean
  /** What the device may quote to the operator; made when it is first asked for. */
  readonly reference: () => string
}

/** Where an admitted request goes, and in which words. */
export interface Destination {
  readonly upstream: Upstream
  /** The request target, octet for octet (RFC 9112 §3.2.1). */
  readonly target: string
  /** Name, value, name, value …: all that the upstream will see, `Host` and `Content-Length` included, nothing hop-by-hop. */
  readonly fields: string[]
  /** Whose `Host` is among the fields; `server` has that of the server that is called put in its place. */
  readonly host: 'given' | 'server'
  /** The fingerprint of the device's key, when we vouch for it: it chooses a server. */
  readonly device: string | undefined
  /** Whose share of the upstream's connections it counts for. */
  readonly unvouched: Unvouched
  /** Octets of a request body. */
  readonly bodyBytes: number
  /** Milliseconds without the device sending or taking a byte. */
  readonly bodyIdle: number
}

/** How it ended, for the record. */
export interface Outcome {
  /** What the device was sent; `undefined` when it was gone before. */
  readonly status: number | undefined
  /** Octets of the request body that arrived and were wanted. */
  readonly bytesIn: number
  /** Octets of the upstream's response body that were handed to the device's connection. */
  readonly bytesOut: number
  /** Milliseconds until there was a connection. */
  readonly connectMs: number | undefined
  /** Milliseconds until the upstream's answer began. */
  readonly firstByteMs: number | undefined
  /** The server that was tried last; `undefined` when none was. */
  readonly server: string | undefined
  /** The request went over a second connection, to the same server or another. */
  readonly retried: boolean
  readonly failure: UpstreamFailure | undefined
}
