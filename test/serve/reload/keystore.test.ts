/**
 * A reload with a keystore of 600,000 iterations: requests that come while it is being opened are answered meanwhile. The
 * control opens it on the thread that serves.
 */
import { createPrivateKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskReader } from '../../../src/config/reading/files.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { openOnThread, type KeystoreOpener } from '../../../src/handshake/pkcs12/open-on-thread.ts'
import { openPkcs12 } from '../../../src/handshake/pkcs12/open.ts'
import {
  certificateBag,
  encryptedKeyBag,
  encryptedSafe,
  pkcs12Of,
  plainSafe,
} from '../../support/certificates/mint-pkcs12.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet, product, productYaml } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const by = { passphrase: 'geheim', iterations: 600_000 }
const leaf = mintLeaf({ issuer: fleet.serverCa, purposes: ['serverAuth'], dns: ['localhost'] })
const pkcs8 = createPrivateKey(leaf.keyPem).export({ type: 'pkcs8', format: 'der' })
const keystore = pkcs12Of(
  [encryptedSafe([certificateBag(leaf.der)], by), plainSafe(encryptedKeyBag(pkcs8, by))],
  by,
)
const listeners = `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates: [{ pkcs12: 'file:server.p12', passphrase: 'file:passphrase' }]
    routes: tested`

/** How many requests are answered between the call of the opener and its answer, and what the reload comes to. */
async function duringReload(open: KeystoreOpener) {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using frontEnd = await product({ upstreamPort: upstream.port })
  const state = { isOpening: false, answered: 0 }
  const requests = async (): Promise<void> => {
    while (state.isOpening) {
      const { status } = await requestOnce(frontEnd, { version: 'TLSv1.3', device: fleet.device })
      expect(status).toBe(200)
      if (state.isOpening) state.answered += 1
    }
  }
  let asked = Promise.resolve()
  const openKeystore: KeystoreOpener = async (bytes, passphrase) => {
    state.isOpening = true
    asked = requests()
    const opened = await open(bytes, passphrase)
    state.isOpening = false
    return opened
  }
  const file = join(frontEnd.folder, 'tfe.yaml')
  writeFileSync(join(frontEnd.folder, 'server.p12'), keystore, { mode: 0o600 })
  writeFileSync(join(frontEnd.folder, 'passphrase'), by.passphrase, { mode: 0o600 })
  writeFileSync(file, productYaml({ upstreamPort: upstream.port, yaml: { listeners } }))
  const loaded = await loadConfig(file, {}, { ...diskReader, openKeystore })
  const { kind } = await frontEnd.serving.reload(loaded)
  await asked
  return { kind, answered: state.answered }
}

test('requests are answered while a reload opens a keystore of 600,000 iterations', async () => {
  const { kind, answered } = await duringReload(openOnThread)
  expect(kind).toBe('applied')
  expect(answered).toBeGreaterThan(0)
  const control = await duringReload(async (...args) => openPkcs12(...args))
  expect(control).toEqual({ kind: 'applied', answered: 0 })
})

test('a reload whose reading ends after the front end is ended by that', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const frontEnd = await product({ upstreamPort: upstream.port })
  const file = join(frontEnd.folder, 'tfe.yaml')
  writeFileSync(file, productYaml({ upstreamPort: upstream.port, yaml: { grace: ' 31d' } }))
  const loaded = await loadConfig(file, {})
  await frontEnd.serving.drain()
  expect(loaded.ok).toBe(true)
  expect(await frontEnd.serving.reload(loaded)).toEqual({ kind: 'unchanged' })
  await frontEnd[Symbol.asyncDispose]()
})
