/** Files that change on disk under a front end that serves, with real files and real TLS; each look is called by the test. */
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import {
  fleet,
  product,
  type Product,
  type ProductOptions,
} from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const server = (): Leaf =>
  mintLeaf({ issuer: fleet.serverCa, purposes: ['serverAuth'], dns: ['localhost'] })
const [NEXT, LATER] = [server(), server()]

/** The certificate that a port shows. */
async function shownBy(port: number): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: fleet.serverCa.pem,
  })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerX509Certificate()?.toString() ?? ''
  } finally {
    socket.destroy()
  }
}

/** A listener whose files lie in a folder of their own, where `lay` puts the first pair. */
async function serving(lay: (folder: string) => void = written(fleet.server)) {
  const options: ProductOptions = {
    upstreamPort: 1,
    yaml: {
      listeners: `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates: [{ chain: 'file:tls/tls.crt', key: 'file:tls/tls.key' }]
    routes: tested`,
      watchFiles: ' off',
    },
    prepare: lay,
  }
  const frontEnd = await product(options)
  return {
    frontEnd,
    folder: frontEnd.folder,
    look: () => frontEnd.serving.lookAtFiles(),
    shown: () => shownBy(frontEnd.port),
    reloads: () => reloads(frontEnd),
    [Symbol.asyncDispose]: () => frontEnd[Symbol.asyncDispose](),
  }
}

/** What reloads came to, in their order. */
const reloads = ({ lines }: Pick<Product, 'lines'>): readonly string[] =>
  lines.flatMap(({ msg }) => {
    const outcome = /^reload (\w+)/.exec(String(msg))?.[1]
    return outcome === undefined ? [] : [outcome]
  })

const put = (folder: string, name: string, text: string): void =>
  writeFileSync(join(folder, 'tls', name), text, { mode: 0o600 })

const written =
  (leaf: Leaf) =>
  (folder: string): void => {
    mkdirSync(join(folder, 'tls'), { recursive: true })
    put(folder, 'tls.crt', leaf.chainPem)
    put(folder, 'tls.key', leaf.keyPem)
  }

/** As Kubernetes mounts a secret: `tls.crt` leads through `..data`, which is swapped by a rename. */
const mounted =
  (leaf: Leaf, revision: string) =>
  (folder: string): void => {
    const tls = join(folder, 'tls')
    mkdirSync(join(tls, revision), { recursive: true })
    put(folder, `${revision}/tls.crt`, leaf.chainPem)
    put(folder, `${revision}/tls.key`, leaf.keyPem)
    symlinkSync(revision, join(tls, '..next'))
    renameSync(join(tls, '..next'), join(tls, '..data'))
    if (revision !== 'first') return
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(tls, name))
  }

const pemOf = ({ chainPem }: Leaf): string => {
  const end = '-----END CERTIFICATE-----\n'
  return chainPem.slice(0, chainPem.indexOf(end) + end.length)
}

test('a certificate that is written in place is shown after a look, and not before', async () => {
  await using it = await serving()
  written(NEXT)(it.folder)
  expect(await it.shown()).toBe(pemOf(fleet.server))
  await it.look()
  expect(await it.shown()).toBe(pemOf(NEXT))
  expect(it.reloads()).toEqual(['applied'])
})

test('a certificate that is moved over the one before is shown after a look', async () => {
  await using it = await serving()
  put(it.folder, 'new.crt', NEXT.chainPem)
  put(it.folder, 'new.key', NEXT.keyPem)
  for (const kind of ['crt', 'key']) {
    renameSync(join(it.folder, `tls/new.${kind}`), join(it.folder, `tls/tls.${kind}`))
  }
  await it.look()
  expect(await it.shown()).toBe(pemOf(NEXT))
})

test('a mounted secret whose folder is swapped behind a link is shown after a look, time and again', async () => {
  await using it = await serving(mounted(fleet.server, 'first'))
  mounted(NEXT, 'second')(it.folder)
  rmSync(join(it.folder, 'tls/first'), { recursive: true })
  await it.look()
  expect(await it.shown()).toBe(pemOf(NEXT))
  mounted(LATER, 'third')(it.folder)
  await it.look()
  expect(await it.shown()).toBe(pemOf(LATER))
  expect(it.reloads()).toEqual(['applied', 'applied'])
})

