/**
 * A key that a program of before joined to an approved device by a refused certificate passes as that device until the link
 * is undone, and no longer than that.
 */
import { hash, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { requestOnce } from '../../support/devices/request-once.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const ID = 'urn:uuid:4b1f3c3e-0000-4000-8000-000000000001'

const keyOf = (leaf: Leaf): string => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki)
}

interface Selected {
  readonly id: string
  readonly version: number
}

async function known({ call }: ServedWithStore, leaf: Leaf): Promise<Selected> {
  const ask = async (): Promise<readonly Selected[]> => {
    const { body } = await call('GET', `/api/devices?text=${keyOf(leaf).slice(0, 16)}`)
    return (body as { items: readonly Selected[] }).items
  }
  await expect.poll(ask).toHaveLength(1)
  const [{ id, version } = { id: '', version: 0 }] = await ask()
  return { id, version }
}

test('once the link is undone, the ordinary certificate of that key passes no sensitive row', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(
    upstream.port,
    { approval: ' { model: manual }' },
    { rows: ['{ id: data, path: /data/*, class: device, sensitive: true }'] },
  )
  const statusOf = async (device: Leaf): Promise<number> =>
    (await requestOnce(deployment.frontEnd, { version: 'TLSv1.3', device, path: '/data/x' })).status
  const own = mintLeaf({ issuer: fleet.devices, name: 'own', uris: [ID] })
  const thief = mintLeaf({ issuer: fleet.devices, name: 'thief' })
  expect([await statusOf(own), await statusOf(thief)]).toEqual([403, 403])
  const [victim, alone] = [await known(deployment, own), await known(deployment, thief)]
  const path = join(deployment.frontEnd.folder, 'data/tfe.sqlite')
  const database = new DatabaseSync(path, { timeout: 10_000 })
  // As the program before wrote it: a certificate of the thief that was refused and named the victim.
  const copied = 'issuer_key, issuer, not_before, not_after, setting, sound, first_seen, last_seen'
  const key = keyOf(thief)
  for (const statement of [
    `insert into certificates (fingerprint, key, serial, subject, signed_ids, verdict, code, ${copied})
      select 'refused', key, '0b', 'CN=forged', '["${ID}"]', 'refuse', 'denied-issuer', ${copied}
      from certificates where key = '${key}'`,
    `update device_keys set device = '${victim.id}', first_seen = first_seen + 1 where key = '${key}'`,
    `delete from search_terms where device = '${alone.id}'`,
    `delete from devices where id = '${alone.id}'`,
  ]) {
    database.exec(statement)
  }
  database.close()
  const approved = await deployment.call('POST', '/api/devices/approve', { devices: [victim] })
  expect(approved.body).toMatchObject({ changed: [victim.id] })
  await deployment.inForce()
  // Control: without the undoing the thief is taken for the victim.
  expect([await statusOf(own), await statusOf(thief)]).toEqual([200, 200])

  const { body } = await deployment.call('GET', '/api/devices/links?evidence=refused')
  const link = { device: victim.id, kind: 'key', value: key }
  expect(body).toMatchObject({
    items: [{ ...link, approval: 'approved', subject: 'CN=forged', code: 'denied-issuer' }],
  })
  const undo = { evidence: 'refused', links: [link] }
  const undone = await deployment.call('POST', '/api/devices/links/undo', undo)
  expect(undone.body).toEqual({ undone: [link], left: [] })
  await deployment.inForce()
  expect([await statusOf(own), await statusOf(thief)]).toEqual([200, 403])
})
