import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fleet } from '../support/front-ends/product.ts'

import { rawUpstream } from '../support/upstreams/raw-upstream.ts'
import { callWithNode } from './live-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'tfe-live-client-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const leaf = join(folder, 'leaf.pem')
const key = join(folder, 'leaf.key')
writeFileSync(leaf, fleet.device.pem)
writeFileSync(key, fleet.device.keyPem)
const files = { leaf, key, anchors: leaf, crls: leaf, intermediates: undefined, settings: [] }

const SERVER = { key: fleet.server.keyPem, cert: fleet.server.chainPem }
const ANSWER = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

test('an answer counts although the connection is reset behind it', async () => {
  await using server = await rawUpstream(SERVER, async (peer) => {
    await peer.request()
    // In the kernel before the reset is.
    await new Promise((resolve) => peer.socket.write(ANSWER, resolve))
    peer.reset()
  })
  expect(await callWithNode(server.port, '/case/1', files)).toEqual({
    kind: 'answered',
    status: 403,
  })
})

test('a reset without an answer is none', async () => {
  await using server = await rawUpstream(SERVER, async (peer) => {
    await peer.request()
    peer.reset()
  })
  expect(await callWithNode(server.port, '/case/1', files)).toEqual({
    kind: 'not-loaded',
    why: 'read ECONNRESET',
  })
})

test('a connection that ends without an answer is none', async () => {
  await using server = await rawUpstream(SERVER, async (peer) => {
    await peer.request()
    peer.end()
  })
  expect(await callWithNode(server.port, '/case/1', files)).toEqual({
    kind: 'not-loaded',
    why: 'no answer',
  })
})

test('a key that cannot be read is not loaded, and nothing is asked', async () => {
  const broken = join(folder, 'broken.key')
  writeFileSync(broken, 'no key')
  const answer = await callWithNode(1, '/case/1', { ...files, key: broken })
  expect(answer).toMatchObject({ kind: 'not-loaded' })
})
