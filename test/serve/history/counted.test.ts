/** What of the metrics of a front end that has served is taken into the history, and under which name. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { storeIn } from '../../cases/front-end.ts'
import { echo, productWithTunnels } from '../../support/front-ends/product-with-tunnels.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { valueIn } from '../../support/metrics/exposition.ts'
import { unwrap } from '../../support/store/sightings.ts'

test('of relayed connections the refused ones alone are refusals, not those that went well or that a drain ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-counted-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'store.sqlite')
  let text = ''
  {
    await using on = await productWithTunnels(echo, {
      yaml: { store: ` { sqlite: '${path}' }`, drain: ' 100ms' },
    })
    const talking = async () => {
      const client = await on.device(fleet.device)
      client.send('hello')
      await client.receiveUntil('hello')
      return client
    }
    const brief = await talking()
    brief.socket.end()
    await on.tunnels(1)
    await on.device(fleet.unknown)
    await on.tunnels(2)
    const { statusPort } = on.product
    text = await (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()
    await talking()
    await on.product.serving.drain()
  }
  // The control: the code of a connection that went well stands in the metrics beside those of refusals.
  const labels = { listener: 'sync', outcome: 'relayed', code: 'verified' }
  expect(valueIn(text, 'tfe_connections_total', labels)).toBe(1)
  await using store = await storeIn(path)
  const points = async (kind: 'refusals' | 'relayed') => {
    const [from, until] = [0 as Instant, (Date.now() + 3_600_000) as Instant]
    const found = await store.history.points({ kinds: [kind], from, until, step: 'day' })
    return unwrap(found).points.map(({ name, value }) => `${name} ${value}`)
  }
  expect(await points('relayed')).toEqual(['admit 2', 'refuse 1'])
  expect(await points('refusals')).toEqual(['untrusted-issuer 1'])
})
