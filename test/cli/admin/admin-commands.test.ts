/** Sessions against a real admin API: what was typed, what was printed, what became of it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../src/admin/auth/principal.ts'
import { versionRank } from '../../../src/fleet/client.ts'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { mintCa, mintLeaf, openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { hex, makeCurrent, sighting } from '../../support/admin/sightings.ts'
import * as real from '../../support/certificates/mint.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'

const BY = { who: 'test', from: 'test' }
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-cli-admin-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

interface How {
  readonly as?: Role
  readonly answers?: readonly string[]
}

async function typed(
  adminApi: TestAdminApi,
  words: readonly string[],
  how: How = {},
): Promise<CommandOutput> {
  const env = {
    TFE_ADMIN_URL: adminApi.url,
    TFE_ADMIN_TOKEN: await adminApi.tokenOf(how.as ?? 'administrator'),
  }
  return await tfe(words, env, how.answers)
}

const words = (line: string): readonly string[] => line.split(' ')

async function fleet(): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  await adminApi.store.sightings.record([
    sighting('1'),
    sighting('2', { verdict: 'refuse', code: 'unapproved', authentication: 'failed' }),
  ])
  return adminApi
}

async function idsOf(adminApi: TestAdminApi): Promise<readonly string[]> {
  const { out } = await typed(adminApi, words('devices list --json'))
  return (JSON.parse(out) as { items: readonly { id: string }[] }).items.map(({ id }) => id)
}

test('devices are listed in a table, approved by id, and found again', async () => {
  await using adminApi = await fleet()
  const listed = await typed(adminApi, words('devices list'))
  expect(listed.code).toBe(0)
  expect(listed.out).toMatch(
    /^ID +NAME +CLASS +APPROVAL +LAST VERDICT +MIGRATION +LAST SEEN \(UTC\)$/mu,
  )
  const ids = await idsOf(adminApi)
  const approved = await typed(adminApi, ['devices', 'approve', ...ids], { as: 'operator' })
  expect(approved).toMatchObject({ code: 0, err: '' })
  for (const id of ids) {
    expect(approved.out).toMatch(new RegExp(`^${id} \\(CN=device [12]\\) is approved$`, 'mu'))
  }
  const { out } = await typed(adminApi, words('devices list --approval approved'))
  expect(out.match(/approved, awaiting next connection/gu)).toHaveLength(2)
})

function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return length
}

test('a device is meant by any beginning that it alone has', async () => {
  await using adminApi = await fleet()
  const [first = '', second = ''] = await idsOf(adminApi)
  const shared = sharedLength(first, second)
  const beginning = first.slice(0, shared + 1)
  expect((await typed(adminApi, ['devices', 'show', beginning])).out).toContain(first)
  const blocked = await typed(adminApi, ['devices', 'block', beginning])
  expect(blocked.code).toBe(0)
  expect(blocked.out).toMatch(new RegExp(`^${first} \\(CN=device [12]\\) is blocked\n$`, 'u'))
})

test('a beginning that two devices share decides about neither, exit code 2', async () => {
  await using adminApi = await fleet()
  const [first = '', second = ''] = await idsOf(adminApi)
  const shared = sharedLength(first, second)
  for (const action of ['show', 'block', 'forget']) {
    const { code, out, err } = await typed(adminApi, ['devices', action, first.slice(0, shared)])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    const names = ['CN=device 1', 'CN=device 2']
    for (const said of [first, second, ...names, 'next: write more of the id'])
      expect(err).toContain(said)
  }
  const { out } = await typed(adminApi, words('devices list --approval blocked --json'))
  expect(JSON.parse(out)).toMatchObject({ items: [] })
})

test('a device that is left is named with the reason, exit code 1', async () => {
  await using adminApi = await fleet()
  const [first = ''] = await idsOf(adminApi)
  await typed(adminApi, ['devices', 'block', first])
  const again = await typed(adminApi, ['devices', 'approve', first, 'unknown'])
  expect(again).toMatchObject({ code: 1 })
  expect(again.out).toMatch(
    new RegExp(`^${first} \\(CN=device [12]\\) is left: it is blocked`, 'mu'),
  )
  expect(again.out).toContain('unknown is left: there is no such device')
  const forget = await typed(adminApi, ['devices', 'forget', first])
  expect(forget).toMatchObject({ code: 1, out: '' })
  expect(forget.err).toMatch(/^tfe: .*\(device-blocked\)\nnext: /u)
})

test('readiness is printed with the labels of the chart, and an old agent must upgrade', async () => {
  await using adminApi = await openAdminApi({
    frontEnd: {
      minimums: () => ({ versions: new Map([['android-maw', [10, 1]]]), statedByFile: true }),
    },
  })
  const old = { verdict: 'refuse', code: 'no-certificate', authentication: 'failed' } as const
  await adminApi.store.sightings.record([
    sighting('1'),
    sighting('2', { ...old, agentVersion: '10.0', agentRank: versionRank([10]) }),
    sighting('3', { ...old, agentVersion: '10.1', agentRank: versionRank([10, 1]) }),
  ])
  const { out, code } = await typed(adminApi, words('devices readiness'))
  expect(code).toBe(0)
  expect(out).toMatch(/^Authentication succeeded +1 +succeeded$/mu)
  expect(out).toMatch(/^No authentication info +0 +no-info$/mu)
  expect(out).toMatch(/^Authentication failed +1 +failed$/mu)
  expect(out).toMatch(/^Client agents must upgrade +1 +must-upgrade$/mu)
  expect(out).toContain('success rate: 33.3 %')
  const listed = await typed(adminApi, words('devices list --authentication must-upgrade --json'))
  const [first] = (JSON.parse(listed.out) as { items: readonly { id: string }[] }).items
  const shown = await typed(adminApi, ['devices', 'show', first?.id ?? ''])
  expect(shown.out).toMatch(/authentication +must-upgrade: its agent is 10\.0, and only 10\.1/u)
})

test('a fleet of which no device was met has no success rate', async () => {
  await using adminApi = await openAdminApi()
  const { out } = await typed(adminApi, words('devices readiness'))
  expect(out).toContain('success rate: no device has tried yet\n')
})

test('one device is shown whole', async () => {
  await using adminApi = await fleet()
  const [first = ''] = await idsOf(adminApi)
  const { out } = await typed(adminApi, ['devices', 'show', first])
  expect(out).toContain(`device              ${first}\n`)
  expect(out).toMatch(/^CERTIFICATE +SUBJECT +FROM \(UTC\) +TO \(UTC\) +LAST VERDICT$/mu)
})

test('a device that names itself with control characters moves no cursor', async () => {
  await using adminApi = await openAdminApi()
  const seen = sighting('1')
  const subject = 'CN=\u001B[2Jgone'
  if (seen.certificate === undefined) throw new Error('a sighting has a certificate')
  await adminApi.store.sightings.record([
    { ...seen, certificate: { ...seen.certificate, subject } },
  ])
  const [first = ''] = await idsOf(adminApi)
  const { out } = await typed(adminApi, ['devices', 'show', first])
  expect(out).toContain('gone')
  expect(out).not.toContain('\u001B')
})

test('certificates are required after the warnings were printed and the phrase was typed', async () => {
  await using adminApi = await fleet()
  const { certificate, ...facts } = sighting('3')
  if (certificate === undefined) throw new Error('a device has a certificate')
  const ended = { ...certificate, notAfter: certificate.notBefore }
  await adminApi.store.sightings.record([{ ...facts, certificate: ended }])
  const said = await typed(adminApi, words('enforce require'), { answers: [CONFIRMATION_PHRASE] })
  expect(said).toMatchObject({
    code: 0,
    err: `type \`${CONFIRMATION_PHRASE}\` to go on: ${CONFIRMATION_PHRASE}\n`,
  })
  expect(said.out).toContain('- once certificates are required, this cannot be undone\n')
  expect(said.out).toMatch(/^expired +1$/mu)
  expect(said.out.endsWith('certificates are required for good\n')).toBe(true)
  expect(await adminApi.store.enforcement.current()).toMatchObject({ value: { state: 'required' } })
})

const NOT_REQUIRED: readonly [string, string, How, number][] = [
  ['with another answer', 'enforce require', { answers: ['yes'] }, 1],
  ['with no answer', 'enforce require', { answers: [] }, 1],
  ['where there is no terminal to ask at', 'enforce require', {}, 2],
  ['with another phrase', 'enforce require --phrase yes', {}, 1],
  ['by an operator', `enforce require`, { as: 'operator', answers: [CONFIRMATION_PHRASE] }, 1],
]

for (const [how, line, options, code] of NOT_REQUIRED) {
  test(`certificates are not required ${how}`, async () => {
    await using adminApi = await openAdminApi()
    expect(await typed(adminApi, words(line), options)).toMatchObject({ code })
    const current = await adminApi.store.enforcement.current()
    expect(current).toMatchObject({ value: { state: 'recording' } })
  })
}

test('the legacy OAuth endpoint is disabled after two answers, and each says what it costs', async () => {
  await using adminApi = await openAdminApi()
  await adminApi.store.oauth.set(BY, { mutual: 'enabled', legacy: 'enabled' }, 'any')
  const once = await typed(adminApi, words('oauth disable-legacy'), { answers: ['yes', 'no'] })
  expect(once).toMatchObject({ code: 1 })
  expect(once.err).toContain('nothing was changed')
  const flag = await typed(adminApi, words('oauth disable-legacy --confirm'))
  expect(flag).toMatchObject({ code: 2 })
  expect(flag.err).toContain('add --confirm --confirm')
  expect(await adminApi.store.oauth.current()).toMatchObject({ value: { legacy: 'enabled' } })
  const done = await typed(adminApi, words('oauth disable-legacy --confirm --confirm'))
  expect(done.code).toBe(0)
  expect(done.out).toContain('clients that have no certificate get no token any more')
  expect(done.out).toMatch(/^legacy endpoint +disabled$/mu)
})

test('the status of the OAuth endpoints names the rows of each, and says where there is none', async () => {
  await using adminApi = await openAdminApi()
  const { out } = await typed(adminApi, words('oauth status'))
  expect(out).toMatch(/^new endpoint +not-configured$/mu)
  expect(out).toMatch(/^new endpoint rows +token \(listener devices\)$/mu)
  expect(out).toMatch(/^legacy endpoint rows +old-token \(listener devices\)$/mu)
  await using bare = await openAdminApi({ frontEnd: { oauthRows: () => [] } })
  const without = await typed(bare, words('oauth status'))
  expect(without.out).toMatch(
    /^new endpoint rows +none in the configuration: it is served nowhere$/mu,
  )
})

test('what keeps the new OAuth endpoint greyed out is told with each reason', async () => {
  await using adminApi = await openAdminApi()
  const said = await typed(adminApi, words('oauth enable-new'))
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toContain('(certificates-not-required)')
  expect(said.err).toContain('  sync-port-open: ')
})

test('what is required for good is told so, without a phrase, exit code 0', async () => {
  await using adminApi = await openAdminApi()
  const keeping = { saveAuthentication: false, saveDecryption: false }
  await adminApi.store.enforcement.require(BY, keeping, 'any')
  const { code, out, err } = await typed(adminApi, words('enforce require'))
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^certificates are required for good, since /u)
})

test('a list with nothing in it says so', async () => {
  await using adminApi = await openAdminApi()
  expect((await typed(adminApi, words('devices list'))).out).toMatch(/^ID +NAME .*\nnone\n$/u)
  expect((await typed(adminApi, words('deny list'))).out).toMatch(/^DENIED .*\nnone\n$/u)
})

test('an unblocked device is told to be unapproved, beside the answer', async () => {
  await using adminApi = await fleet()
  const [first = ''] = await idsOf(adminApi)
  await typed(adminApi, ['devices', 'block', first])
  const { code, err } = await typed(adminApi, ['devices', 'unblock', first])
  expect(code).toBe(0)
  expect(err).toMatch(/^an unblocked device is unapproved; under the approval model auto /u)
})

test('the sync port is closed when nothing keeps it open, and not before', async () => {
  await using adminApi = await openAdminApi()
  const refused = await typed(adminApi, words('port close'))
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.err).toContain('(mutual-authentication-off)')
  const keeping = { saveAuthentication: false, saveDecryption: false }
  await adminApi.store.enforcement.require(BY, keeping, 'any')
  await adminApi.store.sightings.record([sighting('1', { migration: 'pending' })])
  expect(await typed(adminApi, words('port close'))).toMatchObject({ code: 1 })
  const { out } = await typed(adminApi, words('port status'))
  expect(out).toContain('- 1 device is still to migrate to 443: ')
  const forced = await typed(adminApi, words('port close --force'))
  expect(forced.out).toContain('sync port                 closed, forced\n')
  expect((await typed(adminApi, words('port open'))).out).toContain(
    'sync port                 open\n',
  )
})

const current = mintCa({ name: 'Old CA' })
const next = mintCa({ name: 'New CA' })

test('a CA is uploaded, foretold, made current, and the old one amended, removed and distrusted', async () => {
  await using adminApi = await openAdminApi()
  const upload = async (name: string, octets: string | Buffer): Promise<CommandOutput> =>
    typed(adminApi, ['ca', 'upload', name, file(`${name}.crt`, octets), '--source', 'scep'])
  expect(await upload('old', current.pem)).toMatchObject({ code: 0 })
  expect(await upload('new', next.der)).toMatchObject({ code: 0 })
  expect((await typed(adminApi, words('ca promote old'))).out).toMatch(/^old is current\n$/mu)
  expect((await typed(adminApi, words('ca preview new promote'))).out).toMatch(
    /^0 devices judged; none would meet another verdict\na device of new that was not met before: staged \(recorded\), then verified /u,
  )
  const promoted = await typed(adminApi, words('ca promote new --sunset 2030-01-01T00:00:00Z'))
  expect(promoted.out).toMatch(/^new is current\nold is previously trusted\n\nname +old\n/mu)
  expect(promoted.out).toMatch(/^sunset +2030-01-01 00:00/mu)
  expect((await typed(adminApi, words('ca list'))).out).toMatch(
    /^old +previously-trusted +scep +CN=Old CA +2030-01-01 00:00 +none$/mu,
  )
  expect((await typed(adminApi, words('ca amend old --sunset never'))).code).toBe(0)
  expect((await typed(adminApi, words('ca show old'))).out).toMatch(/^sunset +-$/mu)
  expect((await typed(adminApi, words('ca remove new'))).err).toContain('(standing-refused)')
  expect((await typed(adminApi, words('ca remove old'))).out).toBe('old is removed\n')
  expect(await typed(adminApi, words('ca distrust new'))).toMatchObject({ code: 2 })
  expect((await typed(adminApi, words('ca distrust new --confirm'))).out).toContain(
    'new is distrusted\n',
  )
})

test('every fault of a chain is told, exit code 1', async () => {
  await using adminApi = await openAdminApi()
  const leaf = mintLeaf({ issuer: current, name: 'device' })
  const said = await typed(adminApi, ['ca', 'upload', 'bad', file('bad.pem', leaf.pem)])
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toContain('  CN=device: cannot be a trust anchor')
})

test('a key is denied with a note, listed, and taken off; the audit trail has both', async () => {
  await using adminApi = await openAdminApi()
  const whom = hex('a')
  expect(await typed(adminApi, ['deny', 'add', whom])).toMatchObject({ code: 2 })
  expect(await typed(adminApi, ['deny', 'add', 'laptop', '--note', 'x'])).toMatchObject({ code: 2 })
  expect(await typed(adminApi, ['deny', 'add', whom, '--note', 'stolen'])).toMatchObject({
    code: 0,
  })
  expect((await typed(adminApi, words('deny list'))).out).toMatch(
    /^a{64} +stolen +administrator /mu,
  )
  const serial = `${hex('b')}:0A1B`
  expect(await typed(adminApi, ['deny', 'add', serial, '--note', 'x'])).toMatchObject({ code: 0 })
  expect(await typed(adminApi, ['deny', 'remove', whom])).toMatchObject({ code: 0 })
  expect(await typed(adminApi, ['deny', 'remove', whom])).toMatchObject({ code: 1 })
  const { out } = await typed(adminApi, words('audit --who administrator'))
  expect(out.match(/deny\.\w+/gu)).toHaveLength(3)
})

test('a token is printed alone, works, and works no more once it is revoked', async () => {
  await using adminApi = await openAdminApi()
  const made = await typed(adminApi, words('token create report --role viewer --days 2'))
  expect(made).toMatchObject({ code: 0 })
  const path = file('token', made.out)
  const use = (): Promise<CommandOutput> =>
    tfe(['audit', '--token-file', path, '--url', adminApi.url, '--json'])
  expect(await use()).toMatchObject({ code: 0, err: '' })
  const [, id = ''] = /^([0-9a-f-]{36}): viewer until /u.exec(made.err) ?? []
  expect((await typed(adminApi, words('token list'))).out).toContain(id)
  expect(await typed(adminApi, ['token', 'revoke', id])).toMatchObject({ code: 0 })
  expect(await use()).toMatchObject({
    code: 1,
    out: expect.stringContaining('credential-unknown') as string,
  })
})

test('an inventory of several parts is looked at whole, with the lines of the file', async () => {
  await using adminApi = await openAdminApi()
  const lines = Array.from({ length: 4500 }, (_, at) => `A${at},"Ann, ${at}"`)
  const good = file('good.csv', `id,name\n${lines.join('\n')}\n`)
  expect((await typed(adminApi, ['inventory', 'import', good, '--check'])).out).toBe(
    '4500 devices, no fault\n',
  )
  expect((await typed(adminApi, ['inventory', 'import', good])).out).toBe(
    '4500 devices: 4500 added, 0 updated; 0 of them were seen already\n',
  )
  const flat = lines.map((_, at) => (at === 10 || at === 4400 ? ',unknown' : `B${at},x`))
  const bad = file('bad.csv', `id,name\n${flat.join('\n')}\n`)
  const said = await typed(adminApi, ['inventory', 'import', bad])
  expect(said).toMatchObject({ code: 1, out: '' })
  expect([...said.err.matchAll(/line (\d+): found no id/gu)].map(([, line]) => line)).toEqual([
    '12',
    '4402',
  ])
  const json = file('more.json', JSON.stringify([{ id: 'C1' }]))
  expect((await typed(adminApi, ['inventory', 'import', json])).out).toContain('1 added')
})

const MISUSED: readonly [string, string, RegExp][] = [
  ['an action that is none', 'devices aprove 1', /did you mean approve\?/u],
  [
    'no action',
    'devices',
    /needs an action\nactions: list, readiness, charts, departures, migration/u,
  ],
  ['a device that is missing', 'devices approve', /missing required argument 'ID'/u],
  ['an argument too many', 'devices show 1 2', /too many arguments for 'show'.*: 1, 2\./u],
  ['an option of another action', 'devices show 1 --class x', /unknown option '--class'/u],
  ['a state that is none', 'devices list --approval maybe', /wanted one of unapproved/u],
  ['an address in the clear elsewhere', 'audit --url http://10.0.0.1:1', /only the loopback/u],
  ['an address that is none', 'audit --url admin-api', /wanted https:\/\/HOST:PORT/u],
  [
    'a token file that is not there',
    'audit --token-file /nowhere',
    /found no such file, wanted an API token/u,
  ],
  ['an amendment of nothing', 'ca amend old', /needs --cut-off or --sunset/u],
]

for (const [what, line, message] of MISUSED) {
  test(`${what} is misuse, exit code 2, and calls no admin API`, async () => {
    const said = await tfe(words(line), {
      TFE_ADMIN_TOKEN: 'x',
      TFE_ADMIN_URL: 'http://127.0.0.1:1',
    })
    expect(said).toMatchObject({ code: 2, out: '' })
    expect(said.err).toMatch(message)
  })
}

test('without a token no admin API is called', async () => {
  const said = await tfe(words('audit'))
  expect(said).toMatchObject({ code: 2 })
  expect(said.err).toContain('set TFE_ADMIN_TOKEN')
})

test('a token file that others can read is refused', async () => {
  const path = file('open-token', 'secret')
  chmodSync(path, 0o640)
  const said = await tfe(['audit', '--token-file', path])
  expect(said).toMatchObject({ code: 2, out: '' })
  expect(said.err).toContain(`chmod 600 ${path}`)
  expect(said.err).not.toContain('secret')
})

test('an admin API that does not answer is exit code 3', async () => {
  const said = await tfe(words('audit --url http://127.0.0.1:1'), { TFE_ADMIN_TOKEN: 'x' })
  expect(said).toMatchObject({ code: 3, out: '' })
  expect(said.err).toContain('nothing listens there')
})

test('an admin API with a certificate of an own CA is called with that CA, and not without', async () => {
  const ca = real.mintCa({ name: 'Office CA' })
  const leaf = real.mintLeaf({
    issuer: ca,
    name: 'localhost',
    dns: ['localhost'],
    purposes: ['serverAuth'],
  })
  const tls = { key: leaf.keyPem, cert: leaf.pem, clientCertificates: false }
  await using adminApi = await openAdminApi({ tls })
  expect(await typed(adminApi, words('audit'))).toMatchObject({ code: 3, out: '' })
  const path = file('admin-api-ca.pem', ca.pem)
  expect(await typed(adminApi, ['audit', '--ca', path])).toMatchObject({ code: 0, err: '' })
})
