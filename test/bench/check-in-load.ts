/**
 * Devices that check in over mutual TLS at a steady rate, whatever the answers take: who waits for an answer before
 * asking again measures a slow server as a quiet one.
 */
import { createPublicKey, hash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, createServer, request, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { mintLeaf, type Leaf } from '../support/certificates/mint.ts'
import { clientTls, fleet } from '../support/front-ends/product.ts'

export interface CheckIns {
  /** Ends the checking in; what was asked is still answered. */
  stop(): Promise<CheckedIn>
}

export interface CheckedIn {
  readonly answered: number
  readonly failed: readonly string[]
  /** Milliseconds from when each was due, in order. */
  readonly latencies: readonly number[]
  /** Answers by the key of the device. */
  readonly perKey: ReadonlyMap<string, number>
}

/** Begins; every tenth request is a new connection. */
export function checkIn(port: number, devices: readonly Leaf[], perSecond: number): CheckIns {
  const callers = devices.map((leaf) => ({
    leaf,
    key: hash('sha256', createPublicKey(leaf.keyPem).export({ type: 'spki', format: 'der' })),
    agent: new Agent({ keepAlive: true, maxSockets: 4 }),
  }))
  const failed: string[] = []
  const latencies: number[] = []
  const perKey = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const began = performance.now()
  let asked = 0
  const ask = async (number: number, due: number): Promise<void> => {
    const caller = callers[number % callers.length]
    if (caller === undefined) return
    const { leaf, key, agent } = caller
    try {
      const isNew = Math.floor(number / callers.length) % 10 === 0
      const status = await answerOf({
        ...clientTls(port, leaf),
        path: '/device/check-in',
        agent: isNew ? false : agent,
      })
      // Whatever the answer: the device was seen.
      perKey.set(key, (perKey.get(key) ?? 0) + 1)
      if (status !== 200) failed.push(`status ${status}`)
    } catch (error) {
      failed.push(String(error))
    }
    latencies.push(performance.now() - due)
  }
  const timer = setInterval(() => {
    for (; asked < ((performance.now() - began) / 1000) * perSecond; asked += 1) {
      const one = ask(asked, began + (asked * 1000) / perSecond)
      underWay.add(one)
      void one.finally(() => underWay.delete(one))
    }
  }, 5)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
      for (const { agent } of callers) agent.destroy()
      const answered = [...perKey.values()].reduce((sum, one) => sum + one, 0)
      latencies.sort((one, other) => one - other)
      return { answered, failed, latencies, perKey }
    },
  }
}

async function answerOf(options: RequestOptions): Promise<number | undefined> {
  const outgoing = request(options)
  outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error('no answer in time')))
  outgoing.end()
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  return answer.statusCode
}

const PATIENCE_MS = 10_000

/** Devices of the fleet, each with a key of its own. */
export const someDevices = (many: number): readonly Leaf[] =>
  Array.from({ length: many }, (_, index) =>
    mintLeaf({ issuer: fleet.devices, name: `checking in ${index}` }),
  )

/** A server that answers everybody at once. */
export async function quickUpstream(): Promise<AsyncDisposable & { readonly port: number }> {
  const { upstreamServer, upstreamCa } = fleet
  const server = createServer(
    {
      key: upstreamServer.keyPem,
      cert: upstreamServer.chainPem,
      ca: upstreamCa.pem,
      requestCert: true,
    },
    (incoming, response) => {
      incoming.resume()
      response.end('ok')
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
