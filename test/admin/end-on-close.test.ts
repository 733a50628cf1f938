import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { endConnectionsOnClose } from '../../src/admin/end-on-close.ts'

/** A server in the middle of an answer as it begins to close, and then the answer is whole. */
async function closedAmidAnswer(prepare: (app: FastifyInstance) => void) {
  const app = fastify({ keepAliveTimeout: 0, connectionTimeout: 0 })
  prepare(app)
  const body = new PassThrough()
  const finished = Promise.withResolvers<void>()
  app.get('/', (_, reply) => {
    reply.raw.once('finish', finished.resolve)
    void reply.header('content-length', 8).send(body)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client: Socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  let answer = ''
  client.on('data', (chunk: Buffer) => {
    answer += chunk.toString()
  })
  onTestFinished(() => void client.destroy())
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  body.write('half')
  await once(client, 'data')
  const closed = app.close()
  body.end('rest')
  await finished.promise
  return { closed, client, answer: () => answer }
}

test('an answer under way as the server closes is whole, and its connection ends with it', async () => {
  const { closed, client, answer } = await closedAmidAnswer(endConnectionsOnClose)
  await once(client, 'end')
  await closed
  expect(answer()).toMatch(/halfrest$/u)
})

test('control: without it the connection stays open, and the server with it', async () => {
  const { closed, client, answer } = await closedAmidAnswer(() => undefined)
  let isClosed = false
  void closed.then(() => {
    isClosed = true
  })
  await expect.poll(answer).toMatch(/halfrest$/u)
  for (let turn = 0; turn < 50; turn += 1) await setImmediate()
  expect([isClosed, client.readableEnded]).toEqual([false, false])
  client.destroy()
  await closed
})
