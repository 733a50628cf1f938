/**
 * The sync port: what is not HTTP passes octet by octet, and is judged as a whole.
 */
import { expect, test } from 'vitest'
import { fleet } from '../../support/front-ends/product.ts'
import { echo, productWithTunnels } from '../../support/front-ends/product-with-tunnels.ts'

/** As the MI protocol begins: binary, and no line of HTTP. */
const MIPR = Buffer.from('4d4950520102000000000010ffffffff1c0000000d0a0d0a00ff', 'hex')

test('octets that are no HTTP pass unchanged, both ways, for a device with a fit certificate', async () => {
  await using frontEnd = await productWithTunnels(echo)
  const device = await frontEnd.device(fleet.device)
  device.send(MIPR)
  await device.receiveUntil(MIPR.toString('latin1'))
  device.socket.end()
  expect(await device.ended).toBe('ended')
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({
    listener: 'sync',
    outcome: 'relayed',
    decision: 'admit',
    code: 'verified',
    upstream: 'mdm',
    server: `localhost:${frontEnd.upstream.port}`,
    proxy_header: 'nothing',
    bytes_in: MIPR.length,
    bytes_out: MIPR.length,
    route_class: 'device',
    protocol: 'TLSv1.3',
    device: { setting: 'Fleet' },
  })
})

test('a legacy client without a certificate passes, and is told apart from one with', async () => {
  await using frontEnd = await productWithTunnels(echo)
  const device = await frontEnd.device()
  device.send(MIPR)
  await device.receiveUntil(MIPR.toString('latin1'))
  device.socket.end()
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ outcome: 'relayed', code: 'open-route', route_class: 'open' })
})

const REFUSED = [
  { promise: 'an unsound certificate', leaf: fleet.unknown, code: 'untrusted-issuer' },
  { promise: 'an expired certificate', leaf: fleet.inGrace, code: 'expired' },
  {
    promise: 'a certificate past its grace',
    leaf: fleet.beyondGrace,
    code: 'expired-beyond-grace',
  },
  {
    promise: 'no certificate, where one is asked for',
    relay: '{ certificate: device }',
    code: 'no-certificate',
  },
  {
    promise: 'no certificate, while recording, where one is asked for in every mode',
    relay: '{ certificate: always }',
    yaml: { enforcement: ' recording' },
    code: 'no-certificate',
  },
  {
    promise: 'an address outside the networks',
    leaf: fleet.device,
    relay: '{ allow: [192.0.2.0/24] }',
    code: 'address-not-allowed',
  },
] as const

for (const { promise, code, ...row } of REFUSED) {
  const { leaf, ...options } = { leaf: undefined, ...row }
  test(`${promise} is refused on the sync port before the upstream is called`, async () => {
    await using frontEnd = await productWithTunnels(echo, options)
    const device = await frontEnd.device(leaf)
    device.send(MIPR)
    await device.ended
    expect(device.received).toBe('')
    const [line] = await frontEnd.tunnels(1)
    expect(line).toMatchObject({ outcome: 'refused', decision: 'refuse', code, bytes_in: 0 })
    expect(line?.['reason']).toBeTypeOf('string')
    expect(line?.['next_step']).toBeTypeOf('string')
    expect(frontEnd.upstream.peers).toHaveLength(0)
  })
}

test('while recording an unfit certificate passes, and what it would have met is written down', async () => {
  await using frontEnd = await productWithTunnels(echo, { yaml: { enforcement: ' recording' } })
  const device = await frontEnd.device(fleet.unknown)
  device.send(MIPR)
  await device.receiveUntil(MIPR.toString('latin1'))
  device.socket.end()
  const [line] = await frontEnd.tunnels(1)
  expect(line).toMatchObject({ code: 'recording', would_refuse: 'untrusted-issuer' })
})

test('a device that has ended its half still hears the rest', async () => {
  await using frontEnd = await productWithTunnels((peer) => {
    peer.socket.once('end', () => peer.end('all that was asked for'))
  })
  const device = await frontEnd.device(fleet.device)
  device.send('a question')
  device.socket.end()
  expect(await device.ended).toBe('ended')
  expect(device.received).toBe('all that was asked for')
  expect(frontEnd.upstream.peers[0]?.pending).toBe('a question')
})

test('an upstream that has ended its half still hears the rest', async () => {
  await using frontEnd = await productWithTunnels((peer) => peer.end('goodbye'))
  const device = await frontEnd.device(fleet.device)
  expect(await device.ended).toBe('ended')
  device.send('and you')
  device.socket.end()
  await frontEnd.tunnels(1)
  expect(frontEnd.upstream.peers[0]?.pending).toBe('and you')
})
