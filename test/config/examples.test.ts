/** The files in config/ are what operators start from: each loads as it stands, whatever its files contain. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { KeystoreOpener } from '../../src/handshake/pkcs12/open-on-thread.ts'
import { ok } from '../../src/kernel/types.ts'
import { findRoute, routeTable } from '../../src/message/route.ts'
import type { Config } from '../../src/config/config.ts'
import { diskReader } from '../../src/config/reading/files.ts'
import { loadConfig } from '../../src/config/load.ts'
import { presetFacts } from '../../src/config/routes/preset-facts.ts'

const examples = join(import.meta.dirname, '../../config')
const env = { TFE_KEY_PASSPHRASE: 'open', TFE_P12_PASSPHRASE: 'sesame' }
const scratch = await mkdtemp(join(tmpdir(), 'tfe-config-'))
afterAll(() => rm(scratch, { recursive: true }))

/** What is made up for a PKCS#12 file is none: its "key" says what it would have been opened with. */
const openKeystore: KeystoreOpener = async (bytes, passphrase = 'nothing') =>
  ok({ keyPem: `${String(bytes)}opened with ${passphrase}`, certificatePems: [], unused: [] })

/** Loads an example from where it lies, with the files that it names made up in a folder beside it. */
async function example(name: string): Promise<{ config: Config; warnings: readonly string[] }> {
  const path = join(examples, `${name}.yaml`)
  const folder = join(scratch, name)
  for (const [, reference] of (await readFile(path, 'utf8')).matchAll(/file:([^\s,\]}]+)/g)) {
    const file = resolve(folder, reference ?? '')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `made up for ${reference}\n`, { mode: 0o600 })
  }
  const loaded = await loadConfig(path, env, { ...diskReader, folder, openKeystore })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure, undefined, 2))
  const warnings = loaded.value.warnings.map(({ message }) => message)
  return { config: loaded.value.config, warnings }
}

test('every example is tried here', async () => {
  const files = (await readdir(examples)).filter((file) => file.endsWith('.yaml')).toSorted()
  expect(files).toEqual(['core-10.yaml', 'demo.yaml', 'epmm.yaml', 'generic.yaml', 'nanomdm.yaml'])
})

for (const name of ['demo', 'epmm', 'nanomdm']) {
  test(`${name}.yaml loads without a warning`, async () => {
    expect((await example(name)).warnings).toEqual([])
  })
}

test('core-10.yaml loads, and is told that recording refuses no device', async () => {
  const { config, warnings } = await example('core-10')
  expect(config.enforcement).toBe('recording')
  expect(warnings).toEqual([expect.stringContaining('enforcement: recording')])
})

test('generic.yaml loads, and its plaintext upstream is announced as a danger', async () => {
  const { config, warnings } = await example('generic')
  expect(config.dangers).toEqual([
    {
      kind: 'plaintext-upstream',
      at: expect.stringMatching(/generic\.yaml:\d+:\d+ upstreams\.status\.dangerousPlaintext$/),
      sentence: warnings[0],
    },
  ])
})

const classOf = (config: Config, path: string, listener = 0): string | undefined => {
  const table = routeTable(config.listeners[listener]?.routes.rows ?? [])
  return table.ok ? findRoute(table.value, 'GET', path)?.class : undefined
}

const ROUTES: readonly (readonly [string, string, string | undefined])[] = [
  ['demo', '/enroll/profile', 'open'],
  ['demo', '/renew', 'renewal'],
  ['demo', '/windows/checkin', 'always'],
  ['demo', '/admin', 'denied'],
  ['demo', '/anything', 'device'],
  ['epmm', '/mics/login.jsp', 'denied'],
  ['epmm', '/mifs/admin', 'denied'],
  ['epmm', '/mifs/services/x', 'denied'],
  ['epmm', '/mifs/rs/api/v2/ping', 'denied'],
  ['epmm', '/mifs/aad/api/v2/ping', 'denied'],
  ['epmm', '/mifs/asfV3/api/v2/ping', 'denied'],
  ['epmm', '/MIFS/ASFV3/API/v2/ping', 'denied'],
  ['epmm', '/mifs/c/appstore/fob/3/x', 'denied'],
  ['epmm', '/mifs/c/aftstore/fob/3/x', 'denied'],
  ['epmm', '/mifs/c/i/reg/reg.html', 'open'],
  ['epmm', '/mifs/c/api/v4/appstore/apps', 'device'],
  ['epmm', '/mifs/asfV3/appstore', 'device'],
  ['epmm', '/mifs/asfV3x/appstore', 'always'],
  ['epmm', '/mifs/user/login.jsp', undefined],
  ['epmm', '/mifs/c/i/mdm/mdm.html', undefined],
  ['epmm', '/', undefined],
  ['core-10', '/mifs/asfV3x/appstore', 'device'],
  ['core-10', '/mics', 'denied'],
  ['nanomdm', '/mdm', 'device'],
  ['nanomdm', '/checkin', 'device'],
  ['nanomdm', '/scep', 'open'],
  ['nanomdm', '/enroll', undefined],
  ['nanomdm', '/v1/pushcert', 'denied'],
  ['nanomdm', '/version', 'denied'],
  ['generic', '/status', 'open'],
  ['generic', '/admin/users', 'denied'],
]

