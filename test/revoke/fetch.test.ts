import { lookup } from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setDefaultCACertificates } from 'node:tls'
import { expect, test } from 'vitest'
import { FETCH_LIMITS, fetchCrl, type FetchLimits } from '../../src/revoke/fetch.ts'
import { crlServer, type CrlResponder } from '../support/crl-server.ts'
import { mintLeaf } from '../support/certificates/mint.ts'
import { fleet } from '../support/front-ends/product.ts'
import { claimPort } from '../support/ports/claim-port.ts'

const CONTENT = Buffer.from('a list')

async function outcome(answer: Buffer | CrlResponder, limits: Partial<FetchLimits> = {}) {
  await using server = await crlServer(answer)
  return await fetchCrl(server.url, asking(limits))
}

const asking = (limits: Partial<FetchLimits> = {}) => ({
  known: undefined,
  limits: { ...FETCH_LIMITS, ...limits },
  lookup,
  signal: new AbortController().signal,
})

const to =
  (location: string): CrlResponder =>
  (_, response) =>
    response.writeHead(302, { location }).end()

/** So many redirects, then the content. */
const after =
  (hops: number): CrlResponder =>
  (request, response) => {
    const left = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? hops)
    if (left === 0) response.end(CONTENT)
    else response.writeHead(307, { location: `/${left - 1}` }).end()
  }

const rows: readonly (readonly [string, Buffer | CrlResponder, Partial<FetchLimits>, string])[] = [
  ['what is published is fetched', CONTENT, {}, 'octets'],
  ['as many redirects as allowed are followed', after(3), {}, 'octets'],
  ['one redirect more is not', after(4), {}, 'crl-redirected'],
  ['a redirect to a file is not followed', to('file:///etc/passwd'), {}, 'crl-redirected'],
  ['a redirect to another scheme is not followed', to('ldap://127.0.0.1/'), {}, 'crl-redirected'],
  [
    'a redirect with a password is not followed',
    to('http://name:password@127.0.0.1/'),
    {},
    'crl-redirected',
  ],
  ['a redirect to itself ends', to('/list.crl'), {}, 'crl-redirected'],
  ['a redirect to nowhere is a failure', (_, r) => r.writeHead(302).end(), {}, 'crl-status'],
  ['an answer that is no success is a failure', (_, r) => r.writeHead(503).end(), {}, 'crl-status'],
  ['no change without asking is a failure', (_, r) => r.writeHead(304).end(), {}, 'crl-status'],
  ['as many octets as allowed are read', CONTENT, { bytes: CONTENT.length }, 'octets'],
  ['one octet more is not', CONTENT, { bytes: CONTENT.length - 1 }, 'crl-too-large'],
  [
    'octets without end are not read, whatever was announced',
    (_, response) => {
      const more = (): void => {
        while (response.writable && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more).on('error', () => {})
      more()
    },
    { bytes: 1_000_000 },
    'crl-too-large',
  ],
  ['who never answers is not waited for', () => {}, { deadline: 50 }, 'crl-late'],
  [
    'who never ends is not waited for',
    (_, response) => void response.write('half'),
    { deadline: 50 },
    'crl-late',
  ],
  [
    'an answer cut short is no list',
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => response.destroy())
    },
    {},
    'crl-unreachable',
  ],
  ['who hangs up is a failure', (request) => request.socket.destroy(), {}, 'crl-unreachable'],
]

for (const [promise, answer, limits, expected] of rows) {
  test(promise, async () => {
    const result = await outcome(answer, limits)
    expect(result.ok ? result.value.kind : result.failure.kind).toBe(expected)
  })
}

test('a port on which no server listens is a failure', async () => {
  const url = `http://127.0.0.1:${await claimPort()}/list.crl`
  expect(await fetchCrl(url, asking())).toEqual({
    ok: false,
    failure: { kind: 'crl-unreachable', code: 'ECONNREFUSED' },
  })
})

const publisher = mintLeaf({
  issuer: fleet.serverCa,
  name: 'localhost',
  purposes: ['serverAuth'],
  dns: ['localhost'],
})
const turns: readonly (readonly [string, (port: number) => string, string])[] = [
  ['a redirect from https to http is not followed', () => 'http://localhost/', 'crl-redirected'],
  ['a redirect from https to https is', (port) => `https://localhost:${port}/list`, 'octets'],
]
for (const [promise, location, expected] of turns) {
  test(promise, async () => {
    setDefaultCACertificates([fleet.serverCa.pem])
    const server = createServer({ key: publisher.keyPem, cert: publisher.chainPem })
    await using _ = { [Symbol.asyncDispose]: async () => void (await closed(server)) }
    server.on('request', (request, response) => {
      if (request.url === '/list') response.end(CONTENT)
      else response.writeHead(302, { location: location(portOf(server)) }).end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const result = await fetchCrl(`https://localhost:${portOf(server)}/`, asking())
    expect(result.ok ? result.value.kind : result.failure.kind).toBe(expected)
  })
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

function closed(server: Server): Promise<unknown> {
  server.closeAllConnections()
  return once(server.close(), 'close')
}

test('what a server calls unchanged is not sent again', async () => {
  await using server = await crlServer((request, response) => {
    if (request.headers['if-none-match'] === '"7"') response.writeHead(304).end()
    else response.writeHead(200, { etag: '"7"' }).end(CONTENT)
  })
  const first = await fetchCrl(server.url, asking())
  if (!first.ok || first.value.kind !== 'octets') return expect.fail('no octets')
  const known = first.value.validators
  const second = await fetchCrl(server.url, { ...asking(), known })
  expect(second).toEqual({ ok: true, value: { kind: 'unchanged' } })
})
