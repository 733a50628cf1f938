/** How a command reaches the admin API: what is said when the address is not quite right. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { typed } from '../../support/cli/call-admin.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-cli-connection-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const ca = mintCa({ name: 'Office CA' })

async function secured(): Promise<TestAdminApi> {
  const name = 'localhost'
  const leaf = mintLeaf({ issuer: ca, name, dns: [name], purposes: ['serverAuth'] })
  const tls = { key: leaf.keyPem, cert: leaf.pem, clientCertificates: false }
  return await openAdminApi({ tls })
}

test('http to an admin API with a certificate names https and the next step', async () => {
  await using adminApi = await secured()
  const url = adminApi.url.replace('https', 'http')
  const said = await typed(adminApi, ['audit', '--url', url])
  expect(said).toEqual({
    code: 3,
    out: '',
    err: `tfe: found the address ${url}, and https is served there, not http\nnext: call ${adminApi.url}, by --url or TFE_ADMIN_URL\n`,
  })
})

test('https to an admin API in the clear names http and the next step', async () => {
  await using adminApi = await openAdminApi()
  const url = adminApi.url.replace('http', 'https')
  const said = await typed(adminApi, ['audit', '--url', url])
  expect(said).toEqual({
    code: 3,
    out: '',
    err: `tfe: found the address ${url}, and http is served there, not https\nnext: call ${adminApi.url}, by --url or TFE_ADMIN_URL\n`,
  })
})

for (const scheme of ['http', 'https'] as const) {
  test(`a server that hangs up on ${scheme} is not said to serve the other scheme`, async () => {
    const server = createServer((socket) => socket.resetAndDestroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const url = `${scheme}://127.0.0.1:${port}`
    const said = await tfe(['audit', '--url', url], { TFE_ADMIN_TOKEN: 'x' })
    server.close()
    expect(said).toMatchObject({ code: 3, out: '' })
    expect(said.err).toBe(
      `tfe: ${url}: the connection was closed before an answer came\nnext: see that it runs, and that --url or TFE_ADMIN_URL says where\n`,
    )
  })
}

test('TFE_ADMIN_CA names the CA of the admin API, and --ca counts before it', async () => {
  await using adminApi = await secured()
  const path = join(folder, 'ca.pem')
  const other = join(folder, 'other.pem')
  writeFileSync(path, ca.pem)
  writeFileSync(other, mintCa({ name: 'Other CA' }).pem)
  const env = {
    TFE_ADMIN_URL: adminApi.url,
    TFE_ADMIN_TOKEN: await adminApi.tokenOf('viewer'),
    TFE_ADMIN_CA: path,
  }
  expect(await tfe(['audit'], env)).toMatchObject({ code: 0, err: '' })
  expect(await tfe(['audit', '--ca', other], env)).toMatchObject({ code: 3, out: '' })
  const missing = await tfe(['audit'], { ...env, TFE_ADMIN_CA: join(folder, 'none.pem') })
  expect(missing).toMatchObject({ code: 2, out: '' })
  expect(missing.err).toContain('found no such file, wanted the CA of the admin API')
})

/** How a certificate of the admin API can be wrong, what is said of it, and what to do. */
const CERTIFICATES: readonly {
  readonly what: string
  readonly leaf: Partial<Parameters<typeof mintLeaf>[0]>
  readonly isKnown: boolean
  readonly said: string
  readonly next: string
}[] = [
  {
    what: 'from a CA that is not known',
    leaf: {},
    isKnown: false,
    said: 'its certificate is from a CA that this machine does not know',
    next: 'name the CA of that certificate, in PEM, with --ca or TFE_ADMIN_CA',
  },
  {
    what: 'for another name',
    leaf: { dns: ['admin.example'] },
    isKnown: true,
    said: 'its certificate does not name localhost',
    next: 'call it by a name of the certificate, with --url or TFE_ADMIN_URL',
  },
  {
    what: 'that has expired',
    leaf: { notAfter: Date.now() - 60_000 },
    isKnown: true,
    said: 'its certificate has expired',
    next: 'renew the certificate that admin.certificate names',
  },
  {
    what: 'of the future',
    leaf: { notBefore: Date.now() + 3_600_000, notAfter: Date.now() + 7_200_000 },
    isKnown: true,
    said: 'its certificate is not valid yet',
    next: "see that this machine's clock is right",
  },
]

for (const { what, leaf, isKnown, said, next } of CERTIFICATES) {
  test(`a certificate ${what} is explained, exit code 3, and no token is sent`, async () => {
    const usual = { issuer: ca, name: 'localhost', dns: ['localhost'] }
    const { keyPem: key, pem: cert } = mintLeaf({ ...usual, purposes: ['serverAuth'], ...leaf })
    const heard: string[] = []
    const server = createTlsServer({ key, cert }, (socket) => {
      socket.on('data', (part: Buffer) => heard.push(part.toString('latin1')))
    })
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `https://localhost:${(server.address() as AddressInfo).port}`
    const path = join(folder, 'known.pem')
    writeFileSync(path, ca.pem)
    const env = { TFE_ADMIN_TOKEN: 'tfe_secret', ...(isKnown ? { TFE_ADMIN_CA: path } : {}) }
    const { code, out, err } = await tfe(['audit', '--url', url], env)
    server.close()
    expect({ code, out, heard }).toEqual({ code: 3, out: '', heard: [] })
    expect(err).toContain(`tfe: ${url}: ${said}\n`)
    expect(err).toContain(`next: ${next}`)
    expect(err).not.toMatch(/UNABLE|CERT_|ERR_|\n {4}at /u)
  })
}
