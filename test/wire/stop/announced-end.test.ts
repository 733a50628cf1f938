/** An end that is announced loses no request: who is told to go goes, and who comes meanwhile is served. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { isListenedOn } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const CLIENTS = 12
/** Longer than any test: what has to be noticed is waited for, not timed. */
const ENDLESS = { announce: ' 10m' }

const connect = ({ port }: ServeProcess): Promise<Device> =>
  Device.to(port, clientTls(port, fleet.device))

/** Asks on one connection until an answer ends it; rejects when a request has no answer. */
async function keptAlive(frontEnd: ServeProcess): Promise<number> {
  await using device = await connect(frontEnd)
  for (let served = 1; ; served += 1) {
    device.send(REQUEST)
    const answer = await device.response()
    expect(answer.startLine).toContain('200')
    if (valuesOf(answer, 'connection').includes('close')) return served
  }
}

/** A balancer: asks whether the front end is ready, and sends a device on a new connection while it is. */
async function balancer(frontEnd: ServeProcess): Promise<number> {
  for (let served = 0; ; served += 1) {
    const isReady = (await frontEnd.fetchStatus('/readyz')).startsWith('ready')
    await using device = await connect(frontEnd)
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('200')
    if (!isReady) return served
  }
}

for (const workers of [1, 2]) {
  test(`an announced end loses no request of kept-alive clients or of new connections (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml: ENDLESS })
    const clients = Array.from({ length: CLIENTS }, () => keptAlive(frontEnd))
    const balancers = [balancer(frontEnd), balancer(frontEnd)]
    await frontEnd.waitForLines(CLIENTS, (line) => line['decision'] === 'admit')
    frontEnd.child.kill('SIGTERM')
    expect(await Promise.all(clients)).toHaveLength(CLIENTS)
    await Promise.all(balancers)
    expect(await frontEnd.fetchStatus('/readyz')).toMatch(/^not ready: about to end/u)
    // All have gone, and the port is still there for those who have not heard yet.
    expect(await isListenedOn(frontEnd.port)).toBe(true)
    frontEnd.child.kill('SIGKILL')
    await frontEnd.exit
  })

  test(`without an announcement the port is closed while a request is under way (${workers} workers)`, async () => {
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<() => void>()
    await using upstream = await rawUpstream(upstreamTlsOptions, ({ socket }) => {
      socket.once('data', () => asked(() => socket.write(OK)))
    })
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml: { drain: ' 10m' } })
    await using device = await connect(frontEnd)
    device.send(REQUEST)
    const answer = await isAsked
    frontEnd.child.kill('SIGTERM')
    await expect.poll(() => isListenedOn(frontEnd.port)).toBe(false)
    await expect(connect(frontEnd)).rejects.toThrow('ECONNREFUSED')
    answer()
    expect((await device.response()).startLine).toContain('200')
    expect(await frontEnd.exit).toBe(0)
  })

  test(`the end is announced, then the ports are closed, then it is over (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using frontEnd = await serveProcess(upstream.port, {
      workers,
      yaml: { announce: ' 50ms' },
    })
    frontEnd.child.kill('SIGTERM')
    expect(await frontEnd.exit).toBe(0)
    const said = frontEnd.lines.map(({ msg }) => String(msg).split(':')[0])
    const order = said.filter((msg) => /^(?:announcing the end|draining|drained)$/u.test(msg ?? ''))
    expect(order).toEqual(['announcing the end', 'draining', 'drained'])
  })
}
