/** Revocation lists belong to the enrollment setting in the store: neither the file nor a restart takes them away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { crlServer } from '../../support/crl-server.ts'
import { crlPem, mintCrl, serialIn, type CrlFields } from '../../support/certificates/mint-crl.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { ADMIN, unwrap } from '../../support/store/sightings.ts'

const HOUR = 3_600_000
const REVOKED = [{ serial: serialIn(fleet.device.der) }]
const numbered = (number: number, fields: Partial<CrlFields> = {}): Buffer =>
  mintCrl({ issuer: fleet.devices, number, ...fields })

/** A folder for a store that outlives a front end. */
function storeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-stored-lists-'))
  return {
    path: join(folder, 'tfe.sqlite'),
    list: join(folder, 'list.pem'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const trust = (crl: string, name = 'Fleet'): string => `
  enrollmentSettings:
    - { name: ${name}, standing: current, chain: 'file:fleet.pem'${crl} }`
const listed = (place: string): string =>
  `, crl: { lists: [{ ${place} }], refresh: 1s, failure: soft-fail }`

async function answers(frontEnd: Product): Promise<'served' | 'refused'> {
  await using calls = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  calls.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return await calls.response().then(
    () => 'served',
    () => 'refused',
  )
}

async function inStore(path: string, change: (store: Store) => Promise<unknown>): Promise<void> {
  const clock = { now: () => Date.now() as Instant }
  const opened = unwrap(
    await openStore(
      { kind: 'sqlite', path },
      { clock, ring: { keys: new Map() }, initialSettings: undefined },
    ),
  )
  await change(opened)
  await opened.close()
}

test.each([
  ['renamed', trust('', 'Fleet of 2026')],
  ['written without its lists', trust('')],
])('a revoked device stays refused when its setting is %s in the file', async (_what, changed) => {
  using folder = storeFolder()
  await using server = await crlServer(numbered(1, { revoked: REVOKED }))
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const upstreamPort = upstream.port
  const store = ` { sqlite: ${folder.path} }`
  const before = { upstreamPort, yaml: { store, trust: trust(listed(`url: '${server.url}'`)) } }
  const after = { upstreamPort, yaml: { store, trust: changed } }
  {
    await using frontEnd = await product(before)
    expect(await answers(frontEnd)).toBe('refused')
    await frontEnd.reload(after)
    expect(await answers(frontEnd)).toBe('refused')
  }
  {
    await using frontEnd = await product(after)
    expect(await answers(frontEnd)).toBe('refused')
  }
  // The control: a setting without lists lets the device in.
  await inStore(folder.path, (opened) =>
    opened.revocationLists.put(ADMIN, 'Fleet', { expected: 'any', revocation: 'none' }),
  )
  await using frontEnd = await product(after)
  expect(await answers(frontEnd)).toBe('served')
})

test.each([
  ['a lower number', { number: 4 }],
  ['a lower number and a later time', { number: 4, thisUpdate: new Date(Date.now() - HOUR / 2) }],
  ['an earlier time and no number', { number: null, thisUpdate: new Date(Date.now() - 9 * HOUR) }],
])('after a restart a list with %s does not bring a revoked device back', async (_what, fields) => {
  using folder = storeFolder()
  const thisUpdate = new Date(Date.now() - HOUR)
  await using server = await crlServer(numbered(5, { revoked: REVOKED, thisUpdate }))
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = {
    store: ` { sqlite: ${folder.path} }`,
    trust: trust(listed(`url: '${server.url}'`)),
  }
  {
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
    expect(await answers(frontEnd)).toBe('refused')
  }
  server.publish(mintCrl({ issuer: fleet.devices, thisUpdate, ...fields }))
  {
    await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
    await frontEnd.waitForLine(({ msg }) => String(msg).startsWith('revocation list not taken'))
    expect(await answers(frontEnd)).toBe('refused')
  }
  // The control: an administrator who knows that the CA counts anew lets the older list in.
  await inStore(folder.path, (opened) => opened.revocationLists.reset(ADMIN, 'Fleet', 'any'))
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
  expect(await answers(frontEnd)).toBe('served')
})

test('a revoked device stays refused after a restart while the server of the list is away', async () => {
  using folder = storeFolder()
  await using server = await crlServer(numbered(1, { revoked: REVOKED }))
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = {
    store: ` { sqlite: ${folder.path} }`,
    trust: trust(listed(`url: '${server.url}'`)),
  }
  const upstreamPort = upstream.port
  await (await product({ upstreamPort, yaml }))[Symbol.asyncDispose]()
  server.publish((_, response) => response.writeHead(503).end())
  await using frontEnd = await product({ upstreamPort, yaml })
  expect(await answers(frontEnd)).toBe('refused')
})

test('one file may hold the lists of every CA of the chain, and a list of another CA beside them', async () => {
  using folder = storeFolder()
  const ofRoot = crlPem(mintCrl({ issuer: fleet.root }))
  const foreign = crlPem(mintCrl({ issuer: fleet.previous }))
  const lists = ofRoot + foreign + crlPem(numbered(1))
  writeFileSync(folder.list, lists)
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const hard = `, crl: { lists: [{ file: '${folder.list}' }] }`
  const yaml = { store: ` { sqlite: ${folder.path} }`, trust: trust(hard) }
  await using frontEnd = await product({ upstreamPort: upstream.port, yaml })
  expect(await answers(frontEnd)).toBe('served')
  expect(frontEnd.lines.filter(({ msg }) => msg === 'revocation list in force').length).toBe(2)
  expect(frontEnd.lines).toContainEqual(expect.objectContaining({ foreign: 1 }))
  writeFileSync(folder.list, ofRoot + crlPem(numbered(2, { revoked: REVOKED })))
  await expect.poll(() => answers(frontEnd)).toBe('refused')
  // Without the list of the device's CA what it revoked would be forgotten.
  writeFileSync(folder.list, ofRoot)
  await frontEnd.waitForLine(({ code }) => code === 'crl-swapped')
  expect(await answers(frontEnd)).toBe('refused')
})
