/** From a server with the wrong certificate to the list that an administrator reads, through real processes. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { MAIN, serveProcess } from '../../support/front-ends/serve-process.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const wrong = mintLeaf({
  issuer: fleet.upstreamCa,
  purposes: ['serverAuth'],
  dns: ['s01-trvlr-001'],
})
const WRONG_NAME = { ...upstreamTlsOptions, key: wrong.keyPem, cert: wrong.chainPem }
const VISITS = 16

interface Listed {
  readonly items: readonly {
    readonly code: string
    readonly count: number
    readonly text: string
    readonly next_step: string
  }[]
}

/** The token of an administrator who was made on the command line. */
function tokenFor(folder: string): string {
  const token = join(folder, 'token')
  const words = ['admin', 'create', 'alice', '--role', 'viewer', '--token-file', token]
  const config = ['--config', join(folder, 'tfe.yaml')]
  execFileSync(process.execPath, [MAIN, ...words, ...config], { stdio: 'pipe', timeout: 100_000 })
  return readFileSync(token, 'utf8').trim()
}

for (const workers of [1, 2]) {
  test(`a wrong name stands once on the list, counted over ${workers} of the workers, with text and remedy`, async () => {
    await using upstream = await rawUpstream(WRONG_NAME, answering(OK))
    const adminPort = await claimPort()
    const yaml = {
      store: ' { sqlite: data/tfe.sqlite }',
      admin: ` { address: 127.0.0.1, port: ${adminPort} }`,
    }
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml })
    const token = tokenFor(frontEnd.folder)
    for (let visit = 0; visit < VISITS; visit += 1) {
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
      device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
      expect((await device.response()).startLine).toContain('502')
    }
    const lines = await frontEnd.waitForLines(
      VISITS,
      (line) => line['failure'] === 'tls-name-mismatch',
    )
    expect(new Set(lines.map((line) => line['worker'])).size).toBe(workers)
    // A scrape makes every process tell what it has gathered.
    await frontEnd.fetchStatus('/metrics')
    const response = await fetch(`http://127.0.0.1:${adminPort}/api/upstream-errors?upstream=mdm`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { items } = (await response.json()) as Listed
    const [only] = items
    expect(items).toHaveLength(1)
    expect(only).toMatchObject({ code: 'tls-name-mismatch', count: VISITS })
    expect(only?.text).toMatch(/^server name mismatch, certificate issued to: \[s01-trvlr-001\]/)
    expect(only?.text).toBe(lines[0]?.['reason'])
    expect(only?.next_step).toMatch(/correct mdm's certificate.*or disable strict TLS/)
  })
}
