import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ProductOptions } from '../../support/front-ends/product.ts'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { HALF_BODY } from '../../support/upstreams/stalling-upstream.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'

test('a reload of the same configuration is unchanged', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  expect(await frontEnd.reload(options)).toEqual({ kind: 'unchanged' })
})

test('an applied reload counts the snapshot up, and an open connection sees the new world', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
  const narrowed = { ...options, rows: ['{ id: no-x, path: /device/x, class: denied }'] }
  expect(await frontEnd.reload(narrowed)).toEqual({ kind: 'applied', from: 1, to: 2 })
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('403')
  const line = await frontEnd.waitForLine((one) => one['code'] === 'route-denied')
  expect(line['snapshot']).toBe(2)
})

const BROKEN: readonly (readonly [string, (options: ProductOptions) => ProductOptions, RegExp])[] =
  [
    ['an unknown key', (options) => ({ ...options, yaml: { grase: ' 30d' } }), /grase/],
    [
      'an upstream that no table of routes knows',
      (options) => ({
        ...options,
        rows: ['{ id: y, path: /y/*, class: device, upstream: nowhere }'],
      }),
      /nowhere/,
    ],
    [
      'another limit of connections',
      (options) => ({ ...options, limits: ['connections: 7'] }),
      /restart/,
    ],
    [
      'another level of the log',
      (options) => ({ ...options, yaml: { log: ' { level: warn }' } }),
      /restart/,
    ],
    [
      'another port',
      (options) => ({ ...options, yaml: { metrics: ' { address: 127.0.0.1, port: 1 }' } }),
      /restart/,
    ],
  ]

for (const [what, change, says] of BROKEN) {
  test(`a reload with ${what} is refused, and the old configuration serves on`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
    const options = { upstreamPort: upstream.port }
    await using frontEnd = await product(options)
    const outcome = await frontEnd.reload(change(options))
    if (outcome.kind !== 'refused') expect.fail(outcome.kind)
    expect(outcome.faults.map(({ at, message }) => `${at} ${message}`).join('\n')).toMatch(says)
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(REQUEST)
    expect((await device.response()).startLine).toContain('200')
    expect(await scrape(frontEnd.statusPort)).toContain('tfe_reload_total{outcome="refused"} 1')
  })
}

test('a reload with a garbled CA chain is refused, and says in which line', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  writeFileSync(
    join(frontEnd.folder, 'fleet.pem'),
    '-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n',
  )
  const outcome = await frontEnd.reload(options)
  if (outcome.kind !== 'refused') expect.fail(outcome.kind)
  expect(outcome.faults[0]?.at).toMatch(/fleet\.pem:2$/)
})

test('a CA that is distrusted ends the live connection, the body under way included', async () => {
  const silent = Promise.withResolvers<void>()
  await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    await peer.until('half')
    silent.resolve()
  })
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
  await silent.promise
  expect(await frontEnd.reload({ ...options, yaml: { trust: DISTRUSTED } })).toMatchObject({
    kind: 'applied',
  })
  await device.ended
  expect(device.pending).toBe('')
})

test('a distrusted intermediate admits no device although a trusted root signed it, and the root is spared', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const trust = `
  enrollmentSettings:
    - { name: Root, standing: current, chain: 'file:root.pem' }
    - { name: Branch, standing: distrusted, chain: 'file:fleet.pem' }`
  await using frontEnd = await product({ upstreamPort: upstream.port })
  writeFileSync(join(frontEnd.folder, 'root.pem'), fleet.root.pem)
  await frontEnd.reload({ upstreamPort: upstream.port, yaml: { trust } })
  const sibling = mintLeaf({ issuer: mintCa({ name: 'Sibling', issuer: fleet.root }) })
  const answers: string[] = []
  for (const leaf of [fleet.device, sibling]) {
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
    device.send(REQUEST)
    answers.push((await device.response()).startLine.slice(9, 12))
  }
  expect(answers).toEqual(['403', '200'])
  const line = await frontEnd.waitForLine((one) => one['decision'] === 'refuse')
  expect(line['code']).toBe('denied-issuer')
})

test('a distrusted CA admits no device although the chain of a trusted one holds a cross certificate for it', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const stolen = mintKeys()
  const old = mintCa({ name: 'Stolen CA', keys: stolen })
  const next = mintCa({ name: 'Next CA' })
  const cross = mintCa({ name: 'Stolen CA', keys: stolen, issuer: next })
  const forged = mintLeaf({ issuer: old, name: 'forged' })
  const trust = (standing: string): string => `
  enrollmentSettings:
    - { name: Next, standing: current, chain: 'file:next.pem' }
    - { name: Old, standing: ${standing}, chain: 'file:old.pem' }`
  await using frontEnd = await product({ upstreamPort: upstream.port })
  writeFileSync(join(frontEnd.folder, 'next.pem'), cross.pem + next.pem)
  writeFileSync(join(frontEnd.folder, 'old.pem'), old.pem)
  const answers: string[] = []
  for (const standing of ['staged', 'distrusted']) {
    await frontEnd.reload({ upstreamPort: upstream.port, yaml: { trust: trust(standing) } })
    for (const leaf of [forged, mintLeaf({ issuer: next, name: 'honest' })]) {
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, leaf))
      device.send(REQUEST)
      answers.push((await device.response()).startLine.slice(9, 12))
    }
  }
  expect(answers).toEqual(['200', '200', '403', '200'])
  const line = await frontEnd.waitForLine((one) => one['decision'] === 'refuse')
  expect(line['code']).toBe('denied-issuer')
})

test('a connection that the new world still admits lives on', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.old))
  device.send(REQUEST)
  await device.response()
  await frontEnd.reload({ ...options, yaml: { grace: ' 20d' } })
  device.send(REQUEST)
  expect((await device.response()).startLine).toContain('200')
})

test('an upstream whose settings did not change keeps its connection over a reload', async () => {
  const connections = new Set<number>()
  await using upstream = await rawUpstream(upstreamTlsOptions, (peer, connection) => {
    connections.add(connection)
    return answering(OK)(peer, connection)
  })
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(REQUEST)
  await device.response()
  await frontEnd.reload({ ...options, yaml: { grace: ' 20d' } })
  device.send(REQUEST)
  await device.response()
  expect(connections.size).toBe(1)
})

const DISTRUSTED = `
  enrollmentSettings:
    - { name: Fleet, standing: distrusted, chain: 'file:fleet.pem' }
    - { name: Old Fleet, standing: current, chain: 'file:previous.pem' }`

async function scrape(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
}
