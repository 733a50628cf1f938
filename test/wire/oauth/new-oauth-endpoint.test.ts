/**
 * The new OAuth endpoint is disabled over the admin API, in a real store: a request for a token there is refused,
 * by both workers, certificate or not, and nothing else changes.
 */
import { expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { requestOnce } from '../../support/devices/request-once.ts'

const ROWS = [
  '{ id: token, path: /oauth/*, class: always, endpoint: oauth }',
  '{ id: legacy, path: /legacy/*, class: legacy-oauth }',
]
const { device } = fleet

const statusOf = async ({ frontEnd }: ServedWithStore, path: string): Promise<number> =>
  (await requestOnce(frontEnd, { version: 'TLSv1.3', device, path })).status

test('the new OAuth endpoint, once disabled, refuses fit devices on both workers with oauth-disabled, in recording too; the legacy one works', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(
    upstream.port,
    { profile: ' core-10' },
    { rows: ROWS },
  )
  expect(await statusOf(deployment, '/oauth/token')).toBe(200)
  const { etag } = await deployment.call('GET', '/api/oauth')
  const asked = { change: 'disable-new' }
  expect((await deployment.call('POST', '/api/oauth', asked, etag)).status).toBe(200)
  await expect.poll(() => statusOf(deployment, '/oauth/token')).toBe(403)
  const workers = new Set<unknown>()
  for (let count = 1; workers.size < 2; count += 1) {
    expect(await statusOf(deployment, '/oauth/token')).toBe(403)
    const lines = await deployment.frontEnd.waitForLines(
      count,
      // Not the line of a connection that the change itself ended.
      ({ code, decision }) => code === 'oauth-disabled' && decision === 'refuse',
    )
    const line = lines.at(-1)
    workers.add(line?.['worker'])
    expect(line).toMatchObject({ decision: 'refuse', route: 'token' })
    expect(line?.['next_step']).toContain('enable it')
  }
  const before = upstream.peers.length
  const bare = await requestOnce(deployment.frontEnd, { version: 'TLSv1.3', path: '/oauth/token' })
  expect(bare.status).toBe(403)
  expect(bare.head).not.toContain('oauth')
  expect(upstream.peers).toHaveLength(before)
  expect(await statusOf(deployment, '/legacy/token')).toBe(200)
  expect(await statusOf(deployment, '/device/x')).toBe(200)
  const back = await deployment.call('GET', '/api/oauth')
  // What was never configured comes back only when the documents' preconditions are met.
  const enabled = await deployment.call('POST', '/api/oauth', { change: 'enable-new' }, back.etag)
  expect(enabled.status).toBe(409)
})
