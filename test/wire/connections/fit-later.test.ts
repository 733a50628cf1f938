/**
 * A device that is found fit after its connection was opened is closed for no other from then on, without a new handshake; and
 * one that is fit no longer, and stays because enforcement is recording, is.
 */
import { expect, test } from 'vitest'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { echo, syncListener, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { poolProcess, storeRules, type PoolCommand } from '../../support/front-ends/worker-pool.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

/** Four connections, three of which may be held by peers that nothing vouches for. */
const FEW = ['connections: 4', 'handshake: 2m', 'headers: 2m']
const otherCa = mintCa({ name: 'Other Fleet' })
const device = mintLeaf({ issuer: otherCa, name: 'of another fleet' })

/** The CA of the device is trusted from now on. */
const trusted = (revision: number): PoolCommand => ({
  kind: 'rules',
  rules: storeRules({
    revision,
    latch: 'recording',
    enrollmentSettings: [
      ...storeRules().enrollmentSettings,
      {
        name: 'Other',
        source: 'other',
        standing: { kind: 'current' },
        chain: [otherCa.certificate],
        crl: undefined,
      },
    ],
  }),
})

const NO_LONGER_TRUSTED: PoolCommand = {
  kind: 'rules',
  rules: storeRules({ revision: 2, latch: 'recording' }),
}

for (const isTrusted of [true, false]) {
  const stays = isTrusted ? 'stays' : 'makes room (control)'
  test(`a connection whose device ${isTrusted ? 'became' : 'did not become'} fit ${stays}`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using pool = await poolProcess(1, { upstreamPort: upstream.port, limits: FEW })
    await pool.send({ kind: 'rules', rules: storeRules() })
    const opened = async (leaf?: Leaf): Promise<Device> => {
      const one = await Device.to(pool.port, clientTls(pool.port, leaf))
      expect(await statusOf(one, '/enroll/x')).toBe('200')
      return one
    }
    await using early = await opened(device)
    expect(await statusOf(early, '/device/x')).toBe('403')
    if (isTrusted) await pool.send(trusted(2))
    expect(await statusOf(early, '/device/x')).toBe(isTrusted ? '200' : '403')
    const strangers = [await opened(), await opened(), await opened(), await opened()]
    // One after the other was let in; whichever had to end for the last has ended by now, or will.
    await (isTrusted ? strangers[0] : early)?.ended
    expect(early.socket.readableEnded).toBe(!isTrusted)
    if (isTrusted) expect(await statusOf(early, '/device/x')).toBe('200')
    for (const one of strangers) await one[Symbol.asyncDispose]()
  })

  test(`a tunnel whose device ${isTrusted ? 'became' : 'did not become'} fit ${stays}`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, echo)
    await using pool = await poolProcess(1, {
      upstreamPort: upstream.port,
      upstreamLimits: ['connections: 64'],
      yaml: { listeners: syncListener('{}', FEW) },
    })
    await pool.send({ kind: 'rules', rules: storeRules({ latch: 'recording' }) })
    const opened = async (leaf?: Leaf): Promise<TunnelClient> => {
      const one = await TunnelClient.to(clientTls(pool.port, leaf))
      await isEchoed(one, 'hello')
      return one
    }
    const early = await opened(device)
    if (isTrusted) await pool.send(trusted(2))
    const strangers = [await opened(), await opened(), await opened(), await opened()]
    await (isTrusted ? strangers[0] : early)?.ended
    if (isTrusted) await isEchoed(early, 'still here')
    for (const one of [early, ...strangers]) one.socket.destroy()
  })
}

for (const isFit of [false, true]) {
  test(`tunnels that were vouched for ${isFit ? 'hold their port (control)' : 'hold it no longer once their CA is no longer trusted'}`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, echo)
    await using pool = await poolProcess(1, {
      upstreamPort: upstream.port,
      upstreamLimits: ['connections: 64'],
      yaml: { listeners: syncListener('{}', FEW) },
    })
    await pool.send(trusted(1))
    const opened = async (leaf?: Leaf): Promise<TunnelClient> => {
      const one = await TunnelClient.to(clientTls(pool.port, leaf))
      await isEchoed(one, 'hello')
      return one
    }
    const holders = []
    for (const _ of [1, 2, 3, 4]) holders.push(await opened(device))
    await pool.send(isFit ? trusted(2) : NO_LONGER_TRUSTED)
    for (const one of holders) await isEchoed(one, 'still here')
    if (isFit) await expect(opened(fleet.device)).rejects.toThrow()
    else {
      holders.push(await opened(fleet.device))
      await Promise.race(holders.map(({ ended }) => ended))
    }
    for (const one of holders) one.socket.destroy()
  })
}

async function statusOf(one: Device, path: string): Promise<string | undefined> {
  one.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  return (await one.response()).startLine.split(' ')[1]
}

async function isEchoed(one: TunnelClient, text: string): Promise<void> {
  one.send(text)
  await one.receiveUntil(text)
}
