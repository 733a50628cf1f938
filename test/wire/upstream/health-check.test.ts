/**
 * Active checks: servers are asked in the background, each on its own, with a switch of their own for SNI.
 */
import { createSecureContext, type SecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import {
  forwardingServer,
  goodServer,
  serverOptions,
  upstreamCa,
  type ForwardingServer,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const CHECK = {
  interval: 20,
  timeout: 2000,
  up: 1,
  down: 2,
  sni: { kind: 'as-requests' },
  http: undefined,
} as const

const HTTP = {
  method: 'GET',
  path: '/status',
  host: undefined,
  expect: [{ from: 200, to: 399 }],
} as const

type Check = Partial<NonNullable<NonNullable<ForwardingServerOptions['health']>['check']>>

async function watched(
  port: number,
  check: Check,
  options: ForwardingServerOptions = {},
): Promise<ForwardingServer> {
  const server = await forwardingServer(port, {
    ...options,
    health: { check: { ...CHECK, ...check } },
  })
  server.upstream.startHealthChecks()
  return server
}

test('a server that answers its check with the wrong status goes out, and comes back', async () => {
  let status = '503 Busy'
  const heads: string[] = []
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    const request = await peer.request()
    heads.push(request?.startLine ?? '')
    peer.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
  })
  await using server = await watched(upstream.port, { http: HTTP })
  expect(await server.change(1)).toMatchObject({
    state: 'check-failed',
    code: 'check-status',
    explanation: {
      sentence: `127.0.0.1:${upstream.port} answered its health check with 503`,
    },
    left: 0,
  })
  status = '204 Fine'
  expect(await server.change(2)).toMatchObject({ state: 'available', left: 1 })
  expect(new Set(heads)).toEqual(new Set(['GET /status HTTP/1.1']))
})

interface Row {
  readonly promise: string
  readonly says: string
  readonly code: string | undefined
}

const answers: readonly Row[] = [
  { promise: 'the first status of a range passes', says: 'HTTP/1.1 200 OK\r\n', code: undefined },
  { promise: 'the last status of a range passes', says: 'HTTP/1.1 399 Eh\r\n', code: undefined },
  { promise: 'the next status fails', says: 'HTTP/1.1 400 No\r\n', code: 'check-status' },
  {
    promise: 'an interim response is skipped',
    says: 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 200 OK\r\n',
    code: undefined,
  },
  { promise: 'what is not HTTP fails', says: 'SSH-2.0-x\r\n', code: 'bad-response' },
  { promise: 'a status line without end fails', says: 'x'.repeat(5000), code: 'bad-response' },
  { promise: 'an end without an answer fails', says: '', code: 'reset' },
]

for (const { promise, says, code } of answers) {
  test(`of a check: ${promise}`, async () => {
    let asked = 0
    await using upstream = await rawUpstream(goodServer, async (peer) => {
      await peer.request()
      asked += 1
      peer.end(says)
    })
    await using server = await watched(upstream.port, { http: HTTP, down: 1 })
    if (code !== undefined) expect(await server.change(1)).toMatchObject({ code })
    else {
      await expect.poll(() => asked).toBeGreaterThan(2)
      expect(server.changes).toEqual([])
    }
  })
}

test('a server that accepts and says nothing fails its check when the time is up', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await watched(upstream.port, { http: HTTP, timeout: 50, down: 1 })
  expect(await server.change(1)).toMatchObject({ code: 'response-timeout' })
})

test('without a path a connection is enough, and nothing is asked', async () => {
  await using upstream = await rawUpstream(goodServer, () => {})
  await using server = await watched(upstream.port, {})
  await expect.poll(() => upstream.peers.length).toBeGreaterThan(2)
  expect(upstream.peers.map(({ pending }) => pending).join('')).toBe('')
  expect(server.changes).toEqual([])
})

test('a check verifies the certificate as requests do', async () => {
  const other = mintLeaf({ issuer: upstreamCa, dns: ['other.test'], purposes: ['serverAuth'] })
  await using upstream = await rawUpstream(serverOptions(other), () => {})
  await using server = await watched(upstream.port, {})
  const { code, explanation } = await server.change(1)
  expect(code).toBe('tls-name-mismatch')
  expect(explanation?.sentence).toContain('certificate issued to: [other.test]')
  expect(explanation?.nextStep).not.toContain('health.check.sni')
})

/** A balancer that knows its servers by SNI, and shows a client that names none a certificate of its own. */
function sniOnly() {
  const own = mintLeaf({ issuer: upstreamCa, dns: ['balancer.test'], purposes: ['serverAuth'] })
  return {
    ...serverOptions(own),
    SNICallback: (name: string, done: (error: null, context?: SecureContext) => void) =>
      done(null, name === 'upstream.test' ? createSecureContext(goodServer) : undefined),
  }
}

test('a check without SNI that fails where requests with SNI would not says so (S3-11)', async () => {
  await using upstream = await rawUpstream(sniOnly(), answering(OK))
  await using server = await watched(upstream.port, { sni: { kind: 'off' } })
  const { state, code, explanation } = await server.change(1)
  expect({ state, code }).toEqual({ state: 'check-failed', code: 'tls-name-mismatch' })
  expect(explanation?.sentence).toContain(
    'it takes connections with the server name upstream.test, as requests make them, so only its check fails',
  )
  expect(explanation?.nextStep).toContain('`check: false`')
})

test('a check with the server name of requests passes there', async () => {
  await using upstream = await rawUpstream(sniOnly(), answering(OK))
  await using server = await watched(upstream.port, {})
  await expect.poll(() => upstream.peers.length).toBeGreaterThan(2)
  expect(server.changes).toEqual([])
})

test('a server whose check is off is left alone, beside one that is asked', async () => {
  await using alone = await rawUpstream(goodServer, answering(OK))
  await using asked = await rawUpstream(goodServer, answering(OK))
  await using server = await watched(
    alone.port,
    { http: HTTP },
    { others: [asked.port], servers: [{ check: false }] },
  )
  await expect.poll(() => asked.peers.length).toBeGreaterThan(2)
  expect(alone.peers).toEqual([])
  expect(server.changes).toEqual([])
})

test('no server is asked before the checks begin or after the upstream is closed', async () => {
  await using upstream = await rawUpstream(goodServer, answering(OK))
  await using idle = await forwardingServer(upstream.port, { health: { check: CHECK } })
  await using server = await watched(upstream.port, {})
  await expect.poll(() => upstream.peers.length).toBeGreaterThan(2)
  await server.upstream.close()
  const asked = upstream.peers.length
  await using later = await watched(upstream.port, {})
  await later.upstream.close()
  // One check may have been on its way when it was closed.
  expect(upstream.peers.length).toBeLessThanOrEqual(asked + 2)
  expect(idle.upstream.connections).toBe(0)
})
