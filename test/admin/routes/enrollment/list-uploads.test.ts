/**
 * Lists that an administrator uploads one right behind the other: none of them has been in force when the next one comes.
 * The front end of these tests never takes any.
 */
import { expect, test } from 'vitest'
import { call } from '../../../support/admin/call.ts'
import { mintCa, NOW, openAdminApi, type TestAdminApi } from '../../../support/admin/admin-api.ts'
import { mintCrl } from '../../../support/certificates/mint-crl.ts'

const HOUR = 3_600_000
const ca = mintCa({ name: 'Fleet CA' })
const PATH = '/api/enrollment-settings/fleet/revocation/lists'

async function withFleet(): Promise<TestAdminApi> {
  const api = await openAdminApi()
  const body = { name: 'fleet', source: 'local', chain: ca.pem }
  const { status } = await call(api, 'POST', '/api/enrollment-settings', { body })
  expect(status).toBe(201)
  return api
}

/** Uploads a list with this number, or `null` for none; says how many uploads the setting has then, or the code. */
async function upload(api: TestAdminApi, number: number | null, hour: number): Promise<unknown> {
  const thisUpdate = new Date(NOW - (24 - hour) * HOUR)
  const list = mintCrl({ issuer: ca, number, thisUpdate }).toString('base64')
  const { status, body } = await call(api, 'POST', PATH, { body: { list }, match: '*' })
  return status === 200
    ? (body as { readonly lists: readonly unknown[] }).lists.length
    : /crl-[a-z-]+/u.exec(JSON.stringify(body))?.[0]
}

test('a lower number does not come back by way of a list without one, however fast they are uploaded', async () => {
  await using api = await withFleet()
  expect(await upload(api, 7, 1)).toBe(1)
  // The one with the number stays beside it.
  expect(await upload(api, null, 2)).toBe(2)
  expect(await upload(api, 5, 3)).toBe('crl-number-lower')
  expect(await upload(api, null, 4)).toBe(2)
  expect(await upload(api, 6, 5)).toBe('crl-number-lower')
})

test('a higher number takes the place of all that were uploaded before', async () => {
  await using api = await withFleet()
  await upload(api, 7, 1)
  await upload(api, null, 2)
  expect(await upload(api, 8, 3)).toBe(1)
  expect(await upload(api, 7, 4)).toBe('crl-number-lower')
})

test('of lists that all have a number, or all have none, only the last stays', async () => {
  await using api = await withFleet()
  expect(await upload(api, null, 1)).toBe(1)
  expect(await upload(api, null, 2)).toBe(1)
  expect(await upload(api, 7, 3)).toBe(1)
  expect(await upload(api, 8, 4)).toBe(1)
})
