/** What the judge demands of keys, signatures and paths, as the operator says it. */
import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { verifiesMlDsa } from '../../../src/config/trust/limits.ts'
import { DEFAULT_LIMITS } from '../../../src/trust/limits.ts'
import { inMemoryFiles } from '../../support/config/in-memory-files.ts'

async function loaded(limits: string): Promise<Config> {
  const text = `
trust: { enrollmentSettings: [{ name: CA, standing: current, chain: file:ca.pem }]${limits} }
listeners:
  devices:
    hosts: [mdm.example.com]
    certificates: [{ chain: file:a.pem, key: file:a.key }]
    routes: generic
upstreams: { core: { url: "https://core.example.com", identity: {} } }
`
  const result = await loadConfig('c.yaml', {}, inMemoryFiles('c.yaml', text))
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value.config
}

test('a file that says nothing has the limits of the judge', async () => {
  const { depth, rsaBits, digests, mlDsa, anyPurpose } = DEFAULT_LIMITS
  expect((await loaded('')).trust.limits).toEqual({ depth, rsaBits, digests, mlDsa, anyPurpose })
  expect((await loaded('')).dangers).toEqual([])
})

test('stricter limits need no signature', async () => {
  const config = await loaded(', limits: { depth: 0, rsaBits: 3072, digest: sha384 }')
  expect(config.trust.limits).toMatchObject({
    depth: 0,
    rsaBits: { minimum: 3072, maximum: 8192 },
    digests: ['sha384', 'sha512'],
  })
  expect(config.dangers).toEqual([])
})

test('weaker ones are remembered as dangers', async () => {
  const config = await loaded(', limits: { dangerousRsaBits: 1024, dangerousSha1: true }')
  expect(config.trust.limits).toMatchObject({
    rsaBits: { minimum: 1024 },
    digests: ['sha1', 'sha256', 'sha384', 'sha512'],
  })
  expect(config.dangers.map(({ kind }) => kind)).toEqual([
    'weak-device-certificates',
    'weak-device-certificates',
  ])
})

test('a key that is switched off is no danger', async () => {
  const config = await loaded(', limits: { dangerousSha1: false }')
  expect(config.trust.limits.digests).not.toContain('sha1')
  expect(config.dangers).toEqual([])
})

for (const [written, mlDsa] of [
  ['off', 'off'],
  ['ML-DSA-44', 44],
  ['ML-DSA-65', 65],
  ['ML-DSA-87', 87],
] as const) {
  test(`mlDsa ${written} is read, and is no danger`, async () => {
    const config = await loaded(`, limits: { mlDsa: ${written} }`)
    expect(config.trust.limits).toMatchObject({ mlDsa })
    expect(config.dangers).toEqual([])
  })
}

for (const [version, verifies] of [
  ['1.1.1w', false],
  ['3.0.19', false],
  ['3.4.2', false],
  ['3.5.0', true],
  ['3.5.8', true],
  ['3.10.1', true],
  ['4.0.0', true],
] as const) {
  test(`OpenSSL ${version} ${verifies ? 'verifies' : 'does not verify'} ML-DSA`, () => {
    expect(verifiesMlDsa(version)).toBe(verifies)
  })
}
