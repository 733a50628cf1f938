/** A command with --dry-run says which devices would meet another verdict, and changes nothing. */
import { expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { hex, makeCurrent, sighting } from '../../support/admin/sightings.ts'
import { typed } from '../../support/cli/call-admin.ts'

const BY = { who: 'test', from: 'test' }
const KEEPING = { saveAuthentication: true, saveDecryption: false }

/** Two devices of the current CA, and one of a CA that is not known here. */
async function fleet(): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  const { certificate } = sighting('3')
  if (certificate === undefined) throw new Error('it shows a certificate')
  await adminApi.store.sightings.record([
    sighting('1'),
    sighting('2'),
    sighting('3', {
      certificate: { ...certificate, issuer: 'CN=Stranger', setting: undefined, sound: false },
      code: 'untrusted-issuer',
    }),
  ])
  return adminApi
}

async function required(): Promise<TestAdminApi> {
  const adminApi = await fleet()
  await adminApi.store.enforcement.require(BY, KEEPING, 'any')
  return adminApi
}

const deviceOf = async ({ store }: TestAdminApi, digit: string): Promise<string> => {
  const filter = { text: hex(digit) }
  const found = await store.devices.list({ filter, order: 'last-seen', limit: 1, minimums: [] })
  return found.ok ? (found.value.items[0]?.id ?? '') : ''
}

/** Everything that administrators ever did, but for the tokens that they type with. */
async function audit({ store }: TestAdminApi): Promise<readonly string[]> {
  const found = await store.audit.list({ limit: 100 })
  const entries = found.ok ? found.value.items : []
  return entries.map(({ action }) => action).filter((action) => action !== 'token.create')
}

interface ForetellingCommand {
  readonly command: string
  readonly made?: () => Promise<TestAdminApi>
  readonly line: (adminApi: TestAdminApi) => Promise<string> | string
  readonly says: RegExp
}

const FORETELLING: readonly ForetellingCommand[] = [
  {
    command: 'deny add',
    line: () => `deny add ${hex('1')} --note lost`,
    says: /^current +verified +denied-key +1 +rows\/checkin, rows\/renew$/mu,
  },
  {
    command: 'deny add, with the key of a CA',
    made: required,
    line: () => `deny add ${hex('c')} --note stolen`,
    says: /^current +verified +denied-issuer +2 +rows\/checkin, rows\/renew$/mu,
  },
  {
    command: 'devices block',
    line: async (adminApi) =>
      `devices block ${await deviceOf(adminApi, '1')} ${await deviceOf(adminApi, '2')}`,
    says: /^current +verified +blocked +2 +rows\/checkin, rows\/renew$/mu,
  },
  {
    command: 'enforce require',
    line: () => 'enforce require',
    says: /^none +untrusted-issuer \(recorded\) +untrusted-issuer +1 +rows\/checkin, rows\/renew$/mu,
  },
  {
    command: 'port close',
    made: required,
    line: () => 'port close --force',
    says: /^3 devices judged; none would meet another verdict$/mu,
  },
  {
    command: 'oauth enable-legacy',
    line: () => 'oauth enable-legacy',
    says: /^3 devices judged; none would meet another verdict$/mu,
  },
]

for (const { command, made = fleet, line, says } of FORETELLING) {
  test(`${command} with --dry-run tells who would meet what, to a viewer as well, and changes nothing`, async () => {
    await using adminApi = await made()
    await adminApi.tokenOf('viewer')
    const before = await audit(adminApi)
    const { code, out, err } = await typed(adminApi, `${await line(adminApi)} --dry-run`, {
      as: 'viewer',
    })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^3 devices judged/u)
    expect(out).toMatch(says)
    expect(await audit(adminApi)).toEqual(before)
  })
}

test('what would not be done is not foretold: a dry run is refused as the change is', async () => {
  await using adminApi = await fleet()
  await typed(adminApi, `deny add ${hex('1')} --note lost`)
  const before = await audit(adminApi)
  for (const line of [
    'oauth enable-new',
    'port close --force',
    `deny add ${hex('1')} --note lost`,
    'devices block no-such-device',
  ]) {
    const [foretold, done] = [
      await typed(adminApi, `${line} --dry-run`),
      await typed(adminApi, line),
    ]
    expect({ line, code: foretold.code }).toEqual({ line, code: done.code })
    expect(foretold.code).toBe(1)
    // A device that is not there is left, and the others of a selection are blocked: that is an answer, no refusal.
    if (!line.startsWith('devices')) expect(foretold.err).toBe(done.err)
  }
  expect(await audit(adminApi)).toEqual(before)
})

test('a dry run of disabling the legacy OAuth endpoint asks for no confirmation, and is refused where no endpoint would be left', async () => {
  await using adminApi = await fleet()
  await adminApi.store.oauth.set(BY, { mutual: 'enabled', legacy: 'enabled' }, 'any')
  expect(await typed(adminApi, 'oauth disable-legacy --dry-run')).toMatchObject({
    code: 0,
    err: '',
  })
  await adminApi.store.oauth.set(BY, { mutual: 'disabled', legacy: 'enabled' }, 'any')
  const { code, err } = await typed(adminApi, 'oauth disable-legacy --dry-run')
  expect(code).toBe(1)
  expect(err).toContain('both-disabled')
})
