/** Explaining teaches nothing: neither the processes that judge, nor the store, nor what is counted. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { frontEnd, type FrontEnd } from '../../cases/front-end.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'

const lower = mintCa({ name: 'Lower', issuer: fleet.root })
const withIssuer = mintLeaf({ issuer: lower, name: 'chained' })
const chained = { ...withIssuer, chainPem: withIssuer.pem }
const foreign = mintLeaf({ issuer: fleet.stranger, name: 'foreign' })

/** Devices come from whatever the root has signed; the CA below is in no setting. */
const OPTIONS = {
  yaml: {
    trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:root.pem' }`,
  },
  files: { 'root.pem': fleet.root.pem },
}

const explain = async (on: FrontEnd, certificate: string): Promise<string> => {
  const { status, body } = await on.call('POST', '/api/explain', {
    certificate,
    path: '/device/x',
  })
  const { verdict, code } = body as { readonly verdict: string; readonly code: string }
  return `${status} ${verdict} ${code}`
}

/** Every row of the store but when its token was used last. */
function rowsOf(on: FrontEnd): unknown {
  using database = new DatabaseSync(join(on.product.folder, 'data/tfe.sqlite'), { readOnly: true })
  const tables = database
    .prepare("select name from sqlite_master where type = 'table' order by name")
    .all()
  return tables
    .map(({ name }) => String(name))
    .filter((name) => name !== 'tokens' && name !== 'instances' && !name.startsWith('sqlite_'))
    .map((name) => [name, database.prepare(`select * from ${name}`).all()])
}

/** Everything that is counted of devices. */
const countedBy = async (on: FrontEnd): Promise<readonly string[]> =>
  (await on.text('/metrics')).split('\n').filter((line) => COUNTED.test(line))

const COUNTED = /^tfe_(?:requests|connections|refus|devices|sightings|handshake|tunnels)[a-z_]*/u

test('a chain that is explained teaches no issuer, and one that is presented does', async () => {
  await using on = await frontEnd(OPTIONS)
  expect(await on.verdict(chained)).toBe('403 untrusted-issuer')
  expect(await explain(on, withIssuer.chainPem)).toBe('200 admit verified')
  expect(await explain(on, chained.pem)).toBe('200 refuse untrusted-issuer')
  expect(await on.verdict(chained)).toBe('403 untrusted-issuer')
  // The control: shown on a connection the same chain teaches it, and then it is known to explanations, too.
  expect(await on.verdict(withIssuer)).toBe('200 verified')
  expect(await on.verdict(chained)).toBe('200 verified')
  expect(await explain(on, chained.pem)).toBe('200 admit verified')
})

test('nothing in the store and nothing that is counted changes by an explanation, and a visit changes both', async () => {
  await using on = await frontEnd(OPTIONS)
  await on.verdict(withIssuer)
  await on.known(withIssuer)
  const [rows, counted] = [rowsOf(on), await countedBy(on)]
  expect(counted.length).toBeGreaterThan(5)
  for (const certificate of [withIssuer.chainPem, foreign.chainPem]) await explain(on, certificate)
  const device = await on.known(withIssuer)
  const { status } = await on.call('POST', '/api/explain', { device: device.id })
  expect(status).toBe(200)
  // What waits to be written is written with the next scrape.
  expect(await countedBy(on)).toEqual(counted)
  expect(rowsOf(on)).toEqual(rows)
  await on.verdict(foreign)
  await on.known(foreign)
  expect(await countedBy(on)).not.toEqual(counted)
  expect(rowsOf(on)).not.toEqual(rows)
})

test('under auto an explanation approves no device, and a visit does', async () => {
  await using on = await frontEnd({ yaml: { approval: ' { model: auto }' } })
  await on.verdict(fleet.unknown)
  await on.known(fleet.unknown)
  await explain(on, fleet.device.pem)
  await on.verdict(fleet.old)
  await on.known(fleet.old)
  const listed = async (): Promise<readonly string[]> => {
    const { body } = await on.call('GET', '/api/devices?order=first-seen')
    const { items } = body as { items: readonly { subject: string; approval: string }[] }
    return items.map(({ subject, approval }) => `${subject} ${approval}`)
  }
  expect(await listed()).toEqual(['CN=unknown unapproved', 'CN=old approved'])
  await on.verdict(fleet.device)
  await on.known(fleet.device)
  expect(await listed()).toContain('CN=device-1 approved')
})
