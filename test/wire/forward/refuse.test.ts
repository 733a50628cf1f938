/**
 * Answers of ours: opaque, framed, and on a connection that stays in step or ends.
 */
import { expect, test } from 'vitest'
import type { Outcome } from '../../../src/forward/exchange/exchange.ts'
import { refuse, type LocalReply } from '../../../src/forward/exchange/refuse.ts'
import { Device } from '../../support/devices/device.ts'
import { goodServer } from '../../support/front-ends/forwarding-server.ts'
import { httpServer } from '../../support/front-ends/http-server.ts'
import { valuesOf } from '../../support/http/raw-message.ts'

interface Refuser extends AsyncDisposable {
  readonly port: number
  readonly outcomes: readonly Outcome[]
}

/** A server that refuses everything in the given way. */
async function refuser(answer: Partial<LocalReply> = {}, last = false): Promise<Refuser> {
  const outcomes: Outcome[] = []
  const server = await httpServer(
    { cert: goodServer.cert, key: goodServer.key },
    (device) =>
      void refuse(
        { device, last, reference: () => 'ref-7' },
        { status: 403, fields: [], close: false, ...answer },
      ).then((outcome) => outcomes.push(outcome)),
  )
  return { ...server, outcomes, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('a refusal is a problem document that says no more than its reference', async () => {
  await using server = await refuser({ fields: ['Retry-After', '7'] })
  await using device = await Device.to(server.port)
  device.request('GET /')
  const refusal = await device.response()
  expect(refusal.startLine).toBe('HTTP/1.1 403 Forbidden')
  expect(JSON.parse(refusal.body)).toMatchObject({ status: 403, reference: 'ref-7' })
  expect(valuesOf(refusal, 'content-type')).toEqual(['application/problem+json'])
  expect(valuesOf(refusal, 'cache-control')).toEqual(['no-store'])
  expect(valuesOf(refusal, 'retry-after')).toEqual(['7'])
  await expect.poll(() => server.outcomes).toMatchObject([{ status: 403, failure: undefined }])
})

test('a refused connection goes on', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  for (const _ of [1, 2, 3]) {
    device.request('GET /')
    expect((await device.response()).startLine).toBe('HTTP/1.1 403 Forbidden')
  }
})

test('a refusal may end the connection', async () => {
  await using server = await refuser({ close: true })
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect(valuesOf(await device.response(), 'connection')).toEqual(['close'])
  expect(await device.ended).toBe('clean')
})

test('a refusal by a draining listener ends the connection', async () => {
  await using server = await refuser({}, true)
  await using device = await Device.to(server.port)
  device.request('GET /')
  expect(valuesOf(await device.response(), 'connection')).toEqual(['close'])
  expect(await device.ended).toBe('clean')
})

test('a refused HEAD has the length of the document and not the document', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  device.request('HEAD /')
  const refusal = await device.response('no-body')
  device.request('GET /')
  const next = await device.response()
  expect(valuesOf(refusal, 'content-length')).toEqual(valuesOf(next, 'content-length'))
})

test('a device that asks first is not told to go on', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  device.request('PUT /', 'Expect: 100-continue', 'Content-Length: 1000000')
  const refusal = await device.response()
  expect(refusal.startLine).toBe('HTTP/1.1 403 Forbidden')
  expect(valuesOf(refusal, 'connection')).toEqual(['close'])
  expect(await device.ended).toBe('clean')
})

test('a small body is read to its end, and never taken for a request', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  const body = 'GET /SMUGGLED HTTP/1.1\r\nHost: front.test\r\n\r\n'
  device.request('POST /', `Content-Length: ${body.length}`)
  await device.response()
  device.send(body)
  device.request('GET /')
  await device.response()
  await expect.poll(() => server.outcomes.length).toBe(2)
  expect(device.pending).toBe('')
})

test('a small body that never comes ends the connection', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 10')
  expect(valuesOf(await device.response(), 'connection')).toEqual([])
  await device.ended
})

test('a chunked body is not waited for beyond a bound, and the answer arrives all the same', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  device.request('POST /', 'Transfer-Encoding: chunked')
  device.send('5\r\nhello\r\n')
  expect(valuesOf(await device.response(), 'connection')).toEqual(['close'])
  expect(await device.ended).toBe('clean')
})

test('a large body is cut off, and the answer arrives all the same', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 100000000')
  for (const _ of Array.from({ length: 64 })) device.send(Buffer.alloc(65_536))
  expect((await device.response()).startLine).toBe('HTTP/1.1 403 Forbidden')
  await device.ended
})

test('a device that hangs up behind its answer had the answer', async () => {
  await using server = await refuser()
  await using device = await Device.to(server.port)
  device.request('POST /', 'Content-Length: 100000000')
  await device.response()
  device.disconnect()
  await expect.poll(() => server.outcomes).toMatchObject([{ status: 403, failure: undefined }])
})
