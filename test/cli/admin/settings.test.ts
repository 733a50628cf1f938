/** `tfe approval`, `tfe agents` and `tfe enforce save`: what is set for the whole fleet. */
import { expect, test } from 'vitest'
import { openAdminApi } from '../../support/admin/admin-api.ts'
import { makeCurrent, sighting } from '../../support/admin/sightings.ts'
import { changeBetween } from '../../support/admin/change-between.ts'
import { typed, type Typist } from '../../support/cli/call-admin.ts'

test('the approval model is chosen, and its status says so', async () => {
  await using adminApi = await openAdminApi()
  expect((await typed(adminApi, 'approval status')).out).toMatch(/^set by .*the default$/mu)
  expect((await typed(adminApi, 'approval use manual')).code).toBe(0)
  const { out } = await typed(adminApi, 'approval status', { as: 'viewer' })
  expect(out).toBe(
    'approval model  manual\nset by          an administrator: `tfe audit --action document.put` says who\n',
  )
  const { out: json } = await typed(adminApi, 'approval status --json')
  expect(JSON.parse(json)).toEqual({ model: 'manual', locked: false, version: 1 })
})

test('a model that keeps out a device which no CA vouches for says so, and is not chosen unconfirmed', async () => {
  await using adminApi = await openAdminApi()
  const { certificate, ...met } = sighting('1', { verdict: 'refuse', code: 'untrusted-issuer' })
  if (certificate === undefined) throw new Error('the sighting has no certificate')
  const unsound = { ...certificate, sound: false, setting: undefined }
  await adminApi.store.sightings.record([{ ...met, certificate: unsound }])
  const { code, out, err } = await typed(adminApi, 'approval use manual')
  expect(code).toBe(2)
  expect(out).toMatch(/^none +untrusted-issuer \(recorded\) +untrusted-issuer +1 +/mu)
  expect(out).toContain('1 device admitted now: refused from then on, on the rows above')
  expect(err).toContain('add --confirm')
  expect((await typed(adminApi, 'approval status')).out).toMatch(/^approval model +auto$/mu)
})

test('the approval chart adds up to all devices', async () => {
  await using adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  await adminApi.store.sightings.record([sighting('1'), sighting('2')])
  const { out } = await typed(adminApi, 'approval chart', { as: 'viewer' })
  expect(out).toMatch(/^unapproved +2$/mu)
  expect(out).toMatch(/^all +2$/mu)
})

test('oldest agents are set for the classes that are named, and the others keep theirs', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, 'agents set android-maw=10.1 ios-maw=12')
  await typed(adminApi, 'agents set ios-maw=12.1')
  const { out } = await typed(adminApi, 'agents list', { as: 'viewer' })
  expect(out).toMatch(/^android-maw +10\.1$/mu)
  expect(out).toMatch(/^ios-maw +12\.1$/mu)
  expect((await typed(adminApi, 'agents unset android-maw')).out).not.toContain('android-maw')
  expect((await typed(adminApi, 'agents unset ios-maw')).out).toBe('no class has an oldest agent\n')
})

test('a save choice that is not named stays as it is', async () => {
  await using adminApi = await openAdminApi()
  const first = await typed(adminApi, 'enforce save --authentication on --decryption on')
  expect(first.out).toBe('results of authentication  saved\nresults of decryption      saved\n')
  const { out } = await typed(adminApi, 'enforce save --decryption off')
  expect(out).toBe(
    'results of authentication  saved\nresults of decryption      saved while certificates are recorded, and not once they are required for good\n',
  )
  expect((await typed(adminApi, 'enforce status')).out).toContain(out)
})

const REFUSED: readonly (readonly [string, string, number, RegExp, Typist?])[] = [
  ['a model that is none', 'approval use sometimes', 2, /off, auto, manual, manual-external/u],
  ['a model of the role operator', 'approval use off', 1, /\(role-too-weak\)/u, { as: 'operator' }],
  ['a class without version', 'agents set ios-maw', 2, /wanted CLASS=VERSION/u],
  ['a version without class', 'agents set =10', 2, /wanted CLASS=VERSION/u],
  ['a class twice', 'agents set ios-maw=10 ios-maw=11', 2, /found ios-maw twice/u],
  ['a class that is none', 'agents set ios-mav=10', 2, /did you mean ios-maw\?/u],
  ['a version that is none', 'agents set ios-maw=ten', 1, /wanted up to four numbers/u],
  ['a class that has none', 'agents unset win10', 1, /win10 has no oldest agent/u],
  [
    'an agent of the role operator',
    'agents set win10=1',
    1,
    /\(role-too-weak\)/u,
    { as: 'operator' },
  ],
  ['no save choice', 'enforce save', 2, /needs --authentication or --decryption/u],
  ['a save choice that is none', 'enforce save --decryption maybe', 2, /wanted one of on, off/u],
  [
    'a save choice of the role operator',
    'enforce save --decryption on',
    1,
    /\(role-too-weak\)/u,
    { as: 'operator' },
  ],
]

for (const [what, line, code, says, how] of REFUSED) {
  test(`${what} is refused, exit code ${code}, and nothing is changed`, async () => {
    await using adminApi = await openAdminApi()
    await typed(adminApi, 'agents set android-maw=9')
    const said = await typed(adminApi, line, how)
    expect(said).toMatchObject({ code, out: '' })
    expect(said.err).toMatch(says)
    const { out } = await typed(adminApi, 'agents list --json')
    expect(JSON.parse(out)).toMatchObject({ minimums: [{ class: 'android-maw', version: '9' }] })
    const { out: model } = await typed(adminApi, 'approval status --json')
    expect(JSON.parse(model)).toMatchObject({ version: 0 })
  })
}

test('what the configuration file states is shown as such, and not changed here', async () => {
  await using adminApi = await openAdminApi({
    frontEnd: {
      approvalModel: () => 'auto',
      minimums: () => ({ versions: new Map([['ios-maw', [12]]]), statedByFile: true }),
    },
  })
  for (const line of ['approval status', 'agents list']) {
    expect((await typed(adminApi, line)).out).toContain('the configuration file')
  }
  for (const line of ['approval use off', 'agents set ios-maw=1', 'agents unset ios-maw']) {
    const said = await typed(adminApi, line)
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toMatch(/\(set-by-configuration-file\)\nnext: change it there/u)
  }
})

const FASTER: readonly string[] = [
  'agents set ios-maw=10',
  'approval use auto',
  'enforce save --decryption on',
  'admin disable viewer',
  'admin remove viewer',
]

for (const line of FASTER) {
  test(`${line}: another change in between is told with both versions and a next step`, async () => {
    await using adminApi = await openAdminApi()
    await adminApi.tokenOf('viewer')
    let others = 0
    await using way = await changeBetween(adminApi, async () => {
      others += 1
      for (const other of [
        `agents set win10=${others}`,
        'approval use manual',
        'enforce save --authentication on',
        'admin role viewer operator',
      ]) {
        await typed(adminApi, other)
      }
    })
    const said = await typed(adminApi, [...line.split(' '), '--url', way.url])
    // What a choice of the approval model costs is told before it is made.
    const told = line.startsWith('approval')
      ? /^a client without a certificate: .*\nnot asked: .*\n$/u
      : /^$/u
    expect(said).toMatchObject({ code: 1, out: expect.stringMatching(told) as unknown })
    expect(said.err).toMatch(
      /^tfe: the .* is at version \d+, .* for version \d+ \(stale\)\nnext: look at what it says now/u,
    )
  })
}
