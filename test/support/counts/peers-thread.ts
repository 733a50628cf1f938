/** The thread of `allocated-octets.ts`: a server that answers, and a device that makes so many requests when it is told to. */
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import { Device } from '../devices/device.ts'
import { answering, OK, rawUpstream } from '../upstreams/raw-upstream.ts'

/** What the thread is told first. */
export interface PeersStart {
  readonly upstream: TlsOptions
}

/** Makes the requests, one after the other: on the connection that stays, or each on one of its own. */
export interface Ask {
  readonly device: ConnectionOptions & { readonly port: number }
  readonly request: string
  readonly times: number
  readonly isAnew: boolean
}

const { upstream: options } = workerData as PeersStart
const upstream = await rawUpstream(options, answering(OK))
let kept: Device | undefined
parentPort?.on('message', (ask: Ask) => void answer(ask))
parentPort?.postMessage(upstream.port, [])

async function answer({ device: { port, ...rest }, request, times, isAnew }: Ask): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const device = isAnew ? await Device.to(port, rest) : (kept ??= await Device.to(port, rest))
    device.send(request)
    const { startLine } = await device.response()
    if (!startLine.startsWith('HTTP/1.1 200 ')) throw new Error(`found ${startLine}`)
    if (isAnew) await device[Symbol.asyncDispose]()
  }
  parentPort?.postMessage('done', [])
}
