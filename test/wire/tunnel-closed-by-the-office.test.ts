/**
 * The sync port is closed over the admin API, in a real store: refused while somebody still lives there, and at once
 * on both workers when it is done.
 */
import { expect, test } from 'vitest'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { housed, type House } from '../support/housed.ts'
import type { Leaf } from '../support/mint.ts'
import { calling, fleet, type Line } from '../support/product.ts'
import { echo, syncListener, Talker } from '../support/tunnelled.ts'
import { rawUpstream } from '../support/upstream.ts'

async function talking({ front }: House, leaf: Leaf | undefined): Promise<Talker> {
  const talker = await Talker.to(calling(front.port, leaf))
  talker.say('hello')
  await talker.hear('hello')
  return talker
}

/** What keeps the port from being closed, once somebody was seen there. */
async function kept({ call }: House): Promise<{ readonly etag: string; readonly unmet: string[] }> {
  const ask = async () => {
    const { body, etag } = await call('GET', '/api/sync-port')
    const { unmet } = body as { readonly unmet: readonly { readonly code: string }[] }
    return { etag, unmet: unmet.map(({ code }) => code) }
  }
  await expect.poll(async () => (await ask()).unmet, { timeout: 15_000 }).not.toEqual([])
  return await ask()
}

test('the sync port is not closed over a pending device unless forced; then every tunnel ends within two seconds, on two workers', async () => {
  await using upstream = await rawUpstream(fleetUpstream, echo)
  await using house = await housed(upstream.port, { listeners: syncListener() })
  const isTunnel = ({ msg }: Line): boolean => msg === 'tunnel'
  const talkers: Talker[] = []
  // Which worker takes a connection is the kernel's choice; of so many, hardly all are one worker's.
  for (let turn = 0; turn < 16; turn += 1) {
    talkers.push(await talking(house, turn % 4 === 0 ? undefined : fleet.device))
  }
  const { etag, unmet } = await kept(house)
  expect(unmet).toContain('devices-pending')
  const refused = await house.call('POST', '/api/sync-port/close', { force: false }, etag)
  expect(refused.status).toBe(409)
  for (const talker of talkers) {
    talker.say('still here')
    await talker.hear('still here')
  }
  const since = performance.now()
  const closed = await house.call('POST', '/api/sync-port/close', { force: true }, etag)
  expect(closed.status).toBe(200)
  await Promise.all(talkers.map(({ gone }) => gone))
  expect(performance.now() - since).toBeLessThan(2000)
  const lines = await house.front.linesOf(talkers.length, isTunnel)
  const told = lines.map(({ outcome, code }) => `${String(outcome)} ${String(code)}`)
  expect(new Set(told)).toEqual(new Set(['ended listener-closed']))
  expect(new Set(lines.map(({ worker }) => worker)).size).toBe(2)
  const late = await Talker.to(calling(house.front.port, fleet.device))
  await late.gone
  const all = await house.front.linesOf(talkers.length + 1, isTunnel)
  expect(all.at(-1)).toMatchObject({ outcome: 'refused', code: 'listener-closed' })
  expect(upstream.peers).toHaveLength(talkers.length)
})
