/** The control of "a list that ends while connections live ends them": without the sweep they live on. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { Metrics } from '../../../src/record/metrics.ts'
import { FrontEnd } from '../../../src/serve/process/front-end.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { Overlay } from '../../../src/state/overlay.ts'
import { LoadedCrls } from '../../../src/state/revocation-policy.ts'
import { parseCrl } from '../../../src/x509/crl.ts'
import { Device } from '../../support/devices/device.ts'
import { mintCrl } from '../../support/certificates/mint-crl.ts'
import { stallingUpstream } from '../../support/upstreams/stalling-upstream.ts'
import { clientTls, fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1
const LIST = 'http://127.0.0.1:9/list.crl'
const TRUST = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem', crl: { lists: [{ url: '${LIST}' }] } }`

for (const [promise, revalidation, livesOn] of [
  ['without the sweep a connection outlives the list that it was judged by', false, true],
  ['with it the same connection ends', true, false],
] as const) {
  test(promise, async () => {
    const { upstream, half, left } = await stallingUpstream()
    await using _upstream = upstream
    const folder = mkdtempSync(join(tmpdir(), 'tfe-sweep-'))
    writeFiles(folder)
    const file = join(folder, 'tfe.yaml')
    writeFileSync(file, productYaml({ upstreamPort: upstream.port, yaml: { trust: TRUST } }))
    const loaded = await loadConfig(file, {})
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
    const ends = Math.floor(Date.now() / 1000) * 1000 + 4000
    const list = parseCrl(mintCrl({ issuer: fleet.devices, nextUpdate: new Date(ends) }))
    if (!list.ok) throw new Error(JSON.stringify(list.failure))
    const crls = new LoadedCrls()
    crls.set('Fleet', LIST, list.value)
    const { log } = openLogTo({ write() {} }, { level: 'info', requests: true, connections: true })
    const { config } = loaded.value
    const [ticketSecret, accountKey] = [randomBytes(32), randomBytes(32)]
    const started = await FrontEnd.start(
      { config, version: 1, ticketSecret, accountKey, rules: undefined },
      {
        log,
        metrics: new Metrics(),
        shared: false,
        crls,
        overlay: new Overlay(),
        onStaleSession() {},
        onIssuer() {},
        expirySightings: { add() {} },
        sightingBuffer: { add() {} },
        upstreamErrors: { add() {} },
        ...(revalidation ? {} : { revalidateEveryMs: LONGEST_TIMER_MS }),
      },
    )
    if (!started.ok) throw new Error(JSON.stringify(started.failure))
    started.value.reapplyCrls()
    const port = started.value.ports['devices'] ?? 0
    await using uploading = await Device.to(port, clientTls(port, fleet.device))
    uploading.send('POST /device/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf')
    await half
    expect(Date.now()).toBeLessThan(ends)
    // Two seconds and one more for a busy machine after the end of the list.
    const { promise: late, resolve } = Promise.withResolvers<string>()
    setTimeout(() => resolve('lives on'), ends + 3000 - Date.now())
    const outcome = await Promise.race([uploading.ended.then(() => 'ended'), late])
    expect(outcome).toBe(livesOn ? 'lives on' : 'ended')
    uploading.socket.destroy()
    await left.upload.promise
    await started.value.drain()
    rmSync(folder, { recursive: true })
  })
}
