import { expect, test } from 'vitest'
import { authenticate } from '../../../src/admin/auth/authenticate.ts'
import { fail, isoText, type Instant } from '../../../src/kernel/types.ts'
import { NOW, openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'

const call = async (api: TestAdminApi, token: string, path = '/api/devices') =>
  await fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${token}` } })

/** When the token of the viewer was last used, as an administrator sees it. */
async function lastUsed(api: TestAdminApi): Promise<string | null | undefined> {
  const response = await call(api, await api.tokenOf('administrator'), '/api/tokens')
  const { items } = (await response.json()) as {
    readonly items: readonly { readonly administrator: string; readonly last_used: string | null }[]
  }
  return items.find(({ administrator }) => administrator === 'viewer')?.last_used
}

const at = (ms: number): string => isoText((NOW + ms) as Instant)

test('a token tells when it was last used, to the minute', async () => {
  await using api = await openAdminApi()
  const token = await api.tokenOf('viewer')
  expect(await lastUsed(api)).toBeNull()
  for (const [after, noted] of [
    [0, 0],
    [59_999, 0],
    [60_000, 60_000],
    [119_999, 60_000],
    [120_000, 120_000],
  ] as const) {
    api.clock.at = NOW + after
    expect((await call(api, token)).status).toBe(200)
    expect(await lastUsed(api)).toBe(at(noted))
  }
})

test.each<[string, (api: TestAdminApi) => Promise<void>]>([
  [
    'has expired',
    (api) => {
      api.clock.at += 2 * 86_400_000
      return Promise.resolve()
    },
  ],
  [
    'is of an administrator who was disabled',
    async (api) => {
      const by = { who: 'test', from: 'test' }
      const disabling = { expected: 'any', change: { disabled: true } } as const
      const changed = await api.store.admins.change(by, 'viewer', disabling)
      expect(changed.ok).toBe(true)
    },
  ],
])('a token that %s is not used by showing it', async (_what, spoil) => {
  await using api = await openAdminApi()
  const token = await api.tokenOf('viewer')
  await spoil(api)
  expect((await call(api, token)).status).toBe(401)
  expect(await lastUsed(api)).toBeNull()
})

test('a store that cannot keep the note turns no caller away', async () => {
  await using api = await openAdminApi()
  const { credentials, admins } = api.store
  const noted: unknown[] = []
  const who = await authenticate(
    {
      authorization: `Bearer ${await api.tokenOf('viewer')}`,
      session: undefined,
      certificateKey: undefined,
      changes: false,
      requestedBy: undefined,
    },
    {
      credentials: {
        findToken: (hash) => credentials.findToken(hash),
        findSession: (hash) => credentials.findSession(hash),
        recordUse: (used) => {
          noted.push(used)
          return Promise.resolve(fail({ kind: 'store-closed' }))
        },
      },
      admins,
      clock: { now: () => NOW as Instant },
    },
  )
  expect(who).toMatchObject({ ok: true, value: { name: 'viewer' } })
  expect(noted).toHaveLength(1)
})
