/**
 * The new OAuth endpoint is enabled and disabled over the admin API, in a real store: before and after, a request for a
 * token there is refused, by both workers, certificate or not, and nothing else changes.
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

const change = async (deployment: ServedWithStore, kind: string): Promise<number> => {
  const { etag } = await deployment.call('GET', '/api/oauth')
  return (await deployment.call('POST', '/api/oauth', { change: kind }, etag)).status
}

const requireCertificates = async ({ call }: ServedWithStore): Promise<number> => {
  const { body, etag } = await call('GET', '/api/enforcement')
  const { warnings } = body as { readonly warnings: readonly { readonly kind: string }[] }
  const read = warnings.map(({ kind }) => kind)
  const asked = {
    phrase: 'require certificates',
    read,
    save_authentication: true,
    save_decryption: false,
  }
  return (await call('POST', '/api/enforcement/require', asked, etag)).status
}

/** Asks until both workers have refused with this code, and looks at each line. */
async function refusedByBothWorkers(deployment: ServedWithStore, code: string): Promise<void> {
  const workers = new Set<unknown>()
  for (let count = 1; workers.size < 2; count += 1) {
    expect(await statusOf(deployment, '/oauth/token')).toBe(403)
    const lines = await deployment.frontEnd.waitForLines(
      count,
      // Not the line of a connection that the change itself ended.
      (line) => line['code'] === code && line['decision'] === 'refuse',
    )
    const line = lines.at(-1)
    workers.add(line?.['worker'])
    expect(line).toMatchObject({ decision: 'refuse', route: 'token' })
    expect(line?.['next_step']).toContain('`tfe oauth enable-new`')
  }
}

test('the new OAuth endpoint serves only while it is enabled, on both workers, and says which state it is in; the legacy one works throughout', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using deployment = await servedWithStore(
    upstream.port,
    { profile: ' core-10' },
    { rows: ROWS },
  )
  const { body } = await deployment.call('GET', '/api/oauth')
  expect(body).toMatchObject({
    new: 'not-configured',
    legacy: 'enabled',
    rows: [
      { endpoint: 'new', listener: 'devices', row: 'token' },
      { endpoint: 'legacy', listener: 'devices', row: 'legacy' },
    ],
  })
  await refusedByBothWorkers(deployment, 'oauth-not-configured')
  expect(upstream.peers).toHaveLength(0)
  expect(await statusOf(deployment, '/legacy/token')).toBe(200)
  // It cannot be enabled as long as certificates are not required.
  expect(await change(deployment, 'enable-new')).toBe(409)
  expect(await statusOf(deployment, '/oauth/token')).toBe(403)
  expect(await requireCertificates(deployment)).toBe(200)
  expect(await change(deployment, 'enable-new')).toBe(200)
  await deployment.inForce()
  expect(await statusOf(deployment, '/oauth/token')).toBe(200)
  expect(await change(deployment, 'disable-new')).toBe(200)
  await deployment.inForce()
  await refusedByBothWorkers(deployment, 'oauth-disabled')
  const before = upstream.peers.length
  const bare = await requestOnce(deployment.frontEnd, { version: 'TLSv1.3', path: '/oauth/token' })
  expect(bare.status).toBe(403)
  expect(bare.head).not.toContain('oauth')
  expect(upstream.peers).toHaveLength(before)
  expect(await statusOf(deployment, '/legacy/token')).toBe(200)
  expect(await statusOf(deployment, '/device/x')).toBe(200)
})
