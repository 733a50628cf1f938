/** Which suites a listener offered and no longer does, held against what the runtime agrees to where it is told none. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { cipherChanges, formerSuites } from '../../../src/serve/upgrade/cipher-changes.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { CONFIGURATION, configurationFolder } from '../../support/cli/configuration-folder.ts'
import { hasOpenssl } from '../../support/commands.ts'
import { agreedSuites, offerOf } from '../../support/devices/suite-scan.ts'

const authority = mintCa({ name: 'Server CA' })
const serverOf = (keyType: 'p256' | 'rsa2048') =>
  mintLeaf({ issuer: authority, keyType, purposes: ['serverAuth'], dns: ['mdm.test'] })

/** A configuration whose server certificate has a key of this type; `more` are lines of the listener. */
async function loadedConfig(keyType: 'p256' | 'rsa2048', more = '', admin = ''): Promise<Config> {
  const text = CONFIGURATION.replace('    routes: all\n', `    routes: all\n${more}`)
  await using folder = await configurationFolder(`${text}${admin}`)
  const { chainPem, keyPem } = serverOf(keyType)
  await folder.write('server.pem', chainPem)
  await folder.write('server.key', keyPem)
  const loaded = await loadConfig(folder.config, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  return loaded.value.config
}

const BOTH = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const

test.skipIf(!hasOpenssl())(
  'what is said to have been offered is what the runtime agrees to by itself, for a key on a curve and for RSA',
  async () => {
    for (const [keyType, kind] of [
      ['p256', 'curve'],
      ['rsa2048', 'rsa'],
    ] as const) {
      const { chainPem: cert, keyPem: key } = serverOf(keyType)
      const server = createServer({ cert, key, minVersion: 'TLSv1.2' }, (socket) =>
        socket.on('error', () => {}),
      )
      server.on('tlsClientError', () => {})
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const agreed = [
        ...(await agreedSuites(port, await offerOf('-tls1_2'))),
        ...(await agreedSuites(port, await offerOf('-tls1_3'))),
      ]
      server.close()
      expect(formerSuites(BOTH, [kind]).toSorted()).toEqual(agreed.toSorted())
    }
  },
  60_000,
)

test('a listener that states no suites is told with all that it offered, what is gone and what is left', async () => {
  const { needsDecision, touched } = cipherChanges(await loadedConfig('rsa2048'))
  expect(needsDecision).toBe(true)
  expect(touched.map(({ name }) => name)).toEqual(['devices'])
  const [one] = touched
  expect(one?.before).toMatch(/^offered TLS_AES_256_GCM_SHA384, .*AES128-SHA, AES256-SHA$/u)
  expect(one?.after).toContain('gone: ECDHE-ARIA128-GCM-SHA256, ')
  expect(one?.after).toMatch(/AES256-SHA; left: TLS_AES_256_GCM_SHA384, .*; new: none$/u)
  expect(one?.before).not.toContain('ECDSA')
})

test('a listener with a key on a curve is told nothing of suites that need RSA', async () => {
  const [one] = cipherChanges(await loadedConfig('p256')).touched
  expect(`${one?.before} ${one?.after}`).not.toContain('RSA-AES')
  expect(one?.after).toContain('ECDHE-ECDSA-AES128-SHA, ')
})

test('a listener that states its suites, or speaks TLS 1.3 alone, is not told', async () => {
  for (const tls of [
    '    tls: { ciphers: [ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256] }\n',
    '    tls: { minVersion: TLSv1.3 }\n',
  ]) {
    const change = cipherChanges(await loadedConfig('rsa2048', tls))
    expect(change).toMatchObject({ needsDecision: false, touched: [] })
  }
})

test('the admin API is told where it has a certificate', async () => {
  const certificate =
    "admin: { certificate: { chain: 'file:server.pem', key: 'file:server.key' } }\n"
  const { touched } = cipherChanges(await loadedConfig('p256', '', certificate))
  expect(touched.map(({ name }) => name)).toEqual(['devices', 'admin API'])
  expect(touched[0]?.after).toBe(touched[1]?.after)
})
