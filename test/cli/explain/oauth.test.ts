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

test('an unfit device is refused on the new endpoint whatever its state, for its own reason while it is enabled', async () => {
  const { out, code } = await explained(['--route', '/oauth/token'], WITH_ENDPOINTS, previous)
  expect(code).toBe(1)
  expect(out).toContain('  ✗ enabled: REFUSED: issued-after-retirement\n')
  expect(out).toContain('  ✗ disabled: REFUSED: oauth-disabled\n')
})

test('a row that is no OAuth endpoint says nothing of them, nor does a listener without any', async () => {
  const title = 'What disabling the OAuth endpoint would change'
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

test('a check marks the new OAuth endpoint, and says what disabling it does', async () => {
  await using made = await configurationFolder(WITH_ENDPOINTS)
  const { out, code } = await tfe(['check', made.config])
  expect(code).toBe(0)
  expect(out).toMatch(/always +any method \/oauth\/\* +→ mdm, new OAuth endpoint +token$/mu)
  expect(out).toMatch(
    /new OAuth endpoint: .*refused to everybody \(oauth-disabled\), in recording too/u,
  )
  await using bare = await configurationFolder()
  expect((await tfe(['check', bare.config])).out).not.toContain('new OAuth endpoint')
})
