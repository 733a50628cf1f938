/**
 * Several servers behind one upstream: who gets what, what is tried twice, and what never is.
 */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import {
  forwardingServer,
  goodServer,
  type ForwardingServer,
} from '../../support/front-ends/forwarding-server.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import {
  answering,
  OK,
  rawUpstream,
  type RawUpstream,
  type Script,
} from '../../support/upstreams/raw-upstream.ts'

/** A server that notes what it was asked, and answers. */
async function noting(seen: string[], name: string): Promise<RawUpstream> {
  return rawUpstream(goodServer, async (peer) => {
    for (;;) {
      const request = await peer.request()
      if (request === undefined) return
      seen.push(`${name} ${request.startLine.replace(/ HTTP.*/, '')}`)
      peer.write(OK)
    }
  })
}

/** Reads one request and breaks the connection without a word. */
const breaksOff =
  (seen: string[]): Script =>
  async (peer) => {
    const request = await peer.request()
    if (request === undefined) return
    seen.push(`broken ${request.startLine.replace(/ HTTP.*/, '')}`)
    peer.reset()
  }

async function ask(server: ForwardingServer, line: string, body?: string): Promise<string> {
  await using device = await Device.to(server.port)
  if (body === undefined) device.request(line)
  else {
    device.request(line, `Content-Length: ${body.length}`)
    device.send(body)
  }
  return (await device.response()).startLine.replace('HTTP/1.1 ', '')
}

test('requests take turns over the servers', async () => {
  const seen: string[] = []
  await using a = await noting(seen, 'a')
  await using b = await noting(seen, 'b')
  await using server = await forwardingServer(a.port, { others: [b.port] })
  for (const _ of [1, 2, 3, 4]) await ask(server, 'GET /')
  expect(seen).toEqual(['a GET /', 'b GET /', 'a GET /', 'b GET /'])
})

test('with least connections a busy server gets nothing more', async () => {
  const seen: string[] = []
  await using slow = await rawUpstream(goodServer, async (peer) => {
    await peer.request()
    seen.push('slow')
  })
  await using quick = await noting(seen, 'quick')
  await using server = await forwardingServer(slow.port, {
    others: [quick.port],
    balance: 'least-connections',
  })
  await using waiting = await Device.to(server.port)
  waiting.request('GET /slow')
  await expect.poll(() => seen).toEqual(['slow'])
  for (const _ of [1, 2, 3]) await ask(server, 'GET /')
  expect(seen).toEqual(['slow', 'quick GET /', 'quick GET /', 'quick GET /'])
})

test('the same device is served by the same server, over different connections', async () => {
  const seen: string[] = []
  // So many that they fall to one server alone, whose ports are chance, once in thirty thousand million runs.
  const devices = 'abcdefghijklmnopqrstuvwxyz0123456789'
  await using a = await noting(seen, 'a')
  await using b = await noting(seen, 'b')
  await using server = await forwardingServer(a.port, {
    others: [b.port],
    balance: 'device-hash',
    device: ({ target }) => target,
  })
  for (const _ of [1, 2, 3]) for (const id of devices) await ask(server, `GET /${id}`)
  const servers = new Map<string, Set<string>>()
  for (const line of seen) {
    const [name = '', , id = ''] = line.split(' ')
    servers.set(id, (servers.get(id) ?? new Set()).add(name))
  }
  expect([...servers.values()].map(({ size }) => size)).toEqual(Array(devices.length).fill(1))
  expect(new Set(seen.map((line) => line[0])).size).toBe(2)
})

test('a server that refuses connections costs no request, whatever the method', async () => {
  const seen: string[] = []
  const gone = await claimPort()
  await using live = await noting(seen, 'live')
  await using server = await forwardingServer(gone, { others: [live.port] })
  expect(await ask(server, 'GET /1')).toBe('200 OK')
  expect(await ask(server, 'POST /2', 'hello')).toBe('200 OK')
  expect(await ask(server, 'POST /3', 'hello')).toBe('200 OK')
  expect(seen).toEqual(['live GET /1', 'live POST /2', 'live POST /3'])
  expect(server.outcomes.map(({ retried }) => retried)).toEqual([true, false, true])
})

test('control: with one attempt the same requests fail', async () => {
  const seen: string[] = []
  const gone = await claimPort()
  await using live = await noting(seen, 'live')
  await using server = await forwardingServer(gone, { others: [live.port], attempts: 1 })
  expect(await ask(server, 'POST /1', 'hello')).toBe('502 Bad Gateway')
  expect(await ask(server, 'POST /2', 'hello')).toBe('200 OK')
})

test('no more servers are tried than allowed', async () => {
  const seen: string[] = []
  const gone = [await claimPort(), await claimPort()] as const
  await using live = await noting(seen, 'live')
  await using server = await forwardingServer(gone[0], { others: [gone[1], live.port] })
  expect(await ask(server, 'GET /')).toBe('502 Bad Gateway')
  expect(seen).toEqual([])
})

