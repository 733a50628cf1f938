/** `tfe upstream-tls`: draft, apply and reset against a real admin API, test and scan against a front end that serves. */
import { readFileSync } from 'node:fs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mintCa, openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { changeBetween } from '../../support/admin/change-between.ts'
import { typed, type Typist } from '../../support/cli/call-admin.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'
import { servedWithStore } from '../../support/front-ends/serve-with-admin.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { FILE } from '../../upstream-tls/small-runtime.ts'

let folder: string

/** A draft that gives guarantees up. */
const OLD =
  'upstream-tls draft core --mode custom --protocols TLSv1.2,TLSv1.1 --suites ECDHE-RSA-AES128-GCM-SHA256,ECDHE-RSA-AES128-SHA'

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-cli-upstream-tls-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface State {
  readonly mode: string
  readonly protocols: readonly string[]
  readonly strict: boolean
  readonly sni: string
  readonly default_store: string
  readonly custom_store: { readonly enabled: boolean; readonly certificates: readonly unknown[] }
}
interface Settings {
  readonly applied: State
  readonly draft: State
  readonly version: number
}

async function settingsOf(adminApi: TestAdminApi): Promise<Settings> {
  const { out } = await typed(adminApi, 'upstream-tls show core --json', { as: 'viewer' })
  return JSON.parse(out) as Settings
}

test('upstreams are listed with who chose their selection', async () => {
  await using adminApi = await openAdminApi()
  const { out } = await typed(adminApi, 'upstream-tls list', { as: 'viewer' })
  expect(out).toMatch(/^core +core\.example:443 +secure +can be set here$/mu)
})

test('a draft changes what is named, keeps what the draft says of the rest, and nothing takes effect', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, 'upstream-tls draft core --sni other.example')
  const said = await typed(
    adminApi,
    'upstream-tls draft core --mode custom --protocols TLSv1.3,TLSv1.2',
  )
  expect(said).toMatchObject({ code: 0, err: '' })
  expect(said.out).toContain('next: tfe upstream-tls apply core makes it hold\n')
  const { applied, draft } = await settingsOf(adminApi)
  expect(draft).toMatchObject({
    mode: 'custom',
    protocols: ['TLSv1.3', 'TLSv1.2'],
    sni: 'other.example',
  })
  expect(applied).toMatchObject({ mode: 'default', sni: 'on' })
})

test('show puts what is applied beside the draft and the default, with places and what is weak', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, `${OLD} --sni off`)
  const { out } = await typed(adminApi, 'upstream-tls show core', { as: 'viewer' })
  expect(out).toMatch(/^core: preset secure; the configuration file states nothing$/mu)
  expect(out).toMatch(/^mode +default +custom +default$/mu)
  expect(out).toMatch(/^SNI +on +off +on$/mu)
  expect(out).toMatch(/^TLSv1\.2 +TLSv1\.2 +2 +1 +2 /mu)
  expect(out).toMatch(/^DANGEROUS weak-protocol: /mu)
  expect(out).toMatch(/^warning custom-selection: /mu)
})

test('a custom trust store is put from a file, kept while it is off, and shown by name', async () => {
  await using adminApi = await openAdminApi()
  const path = join(folder, 'ca.pem')
  writeFileSync(path, mintCa({ name: 'Upstream CA' }).pem)
  const put = ['upstream-tls', 'draft', 'core', '--custom-store', path, '--default-store', 'off']
  expect(await typed(adminApi, put)).toMatchObject({ code: 0 })
  expect((await typed(adminApi, 'upstream-tls show core')).out).toMatch(
    /^CN=Upstream CA .* no +yes /mu,
  )
  await typed(adminApi, 'upstream-tls draft core --custom-store off --default-store bundled')
  const off = await settingsOf(adminApi)
  expect(off.draft.custom_store).toMatchObject({ enabled: false })
  expect(off.draft.custom_store.certificates).toHaveLength(1)
  await typed(adminApi, 'upstream-tls draft core --custom-store on')
  expect((await settingsOf(adminApi)).draft.custom_store.enabled).toBe(true)
})

