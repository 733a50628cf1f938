/** What a file that says only what it must turns into; docs/configuration.md states the same numbers. */
import { runtimeCatalogue } from '../../src/config/reading/runtime-offers.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { jsonSchemaText } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config/load.ts'
import { referenceText } from '../../src/config/reference.ts'
import { inMemoryFiles } from '../support/config/in-memory-files.ts'

async function loaded(head = '', upstream = ''): Promise<Config> {
  const text = `${head}
trust: { enrollmentSettings: [{ name: CA, standing: current, chain: file:ca.pem }] }
listeners:
  devices:
    hosts: [MDM.example.com.]
    certificates: [{ chain: file:a.pem, key: file:a.key }]
    routes: generic
upstreams: { core: { url: "https://Core.example.com", identity: {}${upstream} } }
`
  const result = await loadConfig('c.yaml', {}, inMemoryFiles('c.yaml', text))
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value.config
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

test('the least that can be said is served by EPMM 11.5 defaults', async () => {
  const config = await loaded()
  expect(config).toMatchObject({
    file: 'c.yaml',
    profile: 'epmm-11.5',
    workers: 'auto',
    enforcement: 'required',
    grace: 30 * DAY,
    renewalWindow: 270 * DAY,
    announce: 3 * SECOND,
    drain: 25 * SECOND,
    legacyOAuth: {
      address: { perMinute: 60, burst: 20 },
      account: { perMinute: 12, burst: 10 },
      basic: 'account',
      lockout: {
        period: 15 * MINUTE,
        failures: 5,
        addressFailures: 20,
        accountFailures: 50,
        first: MINUTE,
        longest: 60 * MINUTE,
      },
    },
    metrics: { address: '127.0.0.1', port: 9464 },
    log: { level: 'info', requests: true, connections: true },
    dangers: [],
  })
  expect(config.trust.profile).toBe('private')
  expect(config.trust.denied).toEqual({ keys: new Set(), serials: new Set() })
})

test('a listener without words has every limit', async () => {
  const [listener] = (await loaded()).listeners
  expect(listener).toMatchObject({
    name: 'devices',
    purpose: 'devices',
    address: '0.0.0.0',
    port: 443,
    hosts: ['mdm.example.com'],
    tls: {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: undefined,
      groups: undefined,
      resumption: 'auto',
      advertiseCas: false,
    },
    limits: {
      connections: 4000,
      handshake: 10 * SECOND,
      headers: 10 * SECOND,
      headerBytes: 16 * 1024,
      headerCount: 100,
      bodyBytes: 2 * 1024 ** 3,
      bodyIdle: MINUTE,
      idle: MINUTE,
      requestsPerConnection: 10_000,
    },
  })
})

test('an upstream without words is verified by name, and told about devices by RFC 9440', async () => {
  const [upstream] = (await loaded()).upstreams
  expect(upstream).toMatchObject({
    protocol: 'https:',
    servers: [
      {
        name: 'core.example.com:443',
        hostname: 'core.example.com',
        port: 443,
        weight: 1,
        check: true,
      },
    ],
    balance: 'round-robin',
    attempts: 2,
    health: { failures: 5, ejection: 10 * SECOND, longestEjection: 5 * MINUTE, check: undefined },
    host: { kind: 'preserve' },
    tls: {
      preset: 'secure',
      strict: true,
      allowAndLog: false,
      formerAllowAndLog: false,
      stated: [],
      sni: { kind: 'on' },
      hostname: undefined,
      pins: [],
      trust: { default: 'bundled', custom: [] },
      mode: 'default',
      selection: runtimeCatalogue().defaults.secure,
      clientCertificate: undefined,
    },
    identity: {
      format: 'rfc9440',
      fields: {},
      serial: 'hex-upper',
      name: 'format',
      fingerprint: { digest: 'sha256', form: 'hex' },
      chain: false,
      grace: false,
      maxBytes: 16 * 1024,
    },
    limits: {
      connections: 128,
      connect: 5 * SECOND,
      responseHeaders: MINUTE,
      responseHeaderBytes: 32 * 1024,
      bodyIdle: MINUTE,
      idle: 4 * SECOND,
    },
  })
})

test('core-10 starts by recording, with a window of 60 days', async () => {
  const config = await loaded('profile: core-10')
  expect([config.enforcement, config.renewalWindow]).toEqual(['recording', 60 * DAY])
})

test("a file's own enforcement beats its profile's", async () => {
  const config = await loaded('profile: core-10\nenforcement: required')
  expect(config.enforcement).toBe('required')
})

test('the mark of strict TLS being off under Sentry defaults gives Sentry defaults, and is remembered as a danger', async () => {
  const config = await loaded('', ', tls: { preset: sentry-compat, dangerousStrictOff: true }')
  expect(config.upstreams[0].tls).toMatchObject({
    strict: false,
    sni: { kind: 'off' },
    mode: 'default',
    selection: { protocols: ['TLSv1.2'] },
  })
  expect(config.dangers.map(({ kind }) => kind)).toEqual(['unverified-upstream'])
})

test('the former mark of strict TLS being off means just that, and allows no untrusted server', async () => {
  const config = await loaded('', ', tls: { strict: false, dangerousUnverified: true }')
  expect(config.upstreams[0].tls).toMatchObject({
    strict: false,
    allowAndLog: false,
    formerAllowAndLog: true,
    stated: ['strict'],
  })
  expect(config.dangers.map(({ kind }) => kind)).toEqual(['unverified-upstream'])
  const strict = await loaded('', ', tls: { strict: true, dangerousUnverified: true }')
  expect(strict.upstreams[0].tls).toMatchObject({
    strict: true,
    allowAndLog: false,
    formerAllowAndLog: false,
  })
  const marked = await loaded(
    '',
    ', tls: { strict: false, dangerousStrictOff: true, dangerousUnverified: true }',
  )
  expect(marked.upstreams[0].tls).toMatchObject({ strict: false, formerAllowAndLog: false })
  expect(strict.dangers).toEqual([])
})

test('Allow and Log under strict TLS is remembered as a danger of its own', async () => {
  const config = await loaded('', ', tls: { dangerousAllowAndLog: true }')
  expect(config.upstreams[0].tls).toMatchObject({
    strict: true,
    allowAndLog: true,
    stated: ['allowAndLog'],
  })
  expect(config.dangers.map(({ kind }) => kind)).toEqual(['untrusted-servers-allowed'])
})

test('Sentry defaults made strict need no mark', async () => {
  const config = await loaded(
    '',
    ', tls: { preset: sentry-compat, strict: true, sni: Core.example.com }',
  )
  expect(config.upstreams[0].tls).toMatchObject({
    strict: true,
    sni: { kind: 'name', name: 'core.example.com' },
  })
  expect(config.dangers).toEqual([])
})

test('the reference and the schema for editors are fresh', async () => {
  const root = join(import.meta.dirname, '../..')
  expect(await readFile(join(root, 'docs/configuration.md'), 'utf8')).toBe(referenceText())
  expect(await readFile(join(root, 'config/tfe.schema.json'), 'utf8')).toBe(jsonSchemaText())
})

test('the reference states the defaults that are served', () => {
  const text = referenceText()
  for (const row of [
    /\| `handshake` \|[^|]*\| `10s` \|/,
    /\| `connections` \|[^|]*\| `4000` \|/,
    /\| `grace` \|[^|]*\| `30d` \|/,
    /\| `core-10` \| `recording` \| `60d` \|/,
    /\| `client-check-in` \| not known \| `device` \| off \| S \|/,
  ]) {
    expect(text).toMatch(row)
  }
})

test('editors demand nothing that has a default, and know nothing of our annotations', () => {
  const schema = JSON.parse(jsonSchemaText())
  expect(schema.required).toEqual(['trust', 'listeners', 'upstreams'])
  expect(jsonSchemaText()).not.toMatch(/"(?:wanted|advice|secret|lengthBetween|sizeBetween)"/)
})

const MINIMUMS: readonly [string, string, readonly string[], boolean][] = [
  [
    'nothing is written: the oldest agents are those of EPMM, and the portal may edit them',
    '',
    ['ios-maw 12.11.10', 'ios-appconnect 12.11.10', 'android-maw 10.1', 'android-apps 10.2'],
    false,
  ],
  [
    'core-10 is written: the oldest agents are those of Core',
    'profile: core-10',
    ['ios-maw 9.8', 'ios-appconnect 9.8', 'android-maw 10.1', 'android-apps 10.2'],
    false,
  ],
  ['generic is written: any agent may authenticate', 'profile: generic', [], false],
  [
    "some are written: the others stay the profile's, and all are locked",
    'fleet: { minimums: { ios-maw: "13", ios-appconnect: none, win10: "10.0.1904.1" } }',
    ['ios-maw 13', 'android-maw 10.1', 'android-apps 10.2', 'win10 10.0.1904.1'],
    true,
  ],
]

for (const [promise, head, expected, stated] of MINIMUMS) {
  test(promise, async () => {
    const { minimums, minimumsStated } = (await loaded(head)).fleet
    const found = [...minimums].map(([name, version]) => `${name} ${version.join('.')}`)
    expect(found).toEqual(expected)
    expect(minimumsStated).toBe(stated)
  })
}

test('what the management server says of its setting is unknown until it is written', async () => {
  const unsaid = { mutualAuthentication: undefined, storefrontCertificates: undefined }
  expect((await loaded()).fleet).toMatchObject(unsaid)
  const written = 'fleet: { mutualAuthentication: off, storefrontCertificates: false }'
  const said = { mutualAuthentication: 'off', storefrontCertificates: false }
  expect((await loaded(written)).fleet).toMatchObject(said)
})
