/**
 * What the front end of this thread allocates: V8 counts every octet of the heap of JavaScript that a thread has ever
 * allocated. Device and upstream live on a thread of their own, so that theirs are not among them.
 */
import { once } from 'node:events'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { clientTls, fleet } from '../front-ends/product.ts'
import { upstreamTlsOptions } from '../front-ends/product-with-upstream.ts'
import type { Ask, PeersStart } from './peers-thread.ts'

export interface Peers extends AsyncDisposable {
  readonly upstreamPort: number
  /** Makes so many requests, and gives what this thread has allocated meanwhile, in octets for each. */
  allocated(ask: Omit<Ask, 'device'> & { readonly port: number }): Promise<number>
}

/** Starts the thread; its server is the upstream of a front end that is started after it. */
export async function peersOnThread(): Promise<Peers> {
  const start: PeersStart = { upstream: upstreamTlsOptions }
  const thread = new Worker(new URL('peers-thread.ts', import.meta.url), { workerData: start })
  const [upstreamPort] = (await once(thread, 'message')) as [number]
  return {
    upstreamPort,
    async allocated({ port, ...ask }) {
      const device = clientTls(port, fleet.device)
      const before = allocatedSoFar()
      thread.postMessage({ ...ask, device } satisfies Ask, [])
      await once(thread, 'message')
      return (allocatedSoFar() - before) / ask.times
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate()
    },
  }
}

/** In octets. */
const allocatedSoFar = (): number => getHeapStatistics().total_allocated_bytes
