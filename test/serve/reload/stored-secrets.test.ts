/**
 * A keystore and its passphrase in the store, on a front end that serves as one process and as two: what is sealed there is
 * served, what is put in its place takes effect, and what does not open leaves the one before in force.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import {
  configuredStore,
  openConfiguredStore,
} from '../../../src/serve/store-sync/configured-store.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { readStore } from '../../../src/store/store.ts'
import { servedFiles } from '../../../src/serve/store-sync/stored-secrets.ts'
import {
  certificateBag,
  encryptedKeyBag,
  encryptedSafe,
  pkcs12Of,
  plainSafe,
} from '../../support/certificates/mint-pkcs12.ts'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, product, productYaml } from '../../support/front-ends/product.ts'
import { MAIN, serveProcess } from '../../support/front-ends/serve-process.ts'

const by = { passphrase: 'geheim' }
const BY = { who: 'olga', from: 'test' }
const server = (): Leaf =>
  mintLeaf({ issuer: fleet.serverCa, purposes: ['serverAuth'], dns: ['localhost'] })
const [first, second] = [server(), server()]

function keystore(leaf: Leaf): Buffer {
  const pkcs8 = createPrivateKey(leaf.keyPem).export({ type: 'pkcs8', format: 'der' })
  const safes = [
    encryptedSafe([certificateBag(leaf.der)], by),
    plainSafe(encryptedKeyBag(pkcs8, by)),
  ]
  return pkcs12Of(safes, by)
}

async function seal(file: string, name: string, secret: Buffer): Promise<void> {
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const configured = configuredStore(loaded.value.config)
  if (!configured.ok) throw new Error(JSON.stringify(configured.failure))
  const store = await openConfiguredStore(configured.value)
  if (!store.ok) throw new Error(JSON.stringify(store.failure))
  const put = await store.value.secrets.put(BY, { name, secret }, 'any')
  await store.value.close()
  if (!put.ok) throw new Error(put.failure.kind)
}

async function servedAs(port: number): Promise<string> {
  const socket = connect({ ...clientTls(port), ca: fleet.serverCa.pem })
  await once(socket, 'secureConnect')
  const { raw } = socket.getPeerCertificate()
  socket.destroy()
  return new X509Certificate(raw).fingerprint256
}

const printOf = (leaf: Leaf): string => new X509Certificate(leaf.pem).fingerprint256

const YAML = {
  store: ` { sqlite: data/tfe.sqlite, keys: 'file:tfe.keys' }`,
  listeners: `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates: [{ pkcs12: 'store:front.p12', passphrase: 'store:front' }]
    routes: tested`,
}

test.each([1, 2])(
  'a keystore of the store is served by %i workers, and one that is put in its place takes over unless it does not open',
  async (workers) => {
    await using serving = await serveProcess(1, {
      workers,
      yaml: YAML,
      instead: async (file) => {
        const bare = await loadConfig(file, {}, servedFiles(file))
        expect(bare.ok ? [] : bare.failure.map(({ message }) => message)).toEqual([
          expect.stringContaining('found no secret front.p12 in the store'),
          expect.stringContaining('found no secret front in the store'),
        ])
        // As an editor of another system writes it.
        await seal(file, 'front', Buffer.from(`\uFEFF${by.passphrase}\r\n`))
        await seal(file, 'front.p12', keystore(first))
        return [MAIN, 'serve', '--config', file]
      },
    })
    const file = `${serving.folder}/tfe.yaml`
    // Secrets are read once more when it serves.
    await serving.waitForLines(1, ({ msg }) => msg === 'reload unchanged')
    expect(await servedAs(serving.port)).toBe(printOf(first))
    await seal(file, 'front.p12', keystore(second))
    await serving.waitForLines(1, ({ msg }) => msg === 'reload applied')
    expect(await servedAs(serving.port)).toBe(printOf(second))
    await seal(file, 'front', Buffer.from('another'))
    await serving.waitForLines(
      1,
      ({ msg }) => msg === 'reload refused: the previous configuration stays in force',
    )
    expect(await servedAs(serving.port)).toBe(printOf(second))
    expect(await serving.fetchStatus('/readyz')).toContain(
      'files or secrets were read again and refused',
    )
    await seal(file, 'front', Buffer.from(by.passphrase))
    await serving.waitForLines(2, ({ msg }) => msg === 'reload unchanged')
    expect(await serving.fetchStatus('/readyz')).not.toContain('secret')
    for (const line of serving.lines) {
      expect(JSON.stringify(line)).not.toMatch(/geheim|another/u)
    }
  },
)

const UPSTREAMS = (port: number): string => `
  mdm:
    url: https://localhost:${port}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'store:client' }
    identity: { format: rfc9440 }`

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

test('while store or ring are away a reload is refused, and what is in force serves on, by workers that are started anew, too', async () => {
  await using serving = await serveProcess(1, {
    workers: 2,
    yaml: YAML,
    instead: async (file) => {
      await seal(file, 'front', Buffer.from(by.passphrase))
      await seal(file, 'front.p12', keystore(first))
      return [MAIN, 'serve', '--config', file]
    },
  })
  const { child, folder, port } = serving
  const refusals = (count: number) =>
    serving.waitForLines(
      count,
      ({ msg }) => msg === 'reload refused: the previous configuration stays in force',
    )
  // Secrets are read once more when it serves, and have to be there by then.
  await serving.waitForLines(1, ({ msg }) => msg === 'reload unchanged')
  let refused = 0
  for (const [path, why] of [
    ['tfe.keys', /tfe\.keys/u],
    ['data/tfe.sqlite', /there is no store at/u],
  ] as const) {
    const away = `${folder}/${path}`
    renameSync(away, `${away}.away`)
    child.kill('SIGHUP')
    refused += 1
    const line = (await refusals(refused)).at(-1)
    expect(JSON.stringify(line)).toMatch(why)
    expect(JSON.stringify(line)).toContain('of a store that could not be looked into')
    const before = childrenOf(child.pid ?? 0)
    for (const worker of before) process.kill(worker, 'SIGKILL')
    await expect
      .poll(() => childrenOf(child.pid ?? 0).some((one) => !before.includes(one)))
      .toBe(true)
    await expect.poll(() => servedAs(port).catch(() => 'none')).toBe(printOf(first))
    renameSync(`${away}.away`, away)
  }
  // What is put there after it is back takes over as before.
  await seal(`${folder}/tfe.yaml`, 'front.p12', keystore(second))
  await expect.poll(() => servedAs(port)).toBe(printOf(second))
})

test('the key of a client certificate comes from the store, and one of another certificate is refused', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using serving = await serveProcess(upstream.port, {
    workers: 1,
    yaml: { store: YAML.store, upstreams: UPSTREAMS(upstream.port) },
    instead: async (file) => {
      await seal(file, 'client', Buffer.from(fleet.frontEnd.keyPem))
      return [MAIN, 'serve', '--config', file]
    },
  })
  const answered = async (): Promise<number> =>
    (await requestOnce(serving, { version: 'TLSv1.3', device: fleet.device })).status
  expect(await answered()).toBe(200)
  const shown = upstream.peers[0]?.socket.getPeerX509Certificate()
  expect(shown?.fingerprint256).toBe(new X509Certificate(fleet.frontEnd.pem).fingerprint256)
  await seal(`${serving.folder}/tfe.yaml`, 'client', Buffer.from(fleet.server.keyPem))
  const [line] = await serving.waitForLines(
    1,
    ({ msg }) => msg === 'reload refused: the previous configuration stays in force',
  )
  expect(JSON.stringify(line)).toContain('upstreams.mdm.tls.clientCertificate')
  expect(await answered()).toBe(200)
  for (const one of serving.lines) expect(JSON.stringify(one)).not.toContain('PRIVATE KEY')
})

test('a secret that is replaced between its reading and its coming into force takes over, and others are told at once that it is taken', async () => {
  await using frontEnd = await product({ upstreamPort: 1, yaml: { store: YAML.store } })
  const file = `${frontEnd.folder}/tfe.yaml`
  await seal(file, 'front', Buffer.from(by.passphrase))
  await seal(file, 'front.p12', keystore(first))
  writeFileSync(file, productYaml({ upstreamPort: 1, yaml: YAML }))
  const read = await loadConfig(file, {}, servedFiles(file))
  await seal(file, 'front.p12', keystore(second))
  const clock = { now: () => Date.now() as Instant }
  const opened = await readStore(
    { kind: 'sqlite', path: `${frontEnd.folder}/data/tfe.sqlite` },
    clock,
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  await using ending = new AsyncDisposableStack()
  const store = ending.adopt(opened.value, (one) => one.close())
  const revision = await store.feed.revision()
  const metrics = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${frontEnd.statusPort}/metrics`)).text()
  // It was told of that while it took no secret.
  await expect
    .poll(metrics)
    .toContain(`tfe_store_revision ${revision.ok ? revision.value : 'none'}\n`)
  expect(await frontEnd.serving.reload(read)).toMatchObject({ kind: 'applied' })
  await expect.poll(() => servedAs(frontEnd.port)).toBe(printOf(second))
  await expect
    .poll(() => store.secrets.users(0 as Instant))
    .toMatchObject({ ok: true, value: [{ secrets: ['front.p12', 'front'] }] })
})
