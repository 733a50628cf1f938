/** What `tfe explain` and `tfe check` say of the OAuth endpoints, which administrators can disable (S0-27, S0-30). */
import { expect, test } from 'vitest'
import { mintLeaf } from '../../support/certificates/mint.ts'
import {
  CONFIGURATION,
  current,
  DAY,
  configurationFolder,
  previous,
} from '../../support/cli/configuration-folder.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'

const ROWS = `- { id: token, path: /oauth/*, class: always, endpoint: oauth }
      - { id: old-token, path: /legacy/*, class: legacy-oauth }
      - { id: admin`
const WITH_ENDPOINTS = CONFIGURATION.replace('- { id: admin', ROWS)
const WITHOUT_STORE = WITH_ENDPOINTS.replace(/^store: .*$/mu, 'store: { dangerousNone: true }')

async function explained(
  options: readonly string[],
  configuration = WITH_ENDPOINTS,
  issuer = current,
): Promise<CommandOutput> {
  await using made = await configurationFolder(configuration)
  const device = { issuer, notBefore: Date.now() - 50 * DAY, notAfter: Date.now() + 20 * DAY }
  const file = await made.write('device.pem', mintLeaf(device).pem)
  return await tfe(['explain', file, '--config', made.config, ...options])
}

const REFUSALS: readonly {
  readonly promise: string
  readonly path: string
  readonly head?: string
  readonly disabled: string
}[] = [
  {
    promise: 'the new endpoint',
    path: '/oauth/token',
    disabled: 'disabled: REFUSED: oauth-disabled\n',
  },
  {
    promise: 'the new endpoint, in recording too',
    path: '/oauth/token',
    head: 'enforcement: recording\n',
    disabled: 'disabled: REFUSED: oauth-disabled\n',
  },
  {
    promise: 'the legacy endpoint',
    path: '/legacy/token',
    disabled: 'disabled: REFUSED: legacy-oauth-disabled\n',
  },
]

for (const { promise, path, head = '', disabled } of REFUSALS) {
  test(`explained on ${promise}, a fit device passes, and once it is disabled it would not`, async () => {
    const { out, code } = await explained(['--route', path], head + WITH_ENDPOINTS)
    expect(code).toBe(0)
    expect(out).toContain('enabled: ADMITTED: ')
    expect(out).toContain(disabled)
    expect(out).toMatch(/next step: .*(?:enable|new endpoint)/u)
    expect(out).toContain('`tfe oauth status` shows what it is')
  })
}

test('explained on the new endpoint, a fit device would not pass before the endpoint is enabled', async () => {
  const { out } = await explained(['--route', '/oauth/token'])
  expect(out).toContain('the verdict takes it for enabled')
  expect(out).toContain('not-configured: REFUSED: oauth-not-configured\n')
  const legacy = await explained(['--route', '/legacy/token'])
  expect(legacy.out).not.toContain('not-configured')
})

test('explained where there is no store, the new endpoint is refused: it cannot be enabled', async () => {
  const without = WITHOUT_STORE
  const { out, code } = await explained(['--route', '/oauth/token', '--json'], without)
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ verdict: 'refuse', code: 'oauth-not-configured' })
  const { out: text } = await explained(['--route', '/oauth/token'], without)
  expect(text).toContain('it is not-configured: the configuration does without a store')
  expect(text).toContain('  ✓ enabled: ADMITTED: ')
  const legacy = await explained(['--route', '/legacy/token'], without)
  expect(legacy).toMatchObject({ code: 0 })
  expect(legacy.out).toContain('it is enabled: the configuration does without a store')
})

test('an unfit device is refused on the new endpoint whatever its state, for its own reason while it is enabled', async () => {
  const { out, code } = await explained(['--route', '/oauth/token'], WITH_ENDPOINTS, previous)
  expect(code).toBe(1)
  expect(out).toContain('  ✗ enabled: REFUSED: issued-after-retirement\n')
  expect(out).toContain('  ✗ disabled: REFUSED: oauth-disabled\n')
})

test('a row that is no OAuth endpoint says nothing of them, nor does a listener without any', async () => {
  const title = 'What the state of the OAuth endpoint changes'
  expect((await explained(['--route', '/device/x'])).out).not.toContain(title)
  expect((await explained([], CONFIGURATION)).out).not.toContain(title)
  const { out } = await explained([])
  expect(out).toContain('token (the new endpoint), old-token (the legacy endpoint)')
})

test('for programs the route says which endpoint it is', async () => {
  const { out } = await explained(['--route', '/oauth/token', '--json'])
  expect(JSON.parse(out)).toMatchObject({ route: { id: 'token', endpoint: 'oauth' } })
  const plain = await explained(['--route', '/device/x', '--json'])
  expect(JSON.parse(plain.out)).not.toHaveProperty('route.endpoint')
})

test('a check marks the new OAuth endpoint, and says in which states it is refused', async () => {
  await using made = await configurationFolder(WITH_ENDPOINTS)
  const { out, code } = await tfe(['check', made.config])
  expect(code).toBe(0)
  expect(out).toMatch(/always +any method \/oauth\/\* +→ mdm, new OAuth endpoint +token$/mu)
  expect(out).toMatch(
    /new OAuth endpoint: serves while it is enabled; .*\(oauth-not-configured\).*\(oauth-disabled\) it is refused to everybody, in recording too/u,
  )
  await using without = await configurationFolder(WITHOUT_STORE)
  expect((await tfe(['check', without.config])).out).toMatch(
    /new OAuth endpoint: refused to everybody, in recording too \(oauth-not-configured\): .*does without one/u,
  )
  await using bare = await configurationFolder()
  expect((await tfe(['check', bare.config])).out).not.toContain('new OAuth endpoint')
})