test('apply asks after each warning was printed, and only yes applies', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, 'upstream-tls draft core --strict off')
  const no = await typed(adminApi, 'upstream-tls apply core', { answers: ['no'] })
  expect(no).toMatchObject({ code: 1 })
  expect(no.err).toContain('nothing was changed')
  expect((await settingsOf(adminApi)).applied.strict).toBe(true)
  const yes = await typed(adminApi, 'upstream-tls apply core', { answers: ['yes'] })
  expect(yes).toMatchObject({ code: 0 })
  expect(yes.out).toMatch(/^DANGEROUS unverified: /mu)
  expect(yes.err).toContain('type yes to acknowledge 1 warning and apply this: ')
  expect((await settingsOf(adminApi)).applied.strict).toBe(false)
})

test('where there is no terminal, each code on the command line acknowledges its warning', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, OLD)
  const { warnings } = JSON.parse((await typed(adminApi, 'upstream-tls show core --json')).out) as {
    readonly warnings: readonly { readonly code: string }[]
  }
  const flags = warnings.map(({ code }) => `--acknowledge ${code}`)
  expect(flags.length).toBeGreaterThan(1)
  const partly = await typed(adminApi, `upstream-tls apply core ${flags[0]}`)
  expect(partly).toMatchObject({ code: 2 })
  expect(partly.err).toContain(`add ${flags.slice(1).join(' ')}`)
  const done = await typed(adminApi, `upstream-tls apply core ${flags.join(' ')} --json`)
  expect(JSON.parse(done.out)).toMatchObject({ applied: { mode: 'custom' }, changed: false })
})

test('a reset puts the default as the draft, and apply makes it hold', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, 'upstream-tls draft core --sni off')
  await typed(adminApi, 'upstream-tls apply core')
  const reset = await typed(adminApi, 'upstream-tls reset core')
  expect(reset.out).toContain('next: tfe upstream-tls apply core makes it hold\n')
  expect((await settingsOf(adminApi)).applied.sni).toBe('off')
  expect(await typed(adminApi, 'upstream-tls apply core')).toMatchObject({ code: 0 })
  expect((await settingsOf(adminApi)).applied.sni).toBe('on')
})

test('columns under Use Default are noted to have no effect', async () => {
  await using adminApi = await openAdminApi()
  const { out } = await typed(adminApi, 'upstream-tls draft core --protocols TLSv1.2')
  expect(out).toContain('note: the mode is default, so protocols, suites and groups have no effect')
})

const REFUSED: readonly (readonly [string, string, number, RegExp, Typist?])[] = [
  [
    'a draft of nothing',
    'upstream-tls draft core',
    2,
    /needs a part to change: --mode, --protocols/u,
  ],
  ['an unknown upstream', 'upstream-tls draft cora --sni off', 1, /\(not-found\)/u],
  ['the settings of an unknown upstream', 'upstream-tls show cora', 1, /\(not-found\)/u],
  ['a test of an unknown upstream', 'upstream-tls test cora', 1, /\(not-found\)/u],
  ['a mode that is none', 'upstream-tls draft core --mode usual', 2, /one of default, custom/u],
  ['a switch that is none', 'upstream-tls draft core --strict yes', 2, /one of on, off/u],
  [
    'a store that is none',
    'upstream-tls draft core --default-store node',
    2,
    /bundled, system, off/u,
  ],
  ['a list with a gap', 'upstream-tls draft core --suites A,,B', 2, /wanted names with commas/u],
  ['a suite that is none', 'upstream-tls draft core --suites NONE', 1, /\n {2}suites: /u],
  [
    'a protocol twice',
    'upstream-tls draft core --protocols TLSv1.2,TLSv1.2',
    1,
    /\n {2}protocols: /u,
  ],
  ['a name that is none', 'upstream-tls draft core --sni a_b..c', 1, /\n {2}sni: /u],
  ['no trust at all', 'upstream-tls draft core --default-store off', 1, /\n {2}default_store: /u],
  [
    'a file that is not there',
    'upstream-tls draft core --custom-store /no.pem',
    2,
    /no such file/u,
  ],
  [
    'a file without certificate',
    `upstream-tls draft core --custom-store ${import.meta.filename}`,
    1,
    /\n {2}custom_store: /u,
  ],
  ['nothing to apply', 'upstream-tls apply core', 1, /\(nothing-to-apply\)/u],
  ['a code that is none', 'upstream-tls apply core --acknowledge all', 2, /wanted one of custom-/u],
  [
    'a draft of an operator',
    'upstream-tls draft core --sni off',
    1,
    /\(role-too-weak\)/u,
    { as: 'operator' },
  ],
  [
    'a reset of an operator',
    'upstream-tls reset core',
    1,
    /\(role-too-weak\)/u,
    { as: 'operator' },
  ],
  ['a test of a viewer', 'upstream-tls test core', 1, /\(role-too-weak\)/u, { as: 'viewer' }],
  ['a scan of a viewer', 'upstream-tls scan core', 1, /\(role-too-weak\)/u, { as: 'viewer' }],
]

