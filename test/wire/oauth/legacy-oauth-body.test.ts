/** The watch over the legacy OAuth endpoint looks at bodies; this is what it may not do to them. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, product, type Product } from '../../support/front-ends/product.ts'
import { stoppedClock } from '../../support/stopped-clock.ts'
import { tokenServer } from '../../support/upstreams/token-server.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const ROWS = [
  '{ id: token, path: /oauth/*, class: legacy-oauth }',
  '{ id: unwatched, path: /usual/*, class: open }',
]
const startFrontEnd = (upstreamPort: number, legacyOAuth = ' {}'): Promise<Product> =>
  product({ upstreamPort, rows: ROWS, yaml: { legacyOAuth } })

const POST = 'POST /oauth/token HTTP/1.1\r\nHost: localhost\r\n'
const FORM = 'username=ann&password=right'
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const sized = (text: string, ...fields: readonly string[]): string =>
  `${POST}${fields.map((field) => `${field}\r\n`).join('')}Content-Length: ${text.length}\r\n\r\n${text}`
const chunked = (...chunks: readonly string[]): string =>
  `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks.map(chunk).join('')}0\r\n\r\n`

/** Octets that are no text, in no order. */
const octets = (length: number): string =>
  Buffer.from(
    Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256),
  ).toString('latin1')
const PEEKED = 8 * 1024

const rows: readonly {
  readonly promise: string
  readonly request: string
  readonly body: string
}[] = [
  { promise: 'a small form', request: sized(FORM), body: FORM },
  {
    promise: 'a small form in chunks',
    request: chunked('user', 'name=ann', '&password=right'),
    body: FORM,
  },
  {
    promise: 'a body in chunks with nothing in it',
    request: chunked(),
    body: '',
  },
  {
    promise: 'octets that are no text',
    request: sized(octets(3000)),
    body: octets(3000),
  },
  {
    promise: 'as much as is looked at',
    request: sized(octets(PEEKED)),
    body: octets(PEEKED),
  },
  {
    promise: 'an octet more than is looked at',
    request: sized(octets(PEEKED + 1)),
    body: octets(PEEKED + 1),
  },
  {
    promise: 'an octet more, in chunks',
    request: chunked(octets(PEEKED), 'x'),
    body: `${octets(PEEKED)}x`,
  },
  {
    promise: 'a large body',
    request: sized(octets(1_000_000)),
    body: octets(1_000_000),
  },
  {
    promise: 'a large body in chunks',
    request: chunked(octets(300_000), octets(1), octets(400_000)),
    body: octets(300_000) + octets(1) + octets(400_000),
  },
  { promise: 'no body', request: `${POST}\r\n`, body: '' },
  {
    promise: 'a body of no length',
    request: `${POST}Content-Length: 0\r\n\r\n`,
    body: '',
  },
]

for (const { promise, request, body } of rows) {
  test(`${promise} reaches the server as over any other row, and so does the next request`, async () => {
    await using server = await tokenServer()
    await using one = await startFrontEnd(server.port)
    await using device = await Device.to(one.port, clientTls(one.port))
    for (const octets of [request, request.replace('/oauth/', '/usual/'), sized(FORM)]) {
      device.send(octets)
      await device.response()
    }
    const [watched, usual, next] = server.requests
    expect(watched?.head).toBe(usual?.head.replace('/usual/', '/oauth/'))
    expect([watched?.framing, watched?.trailers]).toEqual([usual?.framing, usual?.trailers])
    // Compared by themselves: a million octets make a long diff.
    expect([watched?.body === body, usual?.body === body]).toEqual([true, true])
    expect(next?.body).toBe(FORM)
  })
}

test('a body that comes octet by octet reaches the server whole', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using device = await Device.to(one.port, clientTls(one.port))
  for (const octet of sized(FORM)) {
    const written = Promise.withResolvers<void>()
    device.socket.write(octet, () => written.resolve())
    await written.promise
  }
  expect((await device.response()).startLine).toContain('200')
  expect(server.requests.map(({ body }) => body)).toEqual([FORM])
})

test('a device that asks before it sends is told to go on, once, and its body arrives', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using device = await Device.to(one.port, clientTls(one.port))
  device.send(`${POST}Expect: 100-continue\r\nContent-Length: ${FORM.length}\r\n\r\n`)
  expect((await device.response()).startLine).toContain('100')
  device.send(FORM)
  expect((await device.response()).startLine).toContain('200')
  expect(device.pending).toBe('')
  expect(server.requests.map(({ body }) => body)).toEqual([FORM])
})

/** What is gathered of a body before a server is asked. */
const GATHERED = 16_384

