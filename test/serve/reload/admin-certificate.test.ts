/** The certificate of the admin API is renewed by a reload, with real files and real handshakes. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type ConnectionOptions } from 'node:tls'
import { expect, test } from 'vitest'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { fleet, product, type ProductOptions } from '../../support/front-ends/product.ts'

const DAY = 86_400_000
const admin = (days: number): Leaf =>
  mintLeaf({
    issuer: fleet.serverCa,
    purposes: ['serverAuth'],
    dns: ['localhost'],
    notAfter: Math.floor(Date.now() / 1000) * 1000 + days * DAY,
  })
const [FIRST, SECOND] = [admin(10), admin(20)]
const SEPARATE = `{ port: 0, certificate: { chain: 'file:admin.pem', key: 'file:admin.key' } }`

async function served(settings = SEPARATE) {
  const options: ProductOptions = {
    upstreamPort: 1,
    files: { 'admin.pem': FIRST.chainPem, 'admin.key': FIRST.keyPem },
    yaml: { store: ` { sqlite: 'data/tfe.sqlite' }`, admin: ` ${settings}` },
  }
  const frontEnd = await product(options)
  const port = frontEnd.adminPort ?? 0
  return {
    frontEnd,
    port,
    shown: () => shownBy(port),
    /** Writes files and has the configuration read again. */
    reload: async (files: Readonly<Record<string, string>>, yaml = options.yaml) => {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(frontEnd.folder, name), text)
      }
      return await frontEnd.reload({ upstreamPort: 1, ...(yaml === undefined ? {} : { yaml }) })
    },
    [Symbol.asyncDispose]: () => frontEnd[Symbol.asyncDispose](),
  }
}

/** When the certificate that a port shows expires. */
async function shownBy(port: number, options: ConnectionOptions = {}): Promise<number> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: fleet.serverCa.pem,
    ...options,
  })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerX509Certificate()?.validToDate.getTime() ?? 0
  } finally {
    socket.destroy()
  }
}

const expiry = ({ chainPem }: Leaf): number => new X509Certificate(chainPem).validToDate.getTime()
const files = (leaf: Leaf) => ({ 'admin.pem': leaf.chainPem, 'admin.key': leaf.keyPem })

test('a renewed certificate of the admin API is shown after a reload, and is in the metric', async () => {
  await using it = await served()
  expect(await it.shown()).toBe(expiry(FIRST))
  expect(await it.reload(files(SECOND))).toMatchObject({ kind: 'applied' })
  expect(await it.shown()).toBe(expiry(SECOND))
  const text = await (await fetch(`http://127.0.0.1:${it.frontEnd.statusPort}/metrics`)).text()
  expect(text).toContain(
    `tfe_certificate_not_after_seconds{role="admin",name="admin"} ${expiry(SECOND) / 1000}`,
  )
})

test('a renewed certificate whose key is not there yet is refused, and the one before it is shown', async () => {
  await using it = await served()
  const outcome = await it.reload({ 'admin.pem': SECOND.chainPem })
  if (outcome.kind !== 'refused') expect.fail(outcome.kind)
  expect(outcome.faults[0]?.message).toMatch(/private key that belongs to none/)
  expect(await it.shown()).toBe(expiry(FIRST))
  expect(await it.reload(files(SECOND))).toMatchObject({ kind: 'applied' })
  expect(await it.shown()).toBe(expiry(SECOND))
})

test('a renewed certificate of the admin API is shown after a look at the files', async () => {
  await using it = await served()
  for (const [name, text] of Object.entries(files(SECOND))) {
    writeFileSync(join(it.frontEnd.folder, name), text)
  }
  await it.frontEnd.serving.lookAtFiles()
  expect(await it.shown()).toBe(expiry(SECOND))
})

test('half of a key of the admin API refuses the reload', async () => {
  await using it = await served()
  const half = SECOND.keyPem.slice(0, SECOND.keyPem.length / 2)
  expect((await it.reload({ ...files(SECOND), 'admin.key': half })).kind).toBe('refused')
  expect(await it.shown()).toBe(expiry(FIRST))
})

test('a certificate is not shown where something else of the same reload is refused', async () => {
  await using it = await served()
  const yaml = { store: ` { sqlite: 'data/tfe.sqlite' }`, admin: ` ${SEPARATE}`, workers: ' 2' }
  expect((await it.reload(files(SECOND), yaml)).kind).toBe('refused')
  expect(await it.shown()).toBe(expiry(FIRST))
})

for (const [what, before, after] of [
  ['taken away', SEPARATE, '{ port: 0 }'],
  ['added', '{ port: 0 }', SEPARATE],
] as const) {
  test(`a certificate that is ${what} while serving asks for a restart`, async () => {
    await using it = await served(before)
    const yaml = { store: ` { sqlite: 'data/tfe.sqlite' }`, admin: ` ${after}` }
    const outcome = await it.reload(files(FIRST), yaml)
    if (outcome.kind !== 'refused') expect.fail(outcome.kind)
    expect(outcome.faults.map(({ at }) => at)).toEqual(['admin'])
  })
}

test('the admin API takes no weak suite after a renewal, which a bare renewal would take', async () => {
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const
  await using it = await served()
  await expect(shownBy(it.port, weak)).rejects.toThrow()
  await it.reload(files(SECOND))
  expect(await it.shown()).toBe(expiry(SECOND))
  await expect(shownBy(it.port, weak)).rejects.toThrow()
  // The control: the same server, told of key and chain alone.
  const pair = { key: FIRST.keyPem, cert: FIRST.chainPem }
  await using bare = createServer({ ...pair, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })
  bare.on('tlsClientError', () => {})
  bare.listen(0, '127.0.0.1')
  await once(bare, 'listening')
  const { port } = bare.address() as AddressInfo
  await expect(shownBy(port, weak)).rejects.toThrow()
  bare.setSecureContext({ key: SECOND.keyPem, cert: SECOND.chainPem })
  expect(await shownBy(port, weak)).toBe(expiry(SECOND))
})
