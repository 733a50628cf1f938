/**
 * From proxies that the operator names (`forwardedFrom`) an upstream reads where they had a request from, and then where
 * we had it from. The attack is the same request from anybody else: a device that says where it comes from.
 */
import { expect, test } from 'vitest'
import { IPV4, version2 } from '../../support/balancers/proxy-headers.ts'
import { rawBalancer } from '../../support/balancers/raw-balancer.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product, type ProductOptions } from '../../support/front-ends/product.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const SAID = [
  'X-Forwarded-For: 198.51.100.9, 2001:db8::9',
  'X-Forwarded-Host: evil.test:444',
  'X-Forwarded-Proto: http',
  'X_Forwarded_For: 198.51.100.66',
  'Forwarded: for=198.51.100.9;host=evil.test;proto=http',
  'x-forwarded-for: 203.0.113.9',
  'FORWARDED: for="[2001:db8::9]:_p";by=_edge',
  'X-Forwarded: for=198.51.100.66',
  'X-Real-IP: 198.51.100.66',
]

const OUR_X = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: localhost']
const X_ALONE = ['X-Forwarded-For: 127.0.0.1', ...OUR_X]
const X_APPENDED = ['X-Forwarded-For: 198.51.100.9, 2001:db8::9, 203.0.113.9, 127.0.0.1', ...OUR_X]
const FORWARDED_ALONE = ['Forwarded: for=127.0.0.1;host="localhost";proto=https']
const FORWARDED_APPENDED = [
  'Forwarded: for=198.51.100.9, for="[2001:db8::9]:_p";by=_edge, for=127.0.0.1;host="localhost";proto=https',
]

const request = (lines: readonly string[], path = '/device/x'): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

/** What an upstream reads about the origin of each request. */
async function reading(run: (port: number, read: readonly (readonly string[])[]) => Promise<void>) {
  const read: (readonly string[])[] = []
  await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    for (let one = await peer.request(); one; one = await peer.request()) {
      read.push(one.head.split('\r\n').filter((line) => /forwarded|real/iu.test(line)))
      peer.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    }
  })
  await run(upstream.port, read)
}

interface Row {
  readonly promise: string
  readonly listener: readonly string[]
  readonly style?: 'x-forwarded' | 'forwarded' | 'none'
  readonly said?: readonly string[]
  readonly told: readonly string[]
}

const TRUSTED = ['forwardedFrom: [192.0.2.1, 127.0.0.0/8]']
const UNTRUSTED = ['forwardedFrom: [198.51.100.0/24, "::1"]']

const rows: readonly Row[] = [
  {
    promise: 'without the key a device that forges a list is not heard',
    listener: [],
    told: X_ALONE,
  },
  {
    promise: 'from elsewhere a device that forges a list is not heard',
    listener: UNTRUSTED,
    told: X_ALONE,
  },
  {
    promise:
      'from a named proxy every field is kept in order, ours appended, host and protocol ours alone',
    listener: TRUSTED,
    told: X_APPENDED,
  },
  {
    promise: 'from elsewhere a forged Forwarded is not heard',
    listener: UNTRUSTED,
    style: 'forwarded',
    told: FORWARDED_ALONE,
  },
  {
    promise: 'from a named proxy Forwarded is kept without host and protocol',
    listener: TRUSTED,
    style: 'forwarded',
    told: FORWARDED_APPENDED,
  },
  {
    promise: 'an upstream that is told nothing is told nothing by a named proxy',
    listener: TRUSTED,
    style: 'none',
    told: [],
  },
  {
    promise: 'a named proxy that says nothing is told of as before',
    listener: TRUSTED,
    said: [],
    told: X_ALONE,
  },
  {
    promise: 'a list of the other kind is not passed on',
    listener: TRUSTED,
    said: ['Forwarded: for=_a'],
    told: X_ALONE,
  },
  {
    promise:
      'a field that Connection nominates is kept, or a client could make its proxy forgotten',
    listener: TRUSTED,
    said: ['X-Forwarded-For: 198.51.100.9', 'Connection: X-Forwarded-For, close'],
    told: ['X-Forwarded-For: 198.51.100.9, 127.0.0.1', ...OUR_X],
  },
  {
    promise: 'rubbish of a client hides nothing that its proxy adds',
    listener: TRUSTED,
    said: ['X-Forwarded-For: 10.0.0.1, "; evil, 198.51.100.9'],
    told: ['X-Forwarded-For: 198.51.100.9, 127.0.0.1', ...OUR_X],
  },
  {
    promise: 'a list that is damaged at its end is dropped',
    listener: TRUSTED,
    said: ['X-Forwarded-For: 10.0.0.1, evil'],
    told: X_ALONE,
  },
]