for (const fields of [['Content-Length: 20000'], ['Transfer-Encoding: chunked']]) {
  test(`what has arrived of a body goes on while the rest is awaited, with ${String(fields)}`, async () => {
    const seen = Promise.withResolvers<void>()
    await using server = await rawUpstream(upstreamTlsOptions, async (peer) => {
      await peer.until('username=ann')
      seen.resolve()
    })
    await using one = await startFrontEnd(server.port)
    await using device = await Device.to(one.port, clientTls(one.port))
    const arrived = 'username=ann&'.padEnd(GATHERED, 'x')
    const begun = fields[0]?.startsWith('T') === true ? chunk(arrived) : arrived
    device.send(`${POST}${fields.join('')}\r\n\r\n${begun}`)
    await seen.promise
    expect(one.lines.filter((line) => 'decision' in line)).toEqual([])
  })
}

test('half a name is no account: only what is whole is counted', async () => {
  await using server = await rawUpstream(upstreamTlsOptions, answering(OK))
  await using one = await startFrontEnd(server.port)
  await using device = await Device.to(one.port, clientTls(one.port))
  device.send(`${POST}Expect: 100-continue\r\nContent-Length: ${FORM.length}\r\n\r\nusername=an`)
  // The body has been looked at.
  expect((await device.response()).startLine).toContain('100')
  device.send('n&password=right')
  expect((await device.response()).startLine).toContain('200')
  const line = await one.waitForLine((found) => 'decision' in found)
  expect(line['account_hash']).toBeUndefined()
})

test('two requests sent at once reach the server with their own bodies, in their order', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port)
  await using device = await Device.to(one.port, clientTls(one.port))
  device.send(sized('username=ann&password=wrong') + sized('username=bob&password=right'))
  expect((await device.response()).startLine).toContain('401')
  expect((await device.response()).startLine).toContain('200')
  expect(server.requests.map(({ body }) => body)).toEqual([
    'username=ann&password=wrong',
    'username=bob&password=right',
  ])
  await one.waitForLine(() => one.lines.filter((line) => 'decision' in line).length === 2)
  const hashes = one.lines.flatMap((line) => ('decision' in line ? [line['account_hash']] : []))
  expect(new Set(hashes).size).toBe(2)
})

test('of two requests sent at once the second is held back for what the first did', async () => {
  await using server = await tokenServer()
  await using one = await startFrontEnd(server.port, ' { lockout: { failures: 1, first: 1h } }')
  await using device = await Device.to(one.port, clientTls(one.port))
  device.send(sized('username=ann&password=wrong') + sized('username=ann&password=right'))
  expect((await device.response()).startLine).toContain('401')
  expect((await device.response()).startLine).toContain('429')
  expect(server.requests).toHaveLength(1)
})

const held: readonly (readonly [string, string])[] = [
  ['a small form', sized(FORM)],
  ['a form in chunks', chunked(FORM)],
  ['more than is looked at', sized(FORM + octets(50_000))],
  ['no body', `${POST}\r\n`],
]
for (const [promise, request] of held) {
  test(`a request held back with ${promise} leaves the connection in step`, async () => {
    await using server = await tokenServer()
    using _ = stoppedClock()
    await using one = await startFrontEnd(server.port, ' { address: { rate: 1, burst: 1 } }')
    await using device = await Device.to(one.port, clientTls(one.port))
    device.send(sized(FORM))
    expect((await device.response()).startLine).toContain('200')
    for (const _turn of [1, 2, 3]) {
      device.send(request)
      expect((await device.response()).startLine).toContain('429')
    }
    device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await device.response()).startLine).toContain('403')
    expect(server.requests).toHaveLength(1)
  })
}

test('a large body that is held back ends its connection or leaves it in step, and never hangs', async () => {
  await using server = await tokenServer()
  using _ = stoppedClock()
  await using one = await startFrontEnd(server.port, ' { address: { rate: 1, burst: 1 } }')
  await using first = await Device.to(one.port, clientTls(one.port))
  first.send(sized(FORM))
  expect((await first.response()).startLine).toContain('200')
  for (const length of [65_300, 65_500, 66_000, 70_000, 80_000, 200_000]) {
    await using device = await Device.to(one.port, clientTls(one.port))
    device.send(sized(octets(length)))
    expect((await device.response()).startLine).toContain('429')
    device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const next = device.response().then(({ startLine }) => startLine)
    // Not 400: then the rest of the body would have been read as a request.
    const outcome = await Promise.race([next.catch(() => 'ended'), device.ended])
    expect(outcome).toMatch(/^HTTP\/1\.1 403 |^[a-z]+$/u)
  }
})

test('a device that asks before it sends is held back before it has sent', async () => {
  await using server = await tokenServer()
  using _ = stoppedClock()
  await using one = await startFrontEnd(server.port, ' { address: { rate: 1, burst: 1 } }')
  await using device = await Device.to(one.port, clientTls(one.port))
  device.send(sized(FORM))
  expect((await device.response()).startLine).toContain('200')
  device.send(`${POST}Expect: 100-continue\r\nContent-Length: ${FORM.length}\r\n\r\n`)
  expect((await device.response()).startLine).toContain('429')
})
