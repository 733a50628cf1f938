/** What a device calls itself is kept for people to read; it identifies no device. */
import { hash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { requestOnce } from '../../support/devices/request-once.ts'

const ROWS = [
  '{ id: named, path: /named/*, class: device, reportedId: "query:clientid" }',
  '{ id: secret, path: /secret/*, class: device, sensitive: true, reportedId: "query:clientid" }',
]
const honest = mintLeaf({ issuer: fleet.devices, name: 'honest' })
const impostor = mintLeaf({ issuer: fleet.devices, name: 'liar' })
const keyOf = ({ der }: Leaf): string =>
  hash('sha256', new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }))

interface Record {
  readonly id: string
  readonly version: number
  readonly reported_id: string | null
  readonly approval: string
}

const statusOf = async (
  { frontEnd }: ServedWithStore,
  device: Leaf,
  path: string,
): Promise<number> => (await requestOnce(frontEnd, { version: 'TLSv1.3', device, path })).status

/** The record of a key, once it says what the device calls itself. */
async function recordOf({ call }: ServedWithStore, leaf: Leaf): Promise<Record> {
  const ask = async (): Promise<readonly Record[]> => {
    const { body } = await call('GET', `/api/devices?text=${keyOf(leaf).slice(0, 16)}`)
    return (body as { readonly items: readonly Record[] }).items
  }
  await expect.poll(async () => (await ask())[0]?.reported_id).toBe('serial-77')
  const [record] = await ask()
  if (record === undefined) throw new Error('no such device')
  return record
}

test('two devices that call themselves the same are two, both named so, and approving one approves no other', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = { approval: ' { model: manual }' }
  await using deployment = await servedWithStore(upstream.port, yaml, { rows: ROWS })
  for (const leaf of [honest, impostor]) {
    expect(await statusOf(deployment, leaf, '/named/x?clientid=serial-77')).toBe(200)
    expect(await statusOf(deployment, leaf, '/secret/x?clientid=serial-77')).toBe(403)
  }
  const [one, other] = [await recordOf(deployment, honest), await recordOf(deployment, impostor)]
  expect(one.id).not.toBe(other.id)
  expect([one.approval, other.approval]).toEqual(['unapproved', 'unapproved'])
  const devices = [{ id: one.id, version: one.version }]
  expect((await deployment.call('POST', '/api/devices/approve', { devices })).status).toBe(200)
  await expect.poll(() => statusOf(deployment, honest, '/secret/x?clientid=serial-77')).toBe(200)
  // Enough for both workers.
  for (let turn = 0; turn < 8; turn += 1) {
    expect(await statusOf(deployment, impostor, '/secret/x?clientid=serial-77')).toBe(403)
  }
  expect((await recordOf(deployment, impostor)).approval).toBe('unapproved')
})
