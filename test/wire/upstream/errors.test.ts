/** What an administrator is told of a server that went wrong, and that one that is well costs nothing. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  goodServer,
  completedSelection,
  serverOptions,
  upstreamCa,
  type ForwardingServer,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintCa, mintLeaf, type LeafOptions } from '../../support/certificates/mint.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const other = mintCa({ name: 'Other CA' })
const below = mintCa({ name: 'Other Issuing', issuer: other })
const leaf = (options: Partial<LeafOptions> = {}) =>
  serverOptions(
    mintLeaf({ issuer: upstreamCa, dns: ['upstream.test'], purposes: ['serverAuth'], ...options }),
  )
const ALLOW: NonNullable<ForwardingServerOptions['tls']> = { strict: false }
const DAY = 86_400_000
const EXPIRED = { notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY }

async function visit(frontEnd: ForwardingServer): Promise<string> {
  await using device = await Device.to(frontEnd.port)
  device.send('GET / HTTP/1.1\r\nHost: front.test\r\n\r\n')
  return (await device.response()).startLine.split(' ')[1] ?? ''
}

interface Row {
  readonly promise: string
  readonly server: ReturnType<typeof leaf> & { readonly maxVersion?: 'TLSv1.2' }
  readonly tls?: ForwardingServerOptions['tls']
  readonly code: string
  readonly detail?: string
  readonly sentence: RegExp
  readonly nextStep: RegExp
  /** Subjects, leaf first. */
  readonly chain: readonly string[]
}

const REFUSED: readonly Row[] = [
  {
    promise: 'a wrong name is told with the names and the remedy',
    server: leaf({ dns: ['wrong.test', 'other.test'] }),
    code: 'tls-name-mismatch',
    sentence: /^server name mismatch, certificate issued to: \[wrong\.test, other\.test\]/,
    nextStep: /correct mdm's certificate.*or disable strict TLS/,
    chain: ['CN=device-1'],
  },
  {
    promise: 'a chain of an unknown CA is told with everything the server showed',
    server: leaf({ issuer: below }),
    code: 'tls-untrusted',
    detail: 'unknown-issuer',
    sentence: /does not lead to the trust store/,
    nextStep: /add its CA to `tls\.trust\.custom`/,
    chain: ['CN=device-1', 'CN=Other Issuing'],
  },
  {
    promise: 'an expired certificate is told apart from an unknown CA',
    server: leaf(EXPIRED),
    code: 'tls-untrusted',
    detail: 'expired',
    sentence: /has expired/,
    nextStep: /renew the upstream's certificate/,
    chain: ['CN=device-1'],
  },
  {
    promise: 'keys that are not pinned are told with the chain',
    server: leaf(),
    tls: { pins: ['A'.repeat(43) + '='] },
    code: 'tls-pin-mismatch',
    sentence: /none of the pinned keys/,
    nextStep: /add its pin/,
    chain: ['CN=device-1'],
  },
  {
    promise: 'a protocol that the server refuses is told by its alert',
    server: { ...leaf(), maxVersion: 'TLSv1.2' },
    tls: { selection: completedSelection({ protocols: ['TLSv1.3'] }) },
    code: 'tls-handshake',
    detail: 'protocol_version',
    sentence: /alert protocol_version/,
    nextStep: /compare protocols/,
    chain: [],
  },
]

for (const { promise, server, tls = {}, sentence, nextStep, chain, code, detail } of REFUSED) {
  test(promise, async () => {
    await using upstream = await rawUpstream(server, answering(OK))
    await using frontEnd = await forwardingServer(upstream.port, { tls })
    expect(await visit(frontEnd)).toBe('502')
    expect(frontEnd.errors).toHaveLength(1)
    const [error] = frontEnd.errors
    expect(error).toMatchObject({ upstream: 'mdm', during: 'request', code, allowed: false })
    expect(error).toMatchObject({ server: `127.0.0.1:${upstream.port}`, detail })
    const words = error?.describe()
    expect(words?.sentence).toMatch(sentence)
    expect(words?.nextStep).toMatch(nextStep)
    expect(words?.chain.map(({ subject }) => subject)).toEqual(chain)
  })
}

test('a port that nothing listens on is told as such', async () => {
  const port = await claimPort()
  await using frontEnd = await forwardingServer(port)
  expect(await visit(frontEnd)).toBe('502')
  expect(frontEnd.errors).toMatchObject([{ code: 'refused', detail: undefined }])
  expect(frontEnd.errors[0]?.describe()).toMatchObject({
    sentence: `mdm refused the connection to 127.0.0.1:${port}`,
    chain: [],
  })
})

test('what strict TLS being off lets through is told reason by reason, and marked as allowed', async () => {
  await using upstream = await rawUpstream(leaf({ issuer: other, dns: ['x.test'] }), answering(OK))
  await using frontEnd = await forwardingServer(upstream.port, { tls: ALLOW })
  expect(await visit(frontEnd)).toBe('200')
  expect(frontEnd.errors).toMatchObject([
    { code: 'tls-untrusted', detail: 'unknown-issuer', allowed: true },
    { code: 'tls-name-mismatch', allowed: true },
  ])
  expect(frontEnd.errors[1]?.describe().chain).toMatchObject([{ subject: 'CN=device-1' }])
})

test('a server that breaks off in the middle of its answer is told of', async () => {
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    peer.reset()
  })
  await using frontEnd = await forwardingServer(upstream.port)
  await visit(frontEnd).catch(() => '')
  expect(await frontEnd.error(1)).toMatchObject({ code: 'reset', detail: 'response' })
})

test('a health check that fails is told as a check', async () => {
  await using upstream = await rawUpstream(goodServer, answering('HTTP/1.1 500 No\r\n\r\n'))
  const check = {
    interval: 20,
    timeout: 5000,
    up: 1,
    down: 1,
    sni: { kind: 'as-requests' },
    http: { method: 'GET', path: '/up', host: undefined, expect: [{ from: 200, to: 299 }] },
  } as const
  await using frontEnd = await forwardingServer(upstream.port, { health: { check } })
  frontEnd.upstream.startHealthChecks()
  const error = await frontEnd.error(1)
  expect(error).toMatchObject({ during: 'check', code: 'check-status', detail: undefined })
  expect(error.describe().sentence).toContain('answered its health check with 500')
})

test('requests that succeed, and devices that hang up, are no errors of the upstream', async () => {
  const asked = Promise.withResolvers<void>()
  await using upstream = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    peer.write(OK)
    await peer.request()
    asked.resolve()
  })
  await using frontEnd = await forwardingServer(upstream.port)
  expect(await visit(frontEnd)).toBe('200')
  await using hasty = await Device.to(frontEnd.port)
  hasty.request('GET /')
  await asked.promise
  hasty.disconnect()
  await frontEnd.outcome(2)
  expect(frontEnd.errors).toEqual([])
})
