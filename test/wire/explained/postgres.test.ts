/** On a store in PostgreSQL a certificate, a device and a reference are explained as on one in a file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createAdmin } from '../../../src/cli/commands/create-admin.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { openStore } from '../../../src/store/store.ts'
import { keyOf } from '../../cases/front-end.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet, product } from '../../support/front-ends/product.ts'
import { postgresBackend } from '../../support/store/backends.ts'
import { findPostgres } from '../../support/store/postgres.ts'
import { until } from '../../support/until.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

const KEY = Buffer.alloc(32, 1)
process.env['TFE_TEST_RING'] = `1 ${KEY.toString('base64')}`

const why = postgres.kind === 'missing' ? `: ${postgres.why}` : ''

test.skipIf(postgres.kind === 'missing')(
  `all three are explained by what PostgreSQL keeps, with who decided what${why}`,
  async () => {
    const url = postgres.kind === 'found' ? postgres.url : ''
    await using place = await postgresBackend(url).place()
    const { settings } = place
    const schema = settings.kind === 'postgres' ? (settings.schema ?? '') : ''
    const opened = await openStore(settings, {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map([[1, KEY]]) },
      initialSettings: { enforcement: 'required' },
    })
    if (!opened.ok) throw new Error(opened.failure.kind)
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using served = await product({
      upstreamPort: upstream.port,
      createStore: false,
      files: { 'pg.url': url },
      yaml: {
        store: ` { postgres: "file:pg.url", schema: ${schema}, keys: "env:TFE_TEST_RING" }`,
        admin: ' { port: 0 }',
      },
    })
    const path = join(served.folder, 'token')
    const credential = { kind: 'token-file', path } as const
    const who = { name: 'alice', role: 'administrator', credential } as const
    await createAdmin(opened.value, who, { who: 'test', from: 'test' })
    await opened.value.close()
    const call = async (method: string, at: string, body?: object) => {
      const response = await fetch(`http://127.0.0.1:${served.adminPort}${at}`, {
        method,
        headers: {
          authorization: `Bearer ${readFileSync(path, 'utf8').trim()}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Answer }
    }
    const denied = { kind: 'key', key: keyOf(fleet.device) }
    await call('POST', '/api/deny-list', { denied, note: 'stolen' })
    await until(
      () => call('POST', '/api/explain', { certificate: fleet.device.pem, path: '/device/x' }),
      ({ body }) => body.code === 'denied-key',
    )
    await requestOnce(served, { version: 'TLSv1.3', device: fleet.device, path: '/enroll/x' })
    const line = await served.waitForLine((one) => one['code'] === 'denied-key')
    // No row could admit it: its connection is what it can be asked about by.
    const reference = String(line['connection'])
    await until(
      () => call('GET', `/api/refusals/${reference}`),
      (answer) => answer.status === 200,
    )
    const { body: listed } = await until(
      () => call('GET', `/api/devices?text=${keyOf(fleet.device).slice(0, 16)}`),
      ({ body }) => body.items?.length === 1,
    )
    const device = listed.items?.[0]?.id
    for (const subject of [{ certificate: fleet.device.pem }, { device }, { reference }]) {
      expect((await call('POST', '/api/explain', subject)).body).toMatchObject({
        verdict: 'refuse',
        code: 'denied-key',
        known_from: 'running',
        unknown: [],
        in_force: { deny_entries: [{ owner: 'store', by: 'alice', note: 'stolen' }] },
      })
    }
    expect((await call('POST', '/api/explain', { reference })).body).toMatchObject({
      reference: { code: 'denied-key', same: true },
    })
  },
)

interface Answer {
  readonly code?: string
  readonly items?: readonly { readonly id: string }[]
}
