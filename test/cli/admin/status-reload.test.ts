/** `tfe status` against an admin API, and `tfe reload` against a front end that serves, with one process and with several. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FrontEndView } from '../../../src/admin/front-end.ts'
import { openAdminApi } from '../../support/admin/admin-api.ts'
import { typed } from '../../support/cli/call-admin.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'
import { servedWithStore, type ServedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

test('a secret that was read again and refused is in the status', async () => {
  const why = 'tfe.yaml:9:5: found that the passphrase does not open it'
  await using adminApi = await openAdminApi({ frontEnd: { refusedContent: () => [why] } })
  const { out } = await typed(adminApi, 'status', { as: 'viewer' })
  expect(out).toMatch(/^content refused +tfe\.yaml:9:5: found that the passphrase/mu)
  const { out: json } = await typed(adminApi, 'status --json', { as: 'viewer' })
  expect(JSON.parse(json)).toMatchObject({ refused_content: [why] })
  await using none = await openAdminApi()
  expect((await typed(none, 'status', { as: 'viewer' })).out).not.toContain('refused')
})

test('a front end that has announced its end says so in the status, and another one says nothing of it', async () => {
  await using adminApi = await openAdminApi({ frontEnd: { isEndAnnounced: () => true } })
  const { out } = await typed(adminApi, 'status', { as: 'viewer' })
  expect(out).toMatch(/^ending +announced: it is not ready any more/mu)
  await using none = await openAdminApi()
  expect((await typed(none, 'status', { as: 'viewer' })).out).not.toContain('ending')
})

test('the status names version, store, what is locked, and who calls with which role', async () => {
  await using adminApi = await openAdminApi({ frontEnd: { locked: () => ['approval.model'] } })
  const said = await typed(adminApi, 'status', { as: 'operator' })
  expect(said).toMatchObject({ code: 0, err: '' })
  expect(said.out).toMatch(/^version +0$/mu)
  expect(said.out).toMatch(/^not in force yet +unknown$/mu)
  expect(said.out).toMatch(/^set by the file +approval\.model$/mu)
  expect(said.out).toMatch(/^you are +operator, operator, by token$/mu)
  const { out } = await typed(adminApi, 'status --json', { as: 'viewer' })
  expect(JSON.parse(out)).toMatchObject({
    store: { id: adminApi.store.id, trouble: null },
    session: { name: 'viewer', role: 'viewer' },
  })
})

test('changes of the store that are not in force yet are counted', async () => {
  await using adminApi = await openAdminApi({
    frontEnd: { snapshot: () => ({ revision: 0, builtAt: 0 as never }) },
  })
  const { out } = await typed(adminApi, 'status')
  expect(out).toMatch(/^not in force yet +\d+ changes?$/mu)
})

test('a store that does not answer is said plainly, exit code 1', async () => {
  await using adminApi = await openAdminApi()
  await adminApi.tokenOf('viewer')
  const token = await adminApi.tokenOf('viewer')
  await adminApi.store.close()
  const said = await tfe(['status'], { TFE_ADMIN_URL: adminApi.url, TFE_ADMIN_TOKEN: token })
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(/^tfe: .*\(store-[a-z]+\)\nnext: /u)
})

test('a token that is not known learns nothing, exit code 1', async () => {
  await using adminApi = await openAdminApi()
  const env = { TFE_ADMIN_URL: adminApi.url, TFE_ADMIN_TOKEN: 'x' }
  expect(await tfe(['status'], env)).toMatchObject({ code: 1, out: '' })
})

for (const role of ['viewer', 'operator'] as const) {
  test(`a reload is refused to the role ${role}, and none is begun`, async () => {
    let begun = 0
    const reload: FrontEndView['reload'] = () => {
      begun += 1
      return Promise.resolve({ outcome: 'unchanged', faults: [], warnings: [] })
    }
    await using adminApi = await openAdminApi({ frontEnd: { reload } })
    const said = await typed(adminApi, 'reload', { as: role })
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toContain('(role-too-weak)')
    expect(begun).toBe(0)
  })
}

test('a front end that starts is not reloaded, and the next step says when', async () => {
  await using adminApi = await openAdminApi({
    frontEnd: { reload: () => Promise.resolve(undefined) },
  })
  const said = await typed(adminApi, 'reload')
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toContain('(not-serving)')
  expect(said.err).toContain('next: call again once /readyz says that it serves')
})

test('a place with control characters moves no cursor', async () => {
  const faults = [{ at: 'tfe.yaml:1:1 \u001b[2J', message: 'wrong' }]
  await using adminApi = await openAdminApi({
    frontEnd: { reload: () => Promise.resolve({ outcome: 'refused', faults, warnings: [] }) },
  })
  const { err, code } = await typed(adminApi, 'reload')
  expect({ code, err }).toEqual({ code: 1, err: 'tfe.yaml:1:1 \uFFFD[2J: wrong\n' })
})

for (const workers of [1, 2]) {
  test(`with workers: ${workers}, a reload is applied, unchanged and refused, with the fault's place`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    await using served = await servedWithStore(upstream.port, {}, { workers })
    const { frontEnd } = served
    const reload = reloading(served)
    expect(await reload()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^unchanged: /u) as string,
      err: '',
    })
    frontEnd.writeConfiguration({ rows: ['{ id: no-x, path: /device/x, class: denied }'] })
    const applied = await reload('--json')
    expect(JSON.parse(applied.out)).toMatchObject({ outcome: 'applied', faults: [] })
    await frontEnd.waitForLines(1, (line) => line['msg'] === 'reload applied')
    frontEnd.writeConfiguration({ yaml: { grase: ' 30d' } })
    const refused = await reload()
    expect(refused).toMatchObject({
      code: 1,
      out: 'refused: the previous configuration stays in force\n',
    })
    expect(refused.err).toMatch(/tfe\.yaml:\d+:\d+ grase: /u)
    frontEnd.writeConfiguration({ yaml: { log: ' { level: warn }' } })
    expect(await reload()).toMatchObject({
      code: 1,
      err: expect.stringContaining('restart') as string,
    })
    const { body } = await served.call('GET', '/api/audit?action=configuration.reload')
    const { items } = body as { items: readonly { who: string; after: { outcome: string } }[] }
    expect(items.map(({ who, after }) => [who, after.outcome])).toEqual([
      ['alice', 'refused'],
      ['alice', 'refused'],
      ['alice', 'applied'],
      ['alice', 'unchanged'],
    ])
  })
}

function reloading({
  frontEnd,
  adminPort,
}: ServedWithStore): (...words: readonly string[]) => Promise<CommandOutput> {
  const env = {
    TFE_ADMIN_URL: `http://127.0.0.1:${adminPort}`,
    TFE_ADMIN_TOKEN: readFileSync(join(frontEnd.folder, 'token'), 'utf8').trim(),
  }
  return (...words) => tfe(['reload', ...words], env)
}