test('nothing is read again where nothing has changed', async () => {
  await using it = await serving()
  await it.look()
  await it.look()
  expect(it.reloads()).toEqual([])
})

test('a half-written chain is refused, told, and taken once it is whole', async () => {
  await using it = await serving()
  const half = NEXT.chainPem.slice(0, NEXT.chainPem.length / 2)
  put(it.folder, 'tls.key', NEXT.keyPem)
  put(it.folder, 'tls.crt', half)
  await it.look()
  expect(await it.shown()).toBe(pemOf(fleet.server))
  const { statusPort } = it.frontEnd
  const ready = async () => (await fetch(`http://127.0.0.1:${statusPort}/readyz`)).text()
  expect(await ready()).toContain('files or secrets were read again and refused')
  // Not at each look: the log would be full of it.
  await it.look()
  expect(it.reloads()).toEqual(['refused'])
  put(it.folder, 'tls.crt', NEXT.chainPem)
  await it.look()
  expect(await it.shown()).toBe(pemOf(NEXT))
  expect(await ready()).not.toContain('refused')
  expect(it.reloads()).toEqual(['refused', 'applied'])
})

for (const [first, second] of [
  ['tls.crt', 'tls.key'],
  ['tls.key', 'tls.crt'],
] as const) {
  test(`of a pair of which ${first} changes first nothing is shown until ${second} fits`, async () => {
    await using it = await serving()
    const pair = { 'tls.crt': NEXT.chainPem, 'tls.key': NEXT.keyPem }
    put(it.folder, first, pair[first])
    await it.look()
    expect(await it.shown()).toBe(pemOf(fleet.server))
    put(it.folder, second, pair[second])
    await it.look()
    expect(await it.shown()).toBe(pemOf(NEXT))
    expect(it.reloads()).toEqual(['refused', 'applied'])
  })
}

test('a chain that vanishes changes nothing, and the same one put back clears what was told', async () => {
  await using it = await serving()
  rmSync(join(it.folder, 'tls/tls.crt'))
  await it.look()
  expect(await it.shown()).toBe(pemOf(fleet.server))
  put(it.folder, 'tls.crt', fleet.server.chainPem)
  await it.look()
  expect(it.reloads()).toEqual(['refused', 'unchanged'])
  const text = await (await fetch(`http://127.0.0.1:${it.frontEnd.statusPort}/readyz`)).text()
  expect(text).not.toContain('refused')
})

test('a configuration file that is half edited does not keep a renewed certificate out', async () => {
  await using it = await serving()
  writeFileSync(join(it.folder, 'tfe.yaml'), 'listeners: {')
  written(NEXT)(it.folder)
  await it.look()
  expect(await it.shown()).toBe(pemOf(NEXT))
})

test('a change that a reload has taken over is not read a second time', async () => {
  await using it = await serving()
  written(NEXT)(it.folder)
  await it.look()
  await it.look()
  expect(it.reloads()).toEqual(['applied'])
})

test('a CA chain, a trust store and a client identity that change are taken over', async () => {
  const upstreamCa = mintCa({ name: 'Next Upstream Root' })
  const leaf = mintLeaf({ issuer: upstreamCa, purposes: ['serverAuth'], dns: ['localhost'] })
  await using upstream = await rawUpstream(
    {
      ...upstreamTlsOptions,
      key: leaf.keyPem,
      cert: leaf.chainPem,
      ca: upstreamCa.pem,
    },
    answering(OK),
  )
  await using frontEnd = await product({ upstreamPort: upstream.port })
  const ask = async (device: Leaf) =>
    (await requestOnce(frontEnd, { version: 'TLSv1.3', device })).status
  expect([await ask(fleet.device), await ask(fleet.unknown)]).toEqual([502, 403])
  const identity = mintLeaf({ issuer: upstreamCa, name: 'front-end' })
  for (const [name, text] of [
    ['upstream-ca.pem', upstreamCa.pem],
    ['front-end.pem', identity.chainPem],
    ['front-end.key', identity.keyPem],
    ['fleet.pem', fleet.stranger.pem],
  ] as const) {
    writeFileSync(join(frontEnd.folder, name), text, { mode: 0o600 })
  }
  await frontEnd.serving.lookAtFiles()
  expect([await ask(fleet.device), await ask(fleet.unknown)]).toEqual([403, 200])
})
