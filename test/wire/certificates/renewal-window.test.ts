import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import type { RawMessage } from '../../support/http/raw-message.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const DAY = 86_400_000
const now = Date.now()
const aged = (name: string, days: number): Leaf =>
  mintLeaf({
    issuer: fleet.devices,
    name,
    notBefore: now - 300 * DAY,
    notAfter: now + days * DAY,
  })
const fresh = aged('fresh', 100)
const due = aged('due', 20)

const IDENTITY =
  '{ format: rfc9440, grace: true, fields: { verify: X-Client-Verify, timeliness: X-Renewal } }'

interface Row {
  readonly promise: string
  readonly device: Leaf
  readonly path: string
  readonly told: string | undefined
  readonly verify: string
  /** What the event says; the upstream is told nothing about a device that we do not vouch for. */
  readonly recorded: string
}

const ROWS: readonly Row[] = [
  {
    promise: 'a device before its window is told upstream as valid',
    device: fresh,
    path: '/device/x',
    told: 'valid',
    verify: 'SUCCESS',
    recorded: 'valid',
  },
  {
    promise: 'a device in its window is told upstream as due, and is as good as any',
    device: due,
    path: '/device/x',
    told: 'in-renewal-window',
    verify: 'SUCCESS',
    recorded: 'in-renewal-window',
  },
  {
    promise: 'a device in grace is told upstream as such on a renewal route',
    device: fleet.inGrace,
    path: '/renew/x',
    told: 'in-grace',
    verify: 'FAILED:expired-grace',
    recorded: 'in-grace',
  },
  {
    promise: 'on an open route the upstream is told nothing, and the event knows all the same',
    device: due,
    path: '/enroll/x',
    told: undefined,
    verify: 'NONE',
    recorded: 'in-renewal-window',
  },
]

for (const { promise, device, path, told, verify, recorded } of ROWS) {
  test(promise, async () => {
    const heard: (RawMessage | undefined)[] = []
    await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
      heard.push(await peer.request())
      peer.write(OK)
    })
    await using frontEnd = await product({
      upstreamPort: upstream.port,
      identity: IDENTITY,
      yaml: { renewalWindow: ' 30d' },
    })
    await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, device))
    // The device's own word for it is removed, in any spelling.
    caller.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nx_renewal: valid\r\n\r\n`)
    expect((await caller.response()).startLine).toContain('200')
    const fields = heard[0]?.fields ?? []
    const valueOf = (name: string): readonly string[] =>
      fields.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
    expect(valueOf('x-renewal')).toEqual(told === undefined ? [] : [told])
    expect(valueOf('x_renewal')).toEqual([])
    expect(valueOf('x-client-verify')).toEqual([verify])
    const line = await frontEnd.waitForLine((one) => 'decision' in one)
    expect(line['timeliness']).toBe(recorded)
  })
}

test('a device that is refused for its age is recorded with it', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    await peer.request()
    peer.write(OK)
  })
  await using frontEnd = await product({ upstreamPort: upstream.port, identity: IDENTITY })
  await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.beyondGrace))
  caller.send('GET /renew/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await caller.response()).startLine).toContain('403')
  const line = await frontEnd.waitForLine((one) => 'decision' in one)
  expect(line).toMatchObject({ code: 'expired-beyond-grace', timeliness: 'expired' })
})

test('without a name for it the state is not sent', async () => {
  const heard: (RawMessage | undefined)[] = []
  await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    heard.push(await peer.request())
    peer.write(OK)
  })
  await using frontEnd = await product({ upstreamPort: upstream.port })
  await using caller = await Device.to(frontEnd.port, clientTls(frontEnd.port, due))
  caller.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await caller.response()).startLine).toContain('200')
  expect(heard[0]?.head).not.toContain('in-renewal-window')
})
