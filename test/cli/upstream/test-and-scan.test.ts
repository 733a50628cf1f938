/** `tfe upstream test` and `scan`: the configured upstream, called for real. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { tfe } from '../../support/cli/run-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'tfe-upstream-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFiles(folder)

function configured(port: number, changed: (text: string) => string = (text) => text): string {
  const file = join(folder, `${port}.yaml`)
  writeFileSync(file, changed(productYaml({ upstreamPort: port })))
  return file
}

test('test shows what was agreed on, the certificates and every check, and ends with 0', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, () => {})
  const file = configured(upstream.port)
  const { code, out } = await tfe(['upstream', 'test', 'mdm', '--config', file])
  expect(out).toContain(`✓ localhost:${upstream.port}: requests would be carried`)
  for (const row of [
    /protocol +TLSv1\.3/,
    /group +X25519MLKEM768/,
    /server name sent +localhost/,
    /hostname +passed/,
    /trust +passed/,
    /pins +not asked for/,
    /pin +[A-Za-z0-9+/]{43}=/,
  ]) {
    expect(out).toMatch(row)
  }
  expect(code).toBe(0)
})

test('test says the exact error and its remedy, and ends with 1', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, () => {})
  const file = configured(upstream.port, (text) =>
    text.replace('      trust: {', '      hostname: core.example.com\n      trust: {'),
  )
  const { code, out } = await tfe(['upstream', 'test', 'mdm', '--config', file])
  expect(out).toContain('server name mismatch, certificate issued to: [localhost')
  expect(out).toContain('or disable strict TLS')
  expect(code).toBe(1)
})

test('test as JSON is the value that the function hands out', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, () => {})
  const server = `localhost:${upstream.port}`
  const file = configured(upstream.port)
  const words = `upstream test mdm --server ${server} --json --config`.split(' ')
  const { out } = await tfe([...words, file])
  expect(JSON.parse(out)).toMatchObject([
    { upstream: 'mdm', server, usable: true, failures: [], tls: { trust: 'passed' } },
  ])
})

test('scan prints a table of what is accepted', async () => {
  await using upstream = await rawUpstream(
    { ...upstreamTlsOptions, ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' },
    () => {},
  )
  const file = configured(upstream.port)
  const { code, out } = await tfe(['upstream', 'scan', 'mdm', '--config', file])
  expect(out).toMatch(/TLSv1\.3 +with SNI localhost accepted; without SNI accepted/)
  expect(out).toMatch(/TLSv1\.2 +with SNI localhost refused \(\S+\); without SNI refused/)
  expect(out).toMatch(/^ +TLS_AES_128_GCM_SHA256$/m)
  expect(out).toMatch(/groups +X25519MLKEM768, /)
  expect(code).toBe(0)
})

test('where no server listens, both end with 1', async () => {
  const file = configured(await claimPort())
  for (const action of ['test', 'scan']) {
    const { code, out } = await tfe(['upstream', action, 'mdm', '--config', file])
    expect(out).toContain('refused')
    expect(code).toBe(1)
  }
})

interface Misuse {
  readonly promise: string
  readonly words: readonly string[]
  readonly says: string
}

const FILE = configured(1)
const misuses: readonly Misuse[] = [
  {
    promise: 'a configuration is needed',
    words: ['test', 'mdm'],
    says: 'add --config FILE',
  },
  {
    promise: 'the upstream has a name',
    words: ['scan', '--config', FILE],
    says: 'say its NAME',
  },
  {
    promise: 'an unknown upstream is told from a known one',
    words: ['test', 'mdn', '--config', FILE],
    says: "there is no upstream 'mdn'; did you mean mdm?",
  },
  {
    promise: 'an unknown server is told from a known one',
    words: ['test', 'mdm', '--config', FILE, '--server', 'localhost:2'],
    says: "mdm has no server 'localhost:2'; did you mean localhost:1?",
  },
  {
    promise: 'the upstream is said once',
    words: ['test', 'mdm', '--upstream', 'mdm', '--config', FILE],
    says: 'say it once',
  },
  {
    promise: 'a server is no business of the catalogue',
    words: ['catalogue', '--config', FILE, '--server', 'x'],
    says: "unknown option '--server'",
  },
  {
    promise: 'an unknown action is told from a known one',
    words: ['tset', 'mdm', '--config', FILE],
    says: "there is no action 'tset'; did you mean test?",
  },
]

for (const { promise, words, says } of misuses) {
  test(promise, async () => {
    const { code, err } = await tfe(['upstream', ...words])
    expect(err).toContain(says)
    expect(code).toBe(2)
  })
}