for (const { promise, listener, style = 'x-forwarded', said = SAID, told } of rows) {
  test(promise, () =>
    reading(async (upstreamPort, read) => {
      const upstreamLines = [`forwarding: ${style}`]
      await using frontEnd = await product({ upstreamPort, listener, upstreamLines })
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
      device.send(request(said))
      expect((await device.response()).startLine).toContain('200')
      expect(read).toEqual([told])
    }),
  )
}

test('each request of a connection has its own list', () =>
  reading(async (upstreamPort, read) => {
    await using frontEnd = await product({ upstreamPort, listener: TRUSTED })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    for (const said of [[], ['X-Forwarded-For: 198.51.100.1'], ['X-Forwarded-For: ::2'], []]) {
      device.send(request(said))
      await device.response()
    }
    expect(read.map(([list]) => list)).toEqual([
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-For: 198.51.100.1, 127.0.0.1',
      'X-Forwarded-For: ::2, 127.0.0.1',
      'X-Forwarded-For: 127.0.0.1',
    ])
  }))

test('a reload counts for connections that are open', () =>
  reading(async (upstreamPort, read) => {
    await using frontEnd = await product({ upstreamPort, listener: TRUSTED })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    for (const listener of [UNTRUSTED, TRUSTED]) {
      device.send(request(SAID))
      await device.response()
      await frontEnd.reload({ upstreamPort, listener })
    }
    expect(read).toEqual([X_APPENDED, X_ALONE])
  }))

test('what a named proxy says counts for no access list, and stands in no line', () =>
  reading(async (upstreamPort, read) => {
    const rows = ['{ id: near, path: /near/*, class: device, allow: [198.51.100.0/24] }']
    await using frontEnd = await product({ upstreamPort, listener: TRUSTED, rows })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(request(['X-Forwarded-For: 198.51.100.9'], '/near/x'))
    expect((await device.response()).startLine).toContain('403')
    const line = await frontEnd.waitForLine(({ path }) => path === '/near/x')
    expect(line).toMatchObject({ remote: '127.0.0.1', code: 'address-not-allowed' })
    expect(JSON.stringify(frontEnd.lines)).not.toContain('198.51.100.9')
    expect(read).toEqual([])
  }))

/** What the upstream reads of a request behind a balancer that passes TLS through, from 192.0.2.7 if it says so. */
async function passedThrough(header: Buffer, forwardedFrom: string): Promise<string | undefined> {
  let told: string | undefined
  await reading(async (upstreamPort, read) => {
    const listener = ['proxyProtocol: { from: [127.0.0.1] }', `forwardedFrom: [${forwardedFrom}]`]
    const options: ProductOptions = { upstreamPort, listener }
    await using frontEnd = await product(options)
    await using balancer = await rawBalancer({ to: frontEnd.port, header })
    await using device = await Device.to(balancer.port, clientTls(balancer.port, fleet.device))
    device.send(request(SAID))
    expect((await device.response()).startLine).toContain('200')
    told = read[0]?.[0]
  })
  return told
}

test('a device behind a balancer that passes TLS through is not heard, though the balancer is named', async () => {
  expect(await passedThrough(version2('2111', IPV4), '127.0.0.1')).toBe(
    'X-Forwarded-For: 192.0.2.7',
  )
})

test('a proxy behind a balancer that passes TLS through is known by the address that the balancer states', async () => {
  expect(await passedThrough(version2('2111', IPV4), '192.0.2.7')).toBe(
    'X-Forwarded-For: 198.51.100.9, 2001:db8::9, 203.0.113.9, 192.0.2.7',
  )
})

test('a client whose address the balancer does not state is not heard', async () => {
  expect(await passedThrough(version2('2000'), '127.0.0.1, 0.0.0.0/0, "::/0"')).toBe(
    'X-Forwarded-For: unknown',
  )
})
