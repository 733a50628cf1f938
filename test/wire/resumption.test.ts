import { connect, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import type { Leaf } from '../support/mint.ts'
import { calling, fleet, product, type Product } from '../support/product.ts'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { answering, OK, rawUpstream } from '../support/upstream.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const ON = { tls: '{ resumption: "on" }' }

for (const version of VERSIONS) {
  test(`${version}: a resumed session is judged from its leaf and still admitted`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    await using house = await product({ upstreamPort: upstream.port, ...ON })
    const first = await visit(house, { version, device: fleet.device })
    const second = await visit(house, { version, device: fleet.device, session: first.session })
    expect([first.status, first.resumed, second.status, second.resumed]).toEqual([
      200,
      false,
      200,
      true,
    ])
  })

  test(`${version}: a resumed session of a CA that was distrusted meanwhile is not admitted`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    const options = { upstreamPort: upstream.port, ...ON }
    await using house = await product(options)
    const first = await visit(house, { version, device: fleet.old })
    expect(first.status).toBe(200)
    await house.reload({ ...options, yaml: { trust: OLD_FLEET_DISTRUSTED } })
    const second = await visit(house, { version, device: fleet.old, session: first.session })
    expect(second.status).toBe(403)
  })

  test(`${version}: a ticket from before a CA was removed is worthless`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    const options = { upstreamPort: upstream.port, ...ON }
    await using house = await product(options)
    const first = await visit(house, { version, device: fleet.old })
    await house.reload({ ...options, yaml: { trust: FLEET_ALONE } })
    const second = await visit(house, { version, device: fleet.old, session: first.session })
    expect([second.status, second.resumed]).toEqual([403, false])
  })

  test(`${version}: a session that began without a certificate is refused by name, and its connection ends`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    await using house = await product({ upstreamPort: upstream.port, ...ON })
    const first = await visit(house, { version, path: '/enroll/x' })
    const second = await visit(house, { version, device: fleet.device, session: first.session })
    expect([first.status, second.resumed, second.status]).toEqual([200, true, 403])
    expect(second.head).toMatch(/connection: close/i)
    const line = await house.line((one) => one['decision'] === 'refuse')
    expect(line['code']).toBe('resumed-without-certificate')
  })

  test(`${version}: where devices enrol, sessions are not resumed unless the operator says so`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, answering(OK))
    await using house = await product({ upstreamPort: upstream.port })
    const first = await visit(house, { version, path: '/enroll/x' })
    const second = await visit(house, { version, device: fleet.device, session: first.session })
    expect([second.resumed, second.status]).toEqual([false, 200])
  })
}

const FLEET_ALONE = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
const OLD_FLEET_DISTRUSTED = `${FLEET_ALONE}
    - { name: Old Fleet, standing: distrusted, chain: 'file:previous.pem' }`

interface Visit {
  readonly version: (typeof VERSIONS)[number]
  readonly device?: Leaf
  readonly path?: string
  readonly session?: Buffer | undefined
}

interface Visited {
  readonly status: number
  readonly head: string
  readonly resumed: boolean
  readonly session: Buffer | undefined
}

/** One connection, one request; the last session that the front end offered is kept. */
async function visit(
  house: Product,
  { version, device, path = '/device/x', session }: Visit,
): Promise<Visited> {
  const socket: TLSSocket = connect({
    ...calling(house.port, device),
    minVersion: version,
    maxVersion: version,
    ...(session === undefined ? {} : { session }),
  })
  let offered: Buffer | undefined
  let received = ''
  let resumed = false
  socket.on('secureConnect', () => {
    resumed = socket.isSessionReused()
  })
  socket.on('session', (one: Buffer) => {
    offered = one
  })
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('error', reject)
  socket.once('close', () => resolve())
  await promise
  const [head = ''] = received.split('\r\n\r\n', 1)
  const status = Number(head.slice('HTTP/1.1 '.length).slice(0, 3))
  return { status, head, resumed, session: offered }
}
