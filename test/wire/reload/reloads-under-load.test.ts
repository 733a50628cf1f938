/** 170 reloads, each of which replaces something, lose no request of the devices that call all the while. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import {
  clientTls,
  fleet,
  product,
  type Product,
  type ProductOptions,
} from '../../support/front-ends/product.ts'
import { rawUpstream, type Script } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const RELOADS = 170
/** Of each kind; more would slow the reloads, which share this thread, and meet no more of each. */
const DEVICES = 1

/** What a reload replaces: the upstream and its connections, the routes, the judge, the TLS contexts of the port. */
const CHANGES: readonly Partial<ProductOptions>[] = [
  {},
  { upstreamLimits: ['connections: 17'] },
  { rows: ['{ id: other, path: /other/*, class: device }'] },
  {
    yaml: {
      trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`,
    },
  },
  { tls: '{ resumption: off }' },
  { yaml: { grace: ' 31d' } },
]

/** Repeats what it was sent, so that a device that got the answer of another would notice. */
const repeating: Script = async (peer) => {
  for (;;) {
    const request = await peer.request()
    if (request === undefined) return
    const said = request.body.length > 0 ? request.body : request.startLine
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${said.length}\r\n\r\n${said}`)
  }
}

/** Asks and reads; throws where there is no answer, or another than its own. */
async function ask(device: Device, name: string): Promise<void> {
  const body = `body of ${name}`
  const isPost = name.endsWith('1')
  const line = `${isPost ? 'POST' : 'GET'} /device/${name} HTTP/1.1`
  device.send(
    isPost
      ? `${line}\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      : `${line}\r\nHost: localhost\r\n\r\n`,
  )
  const answer = await device.response()
  expect(answer.startLine).toBe('HTTP/1.1 200 OK')
  expect(answer.body).toBe(isPost ? body : line)
}

/** A device calls until it is over, and tells how many requests it had answered. */
async function calling(frontEnd: Product, name: string, isOver: () => boolean): Promise<number> {
  const isKept = name.startsWith('kept')
  let device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  let count = 0
  for (; !isOver(); count += 1) {
    await ask(device, `${name}-${count % 2}`)
    if (isKept) continue
    await device[Symbol.asyncDispose]()
    device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  }
  await device[Symbol.asyncDispose]()
  return count
}

test(`${RELOADS} reloads under load lose no request, on connections that are kept and on new ones`, async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, repeating)
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  let applied = 0
  const isOver = (): boolean => applied === RELOADS
  const devices = ['kept', 'new'].flatMap((kind) =>
    Array.from({ length: DEVICES }, (_, index) => calling(frontEnd, `${kind}${index}`, isOver)),
  )
  const reloading = async (): Promise<void> => {
    for (let count = 1; count <= RELOADS; count += 1) {
      const change = CHANGES[count % CHANGES.length]
      expect(await frontEnd.reload({ ...options, ...change })).toMatchObject({ kind: 'applied' })
      applied = count
    }
  }
  const [counts] = await Promise.all([Promise.all(devices), reloading()])
  for (const count of counts) expect(count).toBeGreaterThan(0)
  const refusals = frontEnd.lines.filter((line) => line['decision'] === 'refuse')
  expect(refusals).toEqual([])
})
