import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { clientTls, product, type Product } from '../../support/front-ends/product.ts'
import { valuesOf, type RawMessage } from '../../support/http/raw-message.ts'
import { stoppedClock } from '../../support/stopped-clock.ts'
import { tokenServer } from '../../support/upstreams/token-server.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const ROWS = [
  '{ id: token, path: /oauth/*, class: legacy-oauth, upstream: mdm }',
  '{ id: unwatched, path: /unwatched/*, class: open, upstream: mdm }',
]
/** Rates that no client meets here, and small bounds for failures, with locks that outlast every test. */
const STRICT = ` { address: { rate: 60000, burst: 1000 }, account: { rate: 60000, burst: 1000 }, lockout: { failures: 3, addressFailures: 6, accountFailures: 9, first: 1h } }`

const startFrontEnd = (upstreamPort: number, legacyOAuth = STRICT): Promise<Product> =>
  product({ upstreamPort, rows: ROWS, yaml: { legacyOAuth } })

/** One device at one address; loopback has many. */
function at({ port }: Product, last: number): Promise<Device> {
  const options = { ...clientTls(port), localAddress: `127.0.0.${last}` }
  return Device.to(port, options)
}

const form = (name: string, password: string): string =>
  new URLSearchParams({ grant_type: 'password', username: name, password }).toString()

async function signIn(
  device: Device,
  [name, password]: readonly [string, string],
  path = '/oauth/token',
): Promise<RawMessage> {
  const body = form(name, password)
  device.send(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  return device.response()
}

const statusOf = ({ startLine }: RawMessage): string => startLine.split(' ')[1] ?? ''

/** Tries names one after the other; the statuses in their order. */
async function tryManyNames(
  device: Device,
  names: readonly string[],
  path?: string,
): Promise<readonly string[]> {
  const statuses: string[] = []
  for (const name of names)
    statuses.push(statusOf(await signIn(device, [name, 'Winter2026'], path)))
  return statuses
}

const NAMES = Array.from({ length: 20 }, (_, index) => `person-${index}`)
const times = (status: string, count: number): readonly string[] =>
  Array<string>(count).fill(status)

async function scrape({ statusPort }: Product): Promise<string> {
  return (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()
}

test('spraying many names from one address is stopped, on every connection', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  expect(await tryManyNames(attacker, NAMES)).toEqual([...times('401', 6), ...times('429', 14)])
  await using again = await at(one, 2)
  expect(await tryManyNames(again, ['yet another'])).toEqual(['429'])
  expect(server.requests).toHaveLength(6)
})

test('on a row that is not watched the same spraying goes through', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  expect(await tryManyNames(attacker, NAMES, '/unwatched/token')).toEqual(times('401', 20))
  expect(server.requests).toHaveLength(20)
})

test('spraying stays stopped when the attacker signs in to his own account in between', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  const statuses: string[] = []
  for (const name of NAMES.slice(0, 8)) {
    statuses.push(...(await tryManyNames(attacker, [name])))
    statuses.push(statusOf(await signIn(attacker, ['own', 'right'])))
  }
  expect(statuses.filter((status) => status === '401')).toHaveLength(6)
  expect(statuses.slice(-5)).toEqual(times('429', 5))
})

test('who is locked out is told when to come back, and nothing else', async () => {
  using _ = stoppedClock()
  await using server = await tokenServer(400)
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  await tryManyNames(attacker, times('Ann', 3))
  const held = await signIn(attacker, ['Ann', 'right'])
  expect(statusOf(held)).toBe('429')
  expect(valuesOf(held, 'Retry-After')).toEqual(['3600'])
  const problem = JSON.parse(held.body) as Record<string, unknown>
  expect(problem).toMatchObject({ status: 429, title: 'Too many requests' })
  const line = await one.waitForLine(({ reference }) => reference === problem['reference'])
  expect(line).toMatchObject({
    decision: 'refuse',
    code: 'locked-out',
    route: 'token',
    route_class: 'legacy-oauth',
    status: 429,
  })
  expect(String(line['next_step'])).toContain('password')
  expect(line['upstream']).toBeUndefined()
})