for (const method of ['GET', 'HEAD', 'OPTIONS']) {
  test(`a ${method} whose connection breaks before any answer goes to another server`, async () => {
    const seen: string[] = []
    await using broken = await rawUpstream(goodServer, breaksOff(seen))
    await using live = await noting(seen, 'live')
    await using server = await forwardingServer(broken.port, { others: [live.port] })
    await using device = await Device.to(server.port)
    device.request(`${method} /`)
    const answer = await device.response(method === 'HEAD' ? 'no-body' : 'response')
    expect(answer.startLine).toBe('HTTP/1.1 200 OK')
    expect(seen).toEqual([`broken ${method} /`, `live ${method} /`])
  })
}

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
  for (const body of ['', 'hello']) {
    test(`a ${method} ${body === '' ? 'without' : 'with'} a body is never sent twice`, async () => {
      const seen: string[] = []
      await using broken = await rawUpstream(goodServer, breaksOff(seen))
      await using live = await noting(seen, 'live')
      await using server = await forwardingServer(broken.port, { others: [live.port] })
      expect(await ask(server, `${method} /`, body)).toBe('502 Bad Gateway')
      expect(seen).toEqual([`broken ${method} /`])
      expect(await server.outcome()).toMatchObject({ retried: false, failure: { kind: 'reset' } })
    })
  }
}

test('an upstream name as Host is that of the server that is called, the second one too', async () => {
  const gone = await claimPort()
  const hosts: string[] = []
  await using live = await rawUpstream(goodServer, async (peer) => {
    const request = await peer.request()
    hosts.push(...(request === undefined ? [] : valuesOf(request, 'host')))
    peer.write(OK)
  })
  await using server = await forwardingServer(gone, { others: [live.port], host: 'server' })
  expect(await ask(server, 'GET /')).toBe('200 OK')
  expect(hosts).toEqual([`127.0.0.1:${live.port}`])
})

test('a server that fails is avoided, comes back for one request, and is forgiven when it answers', async () => {
  const seen: string[] = []
  let well = false
  await using flaky = await rawUpstream(goodServer, async (peer) => {
    if (!well) return peer.reset()
    await answering(OK)(peer, 0)
  })
  await using live = await noting(seen, 'live')
  await using server = await forwardingServer(flaky.port, {
    others: [live.port],
    health: { failures: 2, ejection: 50, longestEjection: 50 },
  })
  for (const _ of [1, 2, 3, 4]) expect(await ask(server, 'GET /')).toBe('200 OK')
  expect(await server.change(1)).toMatchObject({
    upstream: 'mdm',
    server: `127.0.0.1:${flaky.port}`,
    state: 'ejected',
    code: 'reset',
    left: 1,
  })
  well = true
  // On a busy machine its time may be over, and begin again, while it still fails.
  for (let count = 2; server.changes.at(-1)?.state !== 'available'; count += 1)
    await server.change(count)
  expect(server.changes.at(-1)).toMatchObject({ state: 'available', left: 2 })
  const before = flaky.peers.length
  for (const _ of [1, 2]) expect(await ask(server, 'GET /')).toBe('200 OK')
  expect(flaky.peers.length).toBe(before + 1)
})

test('when no server is in, all are tried, and it is said', async () => {
  const ports = [await claimPort(), await claimPort()] as const
  await using server = await forwardingServer(ports[0], {
    others: [ports[1]],
    health: { failures: 1 },
  })
  expect(await ask(server, 'GET /')).toBe('502 Bad Gateway')
  expect(server.changes.map(({ left }) => left)).toEqual([1, 0])
  // Still a server is tried: twice one failed dial each, and no answer of ours without a try.
  expect(await ask(server, 'GET /')).toBe('502 Bad Gateway')
  expect(await server.outcome(2)).toMatchObject({ retried: true, failure: { kind: 'refused' } })
})

test('a single server is watched, and never lost', async () => {
  let well = false
  await using flaky = await rawUpstream(goodServer, async (peer) => {
    if (!well) return peer.reset()
    await answering(OK)(peer, 0)
  })
  await using server = await forwardingServer(flaky.port, { health: { failures: 1 } })
  expect(await ask(server, 'GET /')).toBe('502 Bad Gateway')
  expect(await server.change(1)).toMatchObject({ state: 'ejected', left: 0 })
  well = true
  expect(await ask(server, 'GET /')).toBe('200 OK')
  expect(await server.change(2)).toMatchObject({ state: 'available', left: 1 })
})

test('statuses are no failures: a server that answers 500 stays in', async () => {
  await using a = await rawUpstream(
    goodServer,
    answering('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'),
  )
  await using b = await rawUpstream(goodServer, answering(OK))
  await using server = await forwardingServer(a.port, { others: [b.port], health: { failures: 1 } })
  for (const _ of [1, 2, 3, 4]) await ask(server, 'GET /')
  expect(server.outcomes.map(({ status }) => status)).toEqual([500, 200, 500, 200])
  expect(server.changes).toEqual([])
})
