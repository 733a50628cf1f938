/** The control of "a list that ends while connections live ends them": without the sweep they live on. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { Metrics } from '../../../src/record/metrics.ts'
import { FrontEnd } from '../../../src/serve/process/front-end.ts'
import { REVALIDATE_EVERY_MS } from '../../../src/serve/process/revalidation.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { Overlay } from '../../../src/state/overlay.ts'
import { LoadedCrls } from '../../../src/state/revocation-policy.ts'
import { parseCrl } from '../../../src/x509/crl.ts'
import { Device } from '../../support/devices/device.ts'
import { mintCrl } from '../../support/certificates/mint-crl.ts'
import {
  clientTls,
  fleet,
  productYaml,
  writeFiles,
  type Line,
} from '../../support/front-ends/product.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { HALF_BODY } from '../../support/upstreams/stalling-upstream.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1
const LIST = 'http://127.0.0.1:9/list.crl'
const TRUST = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem', crl: { lists: [{ url: '${LIST}' }] } }`

/** A clock that a test sets; `asked` counts how often it was looked at. */
class HandClock {
  at = Date.now()
  asked = 0

  now(): Instant {
    this.asked += 1
    return this.at as Instant
  }
}

/** What is written down of a connection that ended, and how often the clock had been looked at by then. */
interface Ended {
  readonly line: Line
  readonly asked: number
}

/** A front end whose clock stands a second before the end of the only list, and a body under way through it. */
async function beforeTheEnd(options: { readonly revalidateEveryMs?: number }) {
  await using stack = new AsyncDisposableStack()
  const half = Promise.withResolvers<void>()
  const upstream = stack.use(
    await rawUpstream(upstreamTlsOptions, async (peer) => {
      await peer.until('half')
      half.resolve()
      if ((await peer.request()) !== undefined) peer.write(OK)
    }),
  )
  const folder = mkdtempSync(join(tmpdir(), 'tfe-sweep-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  writeFiles(folder)
  const file = join(folder, 'tfe.yaml')
  writeFileSync(file, productYaml({ upstreamPort: upstream.port, yaml: { trust: TRUST } }))
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const clock = new HandClock()
  const ends = Math.floor(clock.at / 1000) * 1000 + 60_000
  const list = parseCrl(mintCrl({ issuer: fleet.devices, nextUpdate: new Date(ends) }))
  if (!list.ok) throw new Error(JSON.stringify(list.failure))
  const crls = new LoadedCrls()
  crls.set('Fleet', LIST, [list.value])
  const ended = Promise.withResolvers<Ended>()
  const { log } = openLogTo(
    {
      write(text) {
        const line = JSON.parse(text) as Line
        if (line['outcome'] === 'ended') ended.resolve({ line, asked: clock.asked })
      },
    },
    { level: 'info', requests: true, connections: true },
  )
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
      refusalBuffer: { add() {} },
      upstreamErrors: { add() {} },
      clock,
      ...options,
    },
  )
  if (!started.ok) throw new Error(JSON.stringify(started.failure))
  stack.defer(() => started.value.drain())
  started.value.reapplyCrls()
  const port = started.value.ports['devices'] ?? 0
  const uploading = stack.use(await Device.to(port, clientTls(port, fleet.device)))
  uploading.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
  await half.promise
  const kept = stack.move()
  return {
    clock,
    ends,
    uploading,
    ended: ended.promise,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

test('without the sweep a connection outlives the list that it was judged by', async () => {
  await using scene = await beforeTheEnd({ revalidateEveryMs: LONGEST_TIMER_MS })
  scene.clock.at = scene.ends + 60_000
  scene.uploading.send('closes')
  expect((await scene.uploading.response()).startLine).toContain('200')
})

test('the first sweep after the end of the list ends the same connection, and none before does', async () => {
  await using scene = await beforeTheEnd({ revalidateEveryMs: 10 })
  const { clock, ends } = scene
  // A list counts through its last second; several sweeps see that this is not over.
  clock.at = ends + 999
  const before = clock.asked
  await expect.poll(() => clock.asked).toBeGreaterThan(before + 3)
  expect(scene.uploading.socket.readableEnded).toBe(false)
  clock.at = ends + 1000
  const sweeps = clock.asked
  const { line, asked } = await scene.ended
  expect(line).toMatchObject({ code: 'revocation-stale' })
  // The clock was looked at by the sweep that ended it, and by one more at most before the line was written.
  expect(asked - sweeps).toBeGreaterThan(0)
  expect(asked - sweeps).toBeLessThanOrEqual(2)
  await scene.uploading.ended
})

test('a sweep comes at least once a second, which leaves a change another to act within two', () => {
  expect(REVALIDATE_EVERY_MS).toBeLessThanOrEqual(1000)
})
