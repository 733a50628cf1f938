/**
 * A flood of refusals by the thousand a second from peers that exist on paper only: they enter where the front end hands
 * over what it refused, behind the socket, and go from there as every refusal does.
 */
import { refusedRequest } from '../../../src/pipeline/kept-refusal.ts'
import { newConnectionId } from '../../../src/pipeline/connection-id.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import type { RequestEvent } from '../../../src/record/event.ts'
import type { TestHook } from '../../../src/serve/workers/pool.ts'
import { EMPTY_POLICY } from '../empty-policy.ts'

export interface RefusalLoad {
  readonly total: number
  readonly perSecond: number
  /** From 127.0.0.1 on. */
  readonly addresses: number
}

/** This process's share of a flood; tells the error stream when all of it has been refused. */
export const injectRefusals =
  (
    { total, perSecond, addresses }: RefusalLoad,
    share: { readonly worker: number; readonly of: number },
  ): TestHook =>
  ({ refusalBuffer }) => {
    const began = performance.now()
    let place = share.worker
    const timer = setInterval(() => {
      const due = Math.min(total, ((performance.now() - began) / 1000) * perSecond)
      for (; place < due; place += share.of) {
        const remote = `127.0.0.${1 + (Math.floor(place / share.of) % addresses)}`
        const id = newConnectionId()
        const connection = { id, listener: 'devices', remote, lastPeer: undefined }
        const context = { at: Date.now() as Instant, policy: EMPTY_POLICY }
        const refusal = refusedRequest(connection, { ...REFUSED, reference: `${id}-1` }, context)
        if (refusal !== undefined) refusalBuffer.add(refusal.share, () => refusal.make())
      }
      if (place < total) return
      clearInterval(timer)
      process.stderr.write(`${FLOODED}\n`)
    }, TICK_MS)
  }

/** What a process says that has had its share refused. */
export const FLOODED = 'flooded'
const TICK_MS = 10

const REFUSED: RequestEvent = {
  method: 'GET',
  path: '/device/check-in',
  host: 'localhost',
  route: 'device',
  route_class: 'device',
  decision: 'refuse',
  code: 'no-certificate',
  would_refuse: undefined,
  account_hash: undefined,
  timeliness: undefined,
  findings: undefined,
  verify: 'NONE',
  withheld: undefined,
  upstream: undefined,
  server: undefined,
  retried: undefined,
  status: 403,
  failure: undefined,
  reason: 'the device showed no certificate',
  next_step: 'enrol the device, or find out why its client does not send the one it has',
  reference: undefined,
  bytes_in: 0,
  bytes_out: 180,
  duration_ms: 0.3,
  upstream_ms: undefined,
  user_agent: undefined,
  reported_id: undefined,
  snapshot: 1,
}