for (const [name, path, expected] of ROUTES) {
  test(`${name}.yaml: ${path} is ${expected ?? 'not served'}`, async () => {
    const { config } = await example(name)
    expect(classOf(config, path)).toBe(expected)
  })
}

test('the row that was sent to the SCEP server goes there, the others to the MDM', async () => {
  const { config } = await example('nanomdm')
  const rows = config.listeners[0].routes.rows.map(({ id, upstream }) => [id, upstream])
  expect(Object.fromEntries(rows)).toEqual({
    mdm: 'nanomdm',
    checkin: 'nanomdm',
    authproxy: 'nanomdm',
    api: undefined,
    version: undefined,
    scep: 'scep',
  })
})

test('what could not be verified about EPMM is listed, its field for the certificate included', async () => {
  const { config } = await example('epmm')
  const facts = presetFacts(config)
  const ids = (kind: string): readonly string[] =>
    facts.filter((fact) => fact.kind === kind).map(({ id }) => id)
  expect(ids('path-unknown')).toEqual([
    'scep',
    'client-check-in',
    'windows-check-in',
    'renewal',
    'legacy-oauth',
    'oauth',
  ])
  expect(ids('row-off')).toEqual([
    'windows-registration',
    'windows-discovery',
    'self-service',
    'ios-mdm',
  ])
  expect(ids('question')).toEqual(['front-end-field', 'front-end-certificate', 'sync-port'])
})

test('a row that the operator turned on is no longer listed as unverified', async () => {
  const { config } = await example('nanomdm')
  expect(presetFacts(config).map(({ id }) => id)).toEqual(['enroll'])
})

test('files and secrets are in memory, and say where the configuration names them', async () => {
  const { config } = await example('epmm')
  expect(config.listeners[0].certificates[0]).toEqual({
    kind: 'pem',
    chain: {
      at: expect.stringMatching(/epmm\.yaml:\d+:\d+ listeners\.devices\.certificates\[0\]\.chain$/),
      path: join(scratch, 'epmm/tls/mdm.example.com.pem'),
      bytes: Buffer.from('made up for tls/mdm.example.com.pem\n'),
    },
    key: expect.objectContaining({ path: join(scratch, 'epmm/secrets/mdm.example.com.key') }),
    passphrase: { at: expect.stringContaining('passphrase'), text: 'open' },
  })
})

test('a PKCS#12 file is opened with its passphrase, and neither of the two is kept', async () => {
  const { config } = await example('epmm')
  const [upstream] = config.upstreams
  expect(upstream.tls?.clientCertificate).toEqual({
    kind: 'pkcs12',
    at: expect.stringMatching(/epmm\.yaml:\d+:\d+ upstreams\..*\.pkcs12$/),
    opened: {
      keyPem:
        'made up for secrets/front-end.p12\nopened with made up for secrets/front-end.passphrase',
      certificatePems: [],
    },
  })
})

test('a retired CA carries its days as points in time', async () => {
  const { config } = await example('epmm')
  expect(config.trust.enrollmentSettings.map(({ standing }) => standing)).toEqual([
    { kind: 'current' },
    {
      kind: 'previously-trusted',
      retiredAt: Date.UTC(2026, 2, 1),
      cutOff: 'not-before',
      sunset: Date.UTC(2027, 5, 1),
    },
  ])
})

test('a configuration cannot be changed after it was read', async () => {
  const { config } = await example('generic')
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.listeners[0].limits)).toBe(true)
  expect(Object.isFrozen(config.listeners[0].routes.rows[0]?.origin)).toBe(true)
})
