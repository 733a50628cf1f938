/**
 * Two ways to speak for another device that http-proxy leaves open, through the same device and the same upstream as
 * the product, which leaves neither: were both to pass or both to fail, these tests would show nothing.
 */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { httpProxyServer } from '../../support/front-ends/http-proxy.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { valuesOf, type RawMessage } from '../../support/http/raw-message.ts'
import { recordingUpstream } from '../../support/upstreams/recording-upstream.ts'

const FIELD = 'Client-Cert'
const FORGED = `${FIELD}: :Rk9SR0VE:`
const TRUE = `:${fleet.device.der.toString('base64')}:`

const identities = (requests: readonly RawMessage[]): readonly string[] =>
  requests.flatMap((request) => valuesOf(request, FIELD))

const lines = (requests: readonly RawMessage[]): readonly string[] =>
  requests.map(({ startLine }) => startLine)

async function aDevice(port: number): Promise<Device> {
  const { port: _, ...options } = clientTls(port, fleet.device)
  return Device.to(port, options)
}

/** One request whose body is another, with a forged identity. */
async function smuggle(port: number): Promise<void> {
  await using device = await aDevice(port)
  const inner = `GET /device/smuggled HTTP/1.1\r\nHost: localhost\r\n${FORGED}\r\n\r\n`
  device.send('DELETE /device/harmless HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n')
  device.send('Transfer-Encoding: chunked\r\n\r\n')
  device.send(`${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`)
  await device.response()
  // A request behind it shows that the first is dealt with.
  device.send('GET /device/after HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await device.response()
}

/** One request with a forged identity that asks first. */
async function expectFirst(port: number): Promise<void> {
  await using device = await aDevice(port)
  device.send(`POST /device/harmless HTTP/1.1\r\nHost: localhost\r\n${FORGED}\r\n`)
  device.send('Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi')
  let answer = await device.response()
  if (answer.startLine.includes(' 100 ')) answer = await device.response()
  expect(answer.startLine).toBe('HTTP/1.1 200 OK')
}

test('http-proxy turns the chunked body of a DELETE into a second request with a forged identity', async () => {
  await using upstream = await recordingUpstream()
  await using proxy = await httpProxyServer(upstream.port, FIELD)
  await smuggle(proxy.port)
  const { requests } = upstream.take()
  expect(lines(requests)).toContain('GET /device/smuggled HTTP/1.1')
  expect(identities(requests)).toContain(':Rk9SR0VE:')
})

test('we keep the chunked body of a DELETE a body', async () => {
  await using upstream = await recordingUpstream()
  await using frontEnd = await product({ upstreamPort: upstream.port })
  await smuggle(frontEnd.port)
  const { requests } = upstream.take()
  expect(lines(requests)).toEqual([
    'DELETE /device/harmless HTTP/1.1',
    'GET /device/after HTTP/1.1',
  ])
  expect(requests[0]?.body).toContain('Rk9SR0VE')
  expect(identities(requests)).toEqual([TRUE, TRUE])
})

test('http-proxy lets a forged identity through with Expect: 100-continue', async () => {
  await using upstream = await recordingUpstream()
  await using proxy = await httpProxyServer(upstream.port, FIELD)
  await expectFirst(proxy.port)
  expect(identities(upstream.take().requests)).toEqual([':Rk9SR0VE:'])
})

test('we replace a forged identity with Expect: 100-continue', async () => {
  await using upstream = await recordingUpstream()
  await using frontEnd = await product({ upstreamPort: upstream.port })
  await expectFirst(frontEnd.port)
  expect(identities(upstream.take().requests)).toEqual([TRUE])
})

test('without these tricks http-proxy says the truth: it is not the set-up that fails', async () => {
  await using upstream = await recordingUpstream()
  await using proxy = await httpProxyServer(upstream.port, FIELD)
  await using device = await aDevice(proxy.port)
  device.send(`GET /device/plain HTTP/1.1\r\nHost: localhost\r\n${FORGED}\r\n\r\n`)
  await device.response()
  expect(identities(upstream.take().requests)).toEqual([TRUE])
})
