/** How a command reaches the admin API: what is said when the address is not quite right. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
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

test('http to an adminApi with a certificate names https and the next step', async () => {
  await using adminApi = await secured()
  const url = adminApi.url.replace('https', 'http')
  const said = await typed(adminApi, ['audit', '--url', url])
  expect(said).toEqual({
    code: 3,
    out: '',
    err: `tfe: found the address ${url}, and https is served there, not http\nnext: call ${adminApi.url}, by --url or TFE_ADMIN_URL\n`,
  })
})

test('https to an adminApi in the clear names http and the next step', async () => {
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
      `tfe: ${url} cannot be reached: ECONNRESET\nnext: see that it runs, and that --url, --ca, TFE_ADMIN_URL and TFE_ADMIN_CA say where\n`,
    )
  })
}

test('TFE_ADMIN_CA names the CA of the adminApi, and --ca counts before it', async () => {
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