for (const [what, line, code, says, how] of REFUSED) {
  test(`${what} is refused, exit code ${code}, and the settings stay`, async () => {
    await using adminApi = await openAdminApi()
    const said = await typed(adminApi, line, how)
    expect(said).toMatchObject({ code })
    expect(said.err).toMatch(says)
    expect(await settingsOf(adminApi)).toMatchObject({ version: 0, changed: false })
  })
}

test('applying as an operator is refused after what it would change was shown', async () => {
  await using adminApi = await openAdminApi()
  await typed(adminApi, 'upstream-tls draft core --sni off')
  const said = await typed(adminApi, 'upstream-tls apply core', { as: 'operator' })
  expect(said).toMatchObject({ code: 1 })
  expect(said.err).toContain('(role-too-weak)')
  expect((await settingsOf(adminApi)).applied.sni).toBe('on')
})

test('what the configuration file states is shown as such, and another value is refused', async () => {
  await using adminApi = await openAdminApi({
    frontEnd: {
      upstreams: () => [
        {
          name: 'core',
          servers: ['core.example:443'],
          tls: { preset: 'secure', file: { ...FILE, stated: ['strict', 'sni'] } },
        },
      ],
    },
  })
  const { out } = await typed(adminApi, 'upstream-tls show core')
  expect(out).toContain('the configuration file states strict, sni\n')
  for (const part of ['--strict off', '--sni off']) {
    const said = await typed(adminApi, `upstream-tls draft core ${part}`)
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toMatch(/\n {2}(?:strict|sni): .*configuration file/u)
  }
  expect((await typed(adminApi, 'upstream-tls draft core --sni on')).code).toBe(0)
})

for (const line of [
  'upstream-tls draft core --default-store system',
  'upstream-tls reset core',
  'upstream-tls apply core',
]) {
  test(`${line}: another draft in between is not overwritten`, async () => {
    await using adminApi = await openAdminApi()
    await typed(adminApi, 'upstream-tls draft core --sni off')
    await using way = await changeBetween(adminApi, () =>
      typed(adminApi, 'upstream-tls draft core --sni theirs.example'),
    )
    const said = await typed(adminApi, [...line.split(' '), '--url', way.url])
    expect(said).toMatchObject({ code: 1 })
    expect(said.err).toMatch(/\(stale\)\nnext: look at what it says now/u)
    expect(await settingsOf(adminApi)).toMatchObject({
      applied: { sni: 'on' },
      draft: { sni: 'theirs.example', default_store: 'bundled' },
    })
  })
}

test('test and scan call the servers of a front end that serves, and say with which settings', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using served = await servedWithStore(upstream.port, {}, { workers: 1 })
  const env = {
    TFE_ADMIN_URL: `http://127.0.0.1:${served.adminPort}`,
    TFE_ADMIN_TOKEN: readFileSync(join(served.frontEnd.folder, 'token'), 'utf8').trim(),
  }
  const run = (line: string): Promise<CommandOutput> => tfe(line.split(' '), env)
  const { out } = await run('upstream-tls list --json')
  const { items } = JSON.parse(out) as { readonly items: readonly { readonly name: string }[] }
  const name = items[0]?.name ?? ''
  const tested = await run(`upstream-tls test ${name}`)
  expect(tested).toMatchObject({ code: 0, err: '' })
  expect(tested.out).toContain('called with what is applied\n\n✓ ')
  expect(tested.out).toMatch(/^ +pin +\S{43}=$/mu)
  const scanned = await run(`upstream-tls scan ${name}`)
  expect(scanned).toMatchObject({ code: 0, err: '' })
  expect(scanned.out).toMatch(/TLSv1\.3 +.*accepted/u)
  await run(`upstream-tls draft ${name} --sni other.example`)
  const drafted = await run(`upstream-tls test ${name}`)
  expect(drafted.out).toContain('called with the draft\n')
  const applied = await run(`upstream-tls test ${name} --applied --json`)
  expect(JSON.parse(applied.out)).toMatchObject({
    settings: 'applied',
    reports: [{ usable: true }],
  })
  expect(await run(`upstream-tls test ${name} --server other.example:1`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('(not-found)') as string,
  })
})
