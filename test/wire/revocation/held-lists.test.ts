/** Lists that the file names and the store lacks count in addition: a start holds them, a reload is refused (decision 30). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const trust = (crl = ''): string => `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem'${crl} }`

async function verdict({ port }: Product): Promise<'served' | 'refused'> {
  await using device = await Device.to(port, clientTls(port, fleet.device))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return await device.response().then(
    ({ startLine }) => (startLine.includes(' 200 ') ? 'served' : 'refused'),
    () => 'refused',
  )
}

test('a list that the file alone names refuses a reload, revokes after a start, and is not lost by a reload', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-held-lists-'))
  try {
    const list = join(folder, 'list.crl')
    const revoked = [{ serial: serialIn(fleet.device.der) }]
    writeFileSync(list, mintCrl({ issuer: fleet.devices, number: 1, revoked }))
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const options = (crl?: string) => ({
      upstreamPort: upstream.port,
      yaml: { store: ` { sqlite: '${join(folder, 'tfe.sqlite')}' }`, trust: trust(crl) },
    })
    const named = `, crl: { lists: [{ file: '${list}' }], failure: soft-fail }`
    {
      await using frontEnd = await product(options())
      expect(await verdict(frontEnd)).toBe('served')
      const outcome = await frontEnd.reload(options(named))
      const faults = outcome.kind === 'refused' ? outcome.faults : []
      expect(faults.map(({ message }) => message)).toEqual([
        expect.stringContaining(`upload it with \`tfe crl add Fleet ${list} --failure soft-fail\``),
      ])
      expect(await verdict(frontEnd)).toBe('served')
    }
    await using frontEnd = await product(options(named))
    expect(await verdict(frontEnd)).toBe('refused')
    const outcome = await frontEnd.reload(options())
    const faults = outcome.kind === 'refused' ? outcome.faults : []
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringContaining('what it revokes would be admitted again'),
    ])
    expect(await verdict(frontEnd)).toBe('refused')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
