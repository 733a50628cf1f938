/**
 * The sync port is closed over the admin API, in a real store: refused while a device still uses it, and at once
 * on both workers when it is done.
 */
import { expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, type Line } from '../../support/front-ends/product.ts'
import { echo, syncListener, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

async function openTunnels(
  { frontEnd }: ServedWithStore,
  leaf: Leaf | undefined,
): Promise<TunnelClient> {
  const client = await TunnelClient.to(clientTls(frontEnd.port, leaf))
  client.send('hello')
  await client.receiveUntil('hello')
  return client
}

/** What keeps the port from being closed, once a device was seen there. */
async function kept({
  call,
}: ServedWithStore): Promise<{ readonly etag: string; readonly unmet: string[] }> {
  const ask = async () => {
    const { body, etag } = await call('GET', '/api/sync-port')
    const { unmet } = body as { readonly unmet: readonly { readonly code: string }[] }
    return { etag, unmet: unmet.map(({ code }) => code) }
  }
  await expect.poll(async () => (await ask()).unmet).not.toEqual([])
  return await ask()
}

test('the sync port is not closed over a pending device unless forced; then every tunnel ends as soon as that is in force, on two workers', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, echo)
  await using deployment = await servedWithStore(upstream.port, { listeners: syncListener() })
  const isTunnel = ({ msg }: Line): boolean => msg === 'tunnel'
  const clients: TunnelClient[] = []
  // Which worker takes a connection is the kernel's choice; of so many, hardly all are one worker's.
  for (let turn = 0; turn < 16; turn += 1) {
    clients.push(await openTunnels(deployment, turn % 4 === 0 ? undefined : fleet.device))
  }
  const { etag, unmet } = await kept(deployment)
  expect(unmet).toContain('devices-pending')
  const refused = await deployment.call('POST', '/api/sync-port/close', { force: false }, etag)
  expect(refused.status).toBe(409)
  for (const client of clients) {
    client.send('still here')
    await client.receiveUntil('still here')
  }
  const closed = await deployment.call('POST', '/api/sync-port/close', { force: true }, etag)
  expect(closed.status).toBe(200)
  await deployment.inForce()
  // Workers do what they are told in order: what the change ends is over when they are asked next.
  expect(await deployment.frontEnd.ended('listener-closed')).toBe(clients.length)
  await Promise.all(clients.map(({ gone }) => gone))
  const lines = await deployment.frontEnd.waitForLines(clients.length, isTunnel)
  const told = lines.map(({ outcome, code }) => `${String(outcome)} ${String(code)}`)
  expect(new Set(told)).toEqual(new Set(['ended listener-closed']))
  expect(new Set(lines.map(({ worker }) => worker)).size).toBe(2)
  const late = await TunnelClient.to(clientTls(deployment.frontEnd.port, fleet.device))
  await late.gone
  const all = await deployment.frontEnd.waitForLines(clients.length + 1, isTunnel)
  expect(all.at(-1)).toMatchObject({ outcome: 'refused', code: 'listener-closed' })
  expect(upstream.peers).toHaveLength(clients.length)
})