test('no name is in the log or the metrics; the same account has the same hash', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  await tryManyNames(attacker, [
    'Confidential',
    'confidential',
    'other',
    'CONFIDENTIAL',
    'confidential',
  ])
  await one.waitForLine(({ code }) => code === 'locked-out')
  const lines = one.lines.filter((line) => 'decision' in line)
  const [first, second, third, ...rest] = lines.map((line) => line['account_hash'])
  expect(first).toMatch(/^[0-9a-f]{32}$/u)
  expect([second, ...rest]).toEqual([first, first, first])
  expect(third).not.toBe(first)
  expect(JSON.stringify(one.lines).toLowerCase()).not.toContain('confidential')
  const metrics = await scrape(one)
  expect(metrics.toLowerCase()).not.toContain('confidential')
  expect(metrics).not.toContain(String(first))
})

test('the metrics say how attempts ended, what held others back, and who is locked out now', async () => {
  await using server = await tokenServer(403)
  await using one = await startFrontEnd(server.port)
  expect(await scrape(one)).toContain('tfe_legacy_oauth_locked{by="address"} 0')
  await using attacker = await at(one, 2)
  await using owner = await at(one, 3)
  await tryManyNames(attacker, ['ann', 'ann', 'ann', 'ann', 'b', 'c', 'd', 'e'])
  await signIn(owner, ['bob', 'right'])
  const metrics = await scrape(one)
  expect(metrics).toContain('tfe_legacy_oauth_attempts_total{outcome="failed",by="none"} 6')
  expect(metrics).toContain('tfe_legacy_oauth_attempts_total{outcome="succeeded",by="none"} 1')
  expect(metrics).toContain(
    'tfe_legacy_oauth_attempts_total{outcome="locked-out",by="account-and-network"} 1',
  )
  expect(metrics).toContain('tfe_legacy_oauth_attempts_total{outcome="locked-out",by="address"} 1')
  expect(metrics).toContain('tfe_legacy_oauth_locked{by="address"} 1')
  expect(metrics).toContain('tfe_legacy_oauth_locked{by="account-and-network"} 1')
  expect(metrics).toContain('tfe_legacy_oauth_locked{by="account"} 0')
})

test('many addresses that guess one password are stopped, and its owner signs in where he did before', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using owner = await at(one, 2)
  expect(statusOf(await signIn(owner, ['ann', 'right']))).toBe('200')
  const statuses: string[] = []
  for (let last = 10; last < 22; last += 1) {
    await using attacker = await at(one, last)
    statuses.push(...(await tryManyNames(attacker, ['ann'])))
  }
  expect(statuses).toEqual([...times('401', 9), ...times('429', 3)])
  expect(statusOf(await signIn(owner, ['ann', 'right']))).toBe('200')
  await using bystander = await at(one, 30)
  expect(statusOf(await signIn(bystander, ['bob', 'right']))).toBe('200')
  // The price: from an address that is new to the account, its owner has to wait.
  expect(statusOf(await signIn(bystander, ['ann', 'right']))).toBe('429')
})

test('an account that is locked out from one address is open from another', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  expect(await tryManyNames(attacker, times('ann', 4))).toEqual([...times('401', 3), '429'])
  await using owner = await at(one, 3)
  expect(statusOf(await signIn(owner, ['ann', 'right']))).toBe('200')
})

test('an honest client that mistypes twice and asks again and again is never held back', async () => {
  await using server = await tokenServer()
  await using one = await product({ upstreamPort: server.port, rows: ROWS })
  await using client = await at(one, 2)
  expect(await tryManyNames(client, ['ann', 'ann'])).toEqual(['401', '401'])
  for (let round = 0; round < 15; round += 1) {
    const answer = await signIn(client, ['ann', 'right'])
    expect([statusOf(answer), answer.body]).toEqual(['200', '{"access_token":"x"}'])
  }
})

