/** Tunnels of peers that nothing vouches for leave connections of the upstream to devices that are. */
import { expect, test } from 'vitest'
import type { Leaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import {
  echo,
  productWithTunnels,
  type ProductWithTunnels,
  type TunnelOptions,
} from '../../support/front-ends/product-with-tunnels.ts'

/** Enforcement that is recording lets callers without a certificate in. */
const RECORDING: TunnelOptions = {
  upstreamLimits: ['connections: 4'],
  yaml: { enforcement: ' recording' },
}

async function isServed(frontEnd: ProductWithTunnels, leaf?: Leaf): Promise<boolean> {
  const device = await frontEnd.device(leaf)
  device.send('hello')
  const served = device.receiveUntil('hello').then(
    () => true,
    () => false,
  )
  return Promise.race([served, device.ended.then(() => false)])
}

test('control: as many tunnels of fit devices as there are connections keep the next one out', async () => {
  await using frontEnd = await productWithTunnels(echo, RECORDING)
  for (const _ of [1, 2, 3, 4]) expect(await isServed(frontEnd, fleet.device)).toBe(true)
  expect(await isServed(frontEnd, fleet.device)).toBe(false)
})

test('tunnels without a certificate from one address keep no fit device out, and the record says who holds what', async () => {
  await using frontEnd = await productWithTunnels(echo, RECORDING)
  for (const isFirst of [true, ...Array.from({ length: 7 }, () => false)]) {
    expect(await isServed(frontEnd)).toBe(isFirst)
  }
  for (const _ of [1, 2, 3]) expect(await isServed(frontEnd, fleet.device)).toBe(true)
  const [line] = await frontEnd.tunnels(7)
  expect(line).toMatchObject({ outcome: 'failed', failure: 'share-used-up' })
  expect(line?.['reason']).toContain('127.0.0.1 holds 1 of them')
})

test('strangers that fill a sync port keep no fit device out, and end none', async () => {
  await using frontEnd = await productWithTunnels(echo, {
    limits: ['connections: 4'],
    upstreamLimits: ['connections: 16'],
    yaml: { enforcement: ' recording' },
  })
  const before = await frontEnd.device(fleet.device)
  before.send('hello')
  await before.receiveUntil('hello')
  const strangers = []
  for (const _ of [1, 2, 3, 4, 5, 6]) strangers.push(await frontEnd.device())
  expect(await isServed(frontEnd, fleet.device)).toBe(true)
  before.send('again')
  await before.receiveUntil('again')
  await strangers[0]?.ended
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ outcome: 'ended', code: 'connection-share-used-up' })
  expect(line?.['reason']).toContain('closed to let another in')
})

test('a tunnel that is over gives its share back', async () => {
  await using frontEnd = await productWithTunnels(echo, RECORDING)
  for (const count of [1, 2, 3]) {
    const stranger = await frontEnd.device()
    stranger.send('hello')
    await stranger.receiveUntil('hello')
    stranger.socket.destroy()
    await frontEnd.tunnels(count)
  }
})
