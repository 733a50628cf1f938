/** What a peer presents besides its certificate: handed to the judge whole, and bounded by octets. */
import { expect, test } from 'vitest'
import { octetString } from '../../support/certificates/der-writer.ts'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { echo, productWithTunnels } from '../../support/front-ends/product-with-tunnels.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

/** 66 KB, of which OpenSSL makes some 230 for as long as the connection lives. */
const LARGE = Array.from({ length: 10 }, (_, index) =>
  mintCa({
    name: `Junk ${index}`,
    issuer: fleet.stranger,
    extensions: [
      { oid: '1.3.6.1.4.1.99999.1', critical: false, value: octetString(Buffer.alloc(6200)) },
    ],
  }),
)
  .map(({ pem }) => pem)
  .join('')

const presenting = (leaf: Leaf, others: string): Leaf => ({ ...leaf, chainPem: leaf.pem + others })

const OPEN = 'GET /enroll/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

for (const [who, leaf] of [
  ['a stranger', fleet.unknown],
  ['a fit device', fleet.device],
] as const) {
  test(`${who} that presents 66 KB is closed before HTTP is read, whatever is open to it`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await product({ upstreamPort: upstream.port })
    const tls = clientTls(frontEnd.port, presenting(leaf, LARGE))
    await using device = await Device.to(frontEnd.port, tls)
    await device.ended
    expect(device.pending).toBe('')
    const line = await frontEnd.waitForLine((one) => one['outcome'] === 'closed-before-request')
    expect(line).toMatchObject({ code: 'chain-too-large', requests: 0 })
    // The control: its certificate is not what was wrong.
    await using alone = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    alone.send(OPEN)
    expect((await alone.response()).startLine).toContain('200')
  })
}

test('a device that sends a large body right behind its handshake is admitted, and one that presents 66 KB besides is not', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  const length = 200_000
  const asking = async (leaf: Leaf): Promise<Device> => {
    // The first octets of the body leave with the last of the handshake.
    const device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    device.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`)
    device.send(Buffer.alloc(length))
    return device
  }
  for (let round = 0; round < 5; round += 1) {
    await using device = await asking(fleet.device)
    expect((await device.response()).startLine).toContain('200')
  }
  await using large = await asking(presenting(fleet.device, LARGE))
  await large.ended
  expect(large.pending).toBe('')
  const line = await frontEnd.waitForLine((one) => one['outcome'] === 'closed-before-request')
  expect(line).toMatchObject({ code: 'chain-too-large', requests: 0 })
})

test('while nothing is enforced, a tunnel for a stranger that presents 66 KB is closed before an octet passes', async () => {
  await using sync = await productWithTunnels(echo, { yaml: { enforcement: ' recording' } })
  const client = await sync.device(presenting(fleet.unknown, LARGE))
  await client.ended
  expect((await sync.tunnels(1))[0]).toMatchObject({ code: 'chain-too-large', bytes_in: 0 })
  // The control: its certificate is not what was wrong.
  const alone = await sync.device(fleet.unknown)
  alone.send('hello')
  expect(await alone.receiveUntil('hello')).toBe('hello')
})

test('a device is admitted whose issuer comes behind thirty certificates of others', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  const issuer = mintCa({ name: 'Unmet issuer', issuer: fleet.devices })
  const leaf = mintLeaf({ issuer, name: 'far' })
  const others = Array.from({ length: 30 }, (_, n) => mintCa({ name: `Other ${n}` }).pem).join('')
  const tls = clientTls(frontEnd.port, presenting(leaf, others + issuer.pem))
  await using device = await Device.to(frontEnd.port, tls)
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await device.response()).startLine).toContain('200')
})