test('names in Basic are counted like those of forms', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  const statuses: string[] = []
  for (let guess = 0; guess < 4; guess += 1) {
    const token = Buffer.from(`ann:guess-${guess}`).toString('base64')
    attacker.send(
      `GET /oauth/token HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${token}\r\n\r\n`,
    )
    statuses.push(statusOf(await attacker.response()))
  }
  expect(statuses).toEqual(['401', '401', '401', '429'])
  expect(server.requests).toHaveLength(3)
})

test('what a client writes about where it comes from gives it no second chance', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  const statuses: string[] = []
  for (let guess = 0; guess < 8; guess += 1) {
    attacker.send(
      `GET /oauth/token HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.${guess}\r\nForwarded: for=192.0.2.${guess}\r\n\r\n`,
    )
    statuses.push(statusOf(await attacker.response()))
  }
  expect(statuses).toEqual([...times('401', 6), ...times('429', 2)])
})

test('who hangs up behind the head of the answer has failed all the same', async () => {
  await using server = await rawUpstream(upstreamTlsOptions, async (peer) => {
    await peer.request()
    peer.write('HTTP/1.1 401 No\r\nContent-Length: 1000\r\n\r\nbegun')
  })
  await using one = await startFrontEnd(server.port)
  for (let guess = 0; guess < 3; guess += 1) {
    await using attacker = await at(one, 2)
    const body = form('ann', 'Winter2026')
    attacker.send(
      `POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await attacker.until(' 401 ')
    attacker.disconnect()
    await one.waitForLine(
      () => one.lines.filter((line) => line['failure'] === 'device-gone').length > guess,
    )
  }
  await using attacker = await at(one, 2)
  expect(statusOf(await signIn(attacker, ['ann', 'right']))).toBe('429')
})

test('a page that anybody may read does not make an address known to an account', async () => {
  await using server = await rawUpstream(upstreamTlsOptions, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      const status = request.startLine.startsWith('GET') ? '200 OK' : '401 No'
      peer.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
    }
  })
  await using one = await startFrontEnd(server.port)
  await using attacker = await at(one, 2)
  attacker.send('GET /oauth/?username=ann HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(statusOf(await attacker.response())).toBe('200')
  for (let last = 10; last < 19; last += 1) {
    await using other = await at(one, last)
    expect(await tryManyNames(other, ['ann'])).toEqual(['401'])
  }
  expect(await tryManyNames(attacker, ['ann'])).toEqual(['429'])
})

test('a server that is away is no failure of the client', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await server.upstream.stopListening()
  await using client = await at(one, 2)
  expect(await tryManyNames(client, times('ann', 10))).toEqual(times('502', 10))
})

test('who asks too often is told to wait, whatever the server says; a reload changes that at once', async () => {
  await using server = await tokenServer()
  const rate = ' { address: { rate: 1, burst: 2 } }'
  await using one = await startFrontEnd(server.port, rate)
  await using client = await at(one, 2)
  {
    using _ = stoppedClock()
    expect(statusOf(await signIn(client, ['a', 'right']))).toBe('200')
    expect(statusOf(await signIn(client, ['b', 'right']))).toBe('200')
    const held = await signIn(client, ['c', 'right'])
    expect(statusOf(held)).toBe('429')
    expect(valuesOf(held, 'Retry-After')).toEqual(['60'])
  }
  const line = await one.waitForLine(({ code }) => code === 'rate-limited')
  expect(line['reason']).toContain('more often than the 1 times a minute')
  const next = { upstreamPort: server.port, rows: ROWS, yaml: { legacyOAuth: STRICT } }
  expect(await one.reload(next)).toMatchObject({ kind: 'applied' })
  await using other = await at(one, 2)
  const wider = ' { address: { rate: 60000, burst: 2 } }'
  await one.reload({ ...next, yaml: { legacyOAuth: wider } })
  expect(statusOf(await signIn(other, ['c', 'right']))).toBe('200')
})
