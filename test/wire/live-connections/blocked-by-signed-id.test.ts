/**
 * A block holds at the first certificate of a new key: certificates that a blocked device had hoarded, each with a key
 * of its own and none of them met before, are refused by the id that its CA signed, on every worker.
 */
import { hash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const ID = 'urn:uuid:4b1f3c3e-0000-4000-8000-000000000001'
const others = Array.from({ length: 9 }, (_, index) => `urn:sn:${index}`)
const mint = (name: string, ...uris: readonly string[]): Leaf =>
  mintLeaf({ issuer: fleet.devices, name, uris })
const hoard = (name: string, ...uris: readonly string[]): readonly Leaf[] =>
  Array.from({ length: 6 }, (_, index) => mint(`${name} ${index}`, ...uris))

const keyOf = (leaf: Leaf): string => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki)
}

interface Selected {
  readonly id: string
  readonly version: number
}

/** The device with this certificate, once the store knows it. */
async function known({ call }: ServedWithStore, leaf: Leaf): Promise<Selected> {
  const ask = async (): Promise<readonly Selected[]> => {
    const { body } = await call('GET', `/api/devices?text=${keyOf(leaf).slice(0, 16)}`)
    return (body as { items: readonly Selected[] }).items
  }
  await expect.poll(ask).toHaveLength(1)
  const [{ id, version } = { id: '', version: 0 }] = await ask()
  return { id, version }
}

/** The statuses of four requests with each certificate, on connections of their own. */
async function statuses(
  deployment: ServedWithStore,
  leaves: readonly Leaf[],
  path = '/device/x',
): Promise<readonly number[]> {
  const answers = leaves.flatMap((device) =>
    Array.from({ length: 4 }, () =>
      requestOnce(deployment.frontEnd, { version: 'TLSv1.3', device, path }),
    ),
  )
  return (await Promise.all(answers)).map(({ status }) => status)
}

const passed = (found: readonly number[]): number => found.filter((one) => one === 200).length

test('of 24 requests with a hoard of six certificates none passes once the device is blocked, and all do when it is not', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(upstream.port, {})
  const first = mint('first', ID)
  expect(passed(await statuses(deployment, [first]))).toBe(4)
  const selected = await known(deployment, first)
  const body = { devices: [selected] }
  expect((await deployment.call('POST', '/api/devices/block', body)).status).toBe(200)
  await deployment.inForce()

  expect(passed(await statuses(deployment, hoard('hoarded', ID)))).toBe(0)
  expect(passed(await statuses(deployment, hoard('open', ID.toUpperCase()), '/enroll/x'))).toBe(0)
  expect(passed(await statuses(deployment, hoard('tenth', ...others, ID)))).toBe(0)
  // Controls: another id, none, and the same place for an id of a device that is not blocked.
  expect(passed(await statuses(deployment, hoard('other', 'urn:sn:else')))).toBe(24)
  expect(passed(await statuses(deployment, hoard('none')))).toBe(24)

  const { version } = await known(deployment, first)
  const lift = { devices: [{ id: selected.id, version }] }
  expect((await deployment.call('POST', '/api/devices/unblock', lift)).status).toBe(200)
  await deployment.inForce()
  expect(passed(await statuses(deployment, hoard('free', ID)))).toBe(24)
})

test('a block ends a live connection whose key the store does not know yet, by the id in its certificate', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(upstream.port, { enforcement: ' recording' })
  const first = mint('before', ID)
  expect(passed(await statuses(deployment, [first]))).toBe(4)
  const devices = [await known(deployment, first)]
  // It was met by no request: only its handshake is over.
  const { port } = deployment.frontEnd
  await using idle = await Device.to(port, clientTls(port, mint('idle', ID)))
  await using neighbour = await Device.to(port, clientTls(port, mint('neighbour', 'urn:sn:n')))
  expect((await deployment.call('POST', '/api/devices/block', { devices })).status).toBe(200)
  await deployment.inForce()
  await idle.ended
  neighbour.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect((await neighbour.response()).startLine).toContain('200')
})

test('a certificate with more ids than are looked at is refused with a code of its own, in recording too', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(upstream.port, { enforcement: ' recording' })
  const ids = Array.from({ length: 65 }, (_, index) => `urn:sn:${index}`)
  expect(passed(await statuses(deployment, [mint('fits', ...ids.slice(1))]))).toBe(4)
  expect(passed(await statuses(deployment, [mint('many', ...ids)]))).toBe(0)
  const [line] = await deployment.frontEnd.waitForLines(1, ({ code }) => code === 'too-many-ids')
  expect(line?.['code']).toBe('too-many-ids')
})
