/** Who may call metrics, health and readiness. */
import { request } from 'node:http'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { IncomingMessage } from 'node:http'
import { parseNetwork, type Network } from '../../../src/kernel/network.ts'
import { openStatusListener } from '../../../src/serve/status/listener.ts'

const STATUS = {
  metrics: () => Promise.resolve('# TYPE tfe_up gauge\ntfe_up 1\n'),
  notReadyReason: () => undefined,
  degradedReason: () => undefined,
}

function network(text: string): Network {
  const parsed = parseNetwork(text)
  if (!parsed.ok) throw new Error(parsed.failure)
  return parsed.value
}

/** Statuses of the three paths, as a client sees them that calls from an address of the loopback. */
async function statusesFrom(
  localAddress: string,
  allow?: readonly string[],
): Promise<readonly number[]> {
  const at = { at: 'metrics', address: '127.0.0.1', port: 0 }
  const opened = await openStatusListener(
    allow === undefined ? at : { ...at, allow: allow.map(network) },
    STATUS,
  )
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  const statuses: number[] = []
  for (const path of ['/metrics', '/healthz', '/readyz']) {
    const call = request({ host: '127.0.0.1', port: opened.value.port, path, localAddress }).end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    response.resume()
    statuses.push(response.statusCode ?? 0)
  }
  await opened.value.close()
  return statuses
}

const CALLS: readonly (readonly [
  promise: string,
  from: string,
  allow: readonly string[] | undefined,
  status: number,
])[] = [
  ['without a list every address may call', '127.0.0.2', undefined, 200],
  ['an address in one of the networks may call', '127.0.0.2', ['10.0.0.0/8', '127.0.0.2'], 200],
  ['the last address of a network may call', '127.0.0.3', ['127.0.0.2/31'], 200],
  ['the address behind a network may not call', '127.0.0.4', ['127.0.0.2/31'], 403],
  ['an address in none of the networks may not call', '127.0.0.2', ['10.0.0.0/8', '::1'], 403],
  ['an empty list lets no address call', '127.0.0.1', [], 403],
]

for (const [promise, from, allow, status] of CALLS) {
  test(`metrics, health and readiness: ${promise}`, async () => {
    expect(await statusesFrom(from, allow)).toEqual([status, status, status])
  })
}
