/** What a reload replaces is let go: with it go its private keys, and memory does not grow with the number of reloads. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { servedFiles } from '../../../src/serve/store-sync/stored-secrets.ts'
import { Device } from '../../support/devices/device.ts'
import {
  clientTls,
  fleet,
  product,
  productYaml,
  type Product,
  type ProductOptions,
} from '../../support/front-ends/product.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

/** Loads and applies, and holds on to nothing. */
async function apply(frontEnd: Product, options: ProductOptions): Promise<WeakRef<Config>> {
  const path = join(frontEnd.folder, 'tfe.yaml')
  writeFileSync(path, productYaml(options))
  const loaded = await loadConfig(path, {}, servedFiles(path))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const outcome = await frontEnd.serving.reload(loaded)
  expect(outcome.kind).toBe('applied')
  return new WeakRef(loaded.value.config)
}

/** How many of them are left when memory has been collected; two turns, because a turn keeps what it has looked at. */
async function left(configurations: readonly WeakRef<Config>[]): Promise<number> {
  await turn()
  collect()
  await turn()
  collect()
  return configurations.filter((one) => one.deref() !== undefined).length
}

test('of ten configurations that were applied in turn, the one in force is left', async () => {
  await using frontEnd = await product({ upstreamPort: 1 })
  const applied: WeakRef<Config>[] = []
  for (let n = 0; n < 10; n += 1) {
    applied.push(
      await apply(frontEnd, { upstreamPort: 1, upstreamLimits: [`connections: ${17 + n}`] }),
    )
  }
  expect(await left(applied)).toBe(1)
  expect(applied.at(-1)?.deref()).toBeDefined()
})

test('a configuration under which a request is answered stays until that is done, and goes with its connection', async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<() => void>()
  await using upstream = await rawUpstream(upstreamTlsOptions, ({ socket }) => {
    socket.once('data', () => asked(() => socket.write(OK)))
  })
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  const under = (tls: string): Promise<WeakRef<Config>> => apply(frontEnd, { ...options, tls })
  const first = await under('{ resumption: off }')
  const device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const answer = await isAsked
  const others = [await under('{ minVersion: TLSv1.3 }'), await under('{ resumption: auto }')]
  // The control: what is in use is not let go.
  expect(await left([first])).toBe(1)
  expect(await left(others)).toBe(1)
  answer()
  expect((await device.response()).startLine).toContain('200')
  await device[Symbol.asyncDispose]()
  await frontEnd.waitForLine((one) => one['outcome'] === 'served' && 'requests' in one)
  expect(await left([first])).toBe(0)
  expect(await left(others)).toBe(1)
})

test('trust that was replaced goes, too, with the peers that were judged by it', async () => {
  await using frontEnd = await product({ upstreamPort: 1 })
  const applied: WeakRef<Config>[] = []
  for (const grace of ['1d', '2d', '3d']) {
    const chain = grace === '2d' ? 'root.pem' : 'fleet.pem'
    const trust = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:${chain}' }`
    applied.push(await apply(frontEnd, { upstreamPort: 1, yaml: { grace: ` ${grace}`, trust } }))
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send('GET /always/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await device.response()
  }
  expect(await left(applied)).toBe(1)
})
