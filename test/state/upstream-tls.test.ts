/**
 * What is applied on a page of outgoing TLS, laid over the configuration: the file's own word first, and what is
 * dangerous about the two together, which is what a start announces and the metric counts.
 */
import { expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { runtimeCatalogue } from '../../src/config/reading/runtime-offers.ts'
import type { VerificationOverrides } from '../../src/upstream-tls/verification.ts'
import { withTlsSettings, fileSettings, applyUpstreamTls } from '../../src/state/upstream-tls.ts'
import { inMemoryFiles } from '../support/config/in-memory-files.ts'
import { mintCa } from '../support/certificates/mint.ts'

const ca = mintCa({ name: 'Internal Root' })
const SECURE = runtimeCatalogue().defaults.secure
const OLD = { ...SECURE, protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1'] as const }

/** A configuration with one upstream and these settings of its TLS. */
async function configOf(tls: string, more = ''): Promise<Config> {
  const text = `
store: { dangerousNone: true }
trust: { enrollmentSettings: [{ name: Fleet, standing: current, chain: 'file:fleet.pem' }] }
listeners:
  devices:
    port: 8443
    hosts: [mdm.example.com]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    routes: all
routes: { all: { upstream: core, rows: [{ id: all, path: /*, class: device }] } }
upstreams: { core: { url: 'https://core.internal', tls: ${tls}${more} } }
`
  const read = await loadConfig('c.yaml', {}, inMemoryFiles('c.yaml', text))
  if (!read.ok) throw new Error(JSON.stringify(read.failure))
  return read.value.config
}

const UNVERIFIED: VerificationOverrides = { strict: false }
const OWN_CA: VerificationOverrides = {
  defaultStore: 'off',
  customStore: { enabled: true, certificates: [ca.pem] },
}

interface Row {
  readonly promise: string
  readonly tls: string
  readonly chosen: VerificationOverrides
  readonly selection?: typeof SECURE | typeof OLD
  readonly now: object
  readonly dangers: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    promise: 'a page on which nothing was chosen leaves the file as it is',
    tls: '{}',
    chosen: {},
    now: { strict: true, sni: { kind: 'on' }, trust: { default: 'bundled', custom: [] } },
    dangers: [],
  },
  {
    promise: 'strict TLS that is off on the page is a danger like one of the file',
    tls: '{}',
    chosen: UNVERIFIED,
    now: { strict: false, allowAndLog: false },
    dangers: ['unverified-upstream'],
  },
  {
    promise: 'Allow and Log that is on on the page is a danger like one of the file',
    tls: '{}',
    chosen: { allowAndLog: true },
    now: { strict: true, allowAndLog: true },
    dangers: ['untrusted-servers-allowed'],
  },
  {
    promise: 'Allow and Log of the file is told once, with its place in the file',
    tls: '{ dangerousAllowAndLog: true }',
    chosen: { sni: { kind: 'off' } },
    now: { strict: true, allowAndLog: true },
    dangers: ['untrusted-servers-allowed'],
  },
  {
    promise: 'Allow and Log of the file has no effect while strict TLS is off on the page',
    tls: '{ dangerousAllowAndLog: true }',
    chosen: { strict: false },
    now: { strict: false },
    dangers: ['unverified-upstream'],
  },
  {
    promise: 'the former signature of the file allows nothing once strict TLS is on',
    tls: '{ preset: sentry-compat, dangerousUnverified: true }',
    chosen: { strict: true },
    now: { strict: true, allowAndLog: false },
    dangers: [],
  },
  {
    promise: "strict TLS that is on over Sentry's defaults takes the danger away",
    tls: '{ preset: sentry-compat, dangerousStrictOff: true }',
    chosen: { strict: true },
    now: { strict: true },
    dangers: [],
  },
  {
    promise: 'a danger of the file that the page leaves is told once, with its place in the file',
    tls: '{ strict: false, dangerousStrictOff: true }',
    chosen: { sni: { kind: 'off' } },
    now: { strict: false, sni: { kind: 'off' } },
    dangers: ['unverified-upstream'],
  },
  {
    promise: 'strict TLS that the file states stays on, whatever was applied before',
    tls: '{ strict: true, dangerousAllowAndLog: false }',
    chosen: UNVERIFIED,
    now: { strict: true, allowAndLog: false },
    dangers: [],
  },
  {
    promise: 'Allow and Log that the file turns off allows nothing, whatever was applied before',
    tls: '{ dangerousAllowAndLog: false }',
    chosen: { allowAndLog: true, sni: { kind: 'off' } },
    now: { strict: true, allowAndLog: false, sni: { kind: 'off' } },
    dangers: [],
  },
  {
    promise: 'uploaded CAs are what is trusted where the file names none',
    tls: '{}',
    chosen: OWN_CA,
    now: { trust: { default: 'off', custom: [{ bytes: Buffer.from(ca.pem) }] } },
    dangers: [],
  },
  {
    promise: 'uploaded CAs under a store that is off trust no server',
    tls: '{}',
    chosen: { customStore: { enabled: false, certificates: [ca.pem] } },
    now: { trust: { default: 'bundled', custom: [] } },
    dangers: [],
  },
  {
    promise: 'files that the configuration names beat what was uploaded',
    tls: "{ trust: { default: off, custom: ['file:upstream.pem'] } }",
    chosen: OWN_CA,
    now: { trust: { default: 'off', custom: [{ path: '/given/upstream.pem' }] } },
    dangers: [],
  },
  {
    promise: 'an empty list of files is the word of the file, too',
    tls: '{ trust: { custom: [] } }',
    chosen: { customStore: { enabled: true, certificates: [ca.pem] } },
    now: { trust: { default: 'bundled', custom: [] } },
    dangers: [],
  },
  {
    promise: 'a weak protocol that is selected on the page is a danger',
    tls: '{}',
    chosen: {},
    selection: OLD,
    now: { selection: OLD },
    dangers: ['weak-upstream-protocol'],
  },
  {
    promise: 'a selection that the file states beats the one of the page',
    tls: '{ protocols: [TLSv1.2] }',
    chosen: {},
    selection: OLD,
    now: { selection: { protocols: ['TLSv1.2'] } },
    dangers: [],
  },
]

for (const { promise, tls, chosen, selection = SECURE, now, dangers } of ROWS) {
  test(promise, async () => {
    const config = await configOf(tls)
    const under = applyUpstreamTls(config, [{ upstream: 'core', selection, chosen }])
    expect(under.upstreams[0].tls).toMatchObject(now)
    expect(under.upstreams[0]).toMatchObject({ name: 'core', servers: config.upstreams[0].servers })
    const outgoing = under.dangers.filter(({ kind }) => kind !== 'no-store')
    expect(outgoing.map(({ kind }) => kind)).toEqual(dangers)
    // What the file says keeps its place there.
    for (const one of outgoing) {
      const inFile = config.dangers.some(({ sentence }) => sentence === one.sentence)
      expect(one.at).toMatch(inFile ? /^c\.yaml:/ : /^store: upstream TLS of core$/)
    }
  })
}

test('an upstream whose page turns strict TLS off is said to be told who the devices are only where it is told', async () => {
  const config = await configOf('{}')
  const pages = [{ upstream: 'core', selection: SECURE, chosen: UNVERIFIED }]
  const saidOf = (one: typeof config) =>
    applyUpstreamTls(one, pages).dangers.find(({ kind }) => kind === 'unverified-upstream')
      ?.sentence
  const NOT_TOLD =
    'upstream core is not verified: anybody on the way can pose as it and reads what devices send to it'
  const TOLD =
    'upstream core is not verified: anybody on the way can pose as it and is told who the devices are'
  expect(saidOf(config)).toBe(NOT_TOLD)
  expect(saidOf(await configOf('{}', ', identity: {}'))).toBe(TOLD)

  const relayed = (place: 'inside-tls' | 'off', upstream = 'core'): typeof config => {
    const [devices] = config.listeners
    const proxyProtocol = { place, certificate: false }
    const relay: (typeof devices)['relay'] = {
      at: 'c.yaml',
      upstream,
      certificate: 'device',
      sensitive: false,
      networks: undefined,
      proxyProtocol,
    }
    return { ...config, listeners: [devices, { ...devices, name: 'sync', relay }] }
  }
  expect(saidOf(relayed('inside-tls'))).toBe(TOLD)
  expect(saidOf(relayed('off'))).toBe(NOT_TOLD)
  expect(saidOf(relayed('inside-tls', 'other'))).toBe(NOT_TOLD)
})

test('the page of an upstream that is no more changes nothing', async () => {
  const config = await configOf('{}')
  const pages = [{ upstream: 'gone', selection: OLD, chosen: UNVERIFIED }]
  const { upstreams, dangers } = config
  expect(applyUpstreamTls(config, pages)).toEqual({ upstreams, dangers })
})

test('an upstream without TLS has no page', async () => {
  const config = await configOf('{}')
  const [first] = config.upstreams
  const plain = { ...first, protocol: 'http:', tls: undefined } as const
  const pages = [{ upstream: 'core', selection: OLD, chosen: UNVERIFIED }]
  expect(applyUpstreamTls({ ...config, upstreams: [plain] }, pages).upstreams).toEqual([plain])
  const verification = {
    strict: false,
    allowAndLog: true,
    defaultStore: 'off',
    customStore: { enabled: true, certificates: [ca.pem] },
    sni: { kind: 'off' },
  } as const
  expect(withTlsSettings(plain, { selection: OLD, verification })).toBe(plain)
})

test('the words of the file are its own keys, and what follows from its preset', async () => {
  const { tls } = (
    await configOf('{ preset: sentry-compat, dangerousStrictOff: true, sni: a.test }')
  ).upstreams[0]
  if (tls === undefined) expect.fail()
  expect(fileSettings(tls)).toEqual({
    selection: undefined,
    stated: ['sni'],
    verification: {
      strict: false,
      allowAndLog: false,
      defaultStore: 'bundled',
      customStore: { enabled: false, certificates: [] },
      sni: { kind: 'name', name: 'a.test' },
    },
  })
  const stated = (await configOf('{ protocols: [TLSv1.3], trust: { default: system } }'))
    .upstreams[0].tls
  if (stated === undefined) expect.fail()
  expect(fileSettings(stated)).toMatchObject({
    selection: { protocols: ['TLSv1.3'] },
    stated: ['defaultStore'],
  })
})
