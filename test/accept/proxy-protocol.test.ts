/**
 * PROXY headers ahead of TLS, with real TLS devices behind balancers that cut and bend them as they like: what is read, what
 * is refused and with which code, and that one deadline holds over header and handshake.
 */
import { once } from 'node:events'
import { connect as connectTcp, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { HEADERS, IPV4, MALFORMED, version2 } from '../support/balancers/proxy-headers.ts'
import { cutAt, cutUpTo, rawBalancer } from '../support/balancers/raw-balancer.ts'
import { accepting, closed, connected, HEADS, ms, proxyFrom } from './accepting.ts'

const HERE = proxyFrom('127.0.0.0/8')
const ELSEWHERE = proxyFrom('192.0.2.0/24')
const HEADER = version2('2111', IPV4)
const LOCAL = version2('2000')

for (const head of HEADS) {
  for (const [name, { octets, from }] of Object.entries(HEADERS)) {
    test(`a device behind a header of ${name} has the address that it states (${head})`, async () => {
      await using running = await accepting(head, {}, HERE)
      await using balancer = await rawBalancer({ to: running.acceptor.port, header: octets })
      const device = await running.secured(balancer.port)
      const { source, balancer: by } = running.opened[0] ?? {}
      expect([source?.address ?? 'unknown', by]).toEqual([from, '127.0.0.1'])
      if (source !== undefined) expect(source.port).toBe(1234)
      device.destroy()
    })
  }

  for (const [name, { octets, code }] of Object.entries(MALFORMED)) {
    test(`${name} is refused at once, counted as ${code}, with the balancer's address (${head})`, async () => {
      await using running = await accepting(head, {}, HERE)
      const socket = await connected(running)
      socket.write(octets)
      await closed(socket)
      expect(running.failures.map((one) => one.name)).toEqual([code])
      expect(running.failures[0]?.addresses.source?.address).toBe('127.0.0.1')
      expect(running.opened).toEqual([])
    })
  }

  test(`where a header is due, TLS without one is refused (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    await using direct = await rawBalancer({ to: running.acceptor.port, header: Buffer.alloc(0) })
    const device = connectTcp(direct.port, '127.0.0.1')
    device.on('error', () => {})
    device.write(Buffer.from('1603010200010001fc0303', 'hex'))
    await closed(device)
    expect(running.failures.map((one) => one.name)).toEqual(['proxy-missing'])
  })

  test(`a header from an address that may send none is refused with a code of its own (${head})`, async () => {
    for (const { octets } of Object.values(HEADERS)) {
      await using running = await accepting(head, {}, ELSEWHERE)
      const socket = await connected(running)
      socket.write(octets)
      await closed(socket)
      expect(running.failures.map((one) => one.name)).toEqual(['proxy-untrusted'])
      expect(running.opened).toEqual([])
    }
  })

  test(`an address that may send no header is served without one, under its own address (${head})`, async () => {
    await using running = await accepting(head, {}, ELSEWHERE)
    const device = await running.secured()
    expect(running.opened[0]).toMatchObject({
      source: { address: '127.0.0.1', port: device.localPort },
      balancer: undefined,
    })
    device.destroy()
  })

  test(`what is neither TLS nor a header is told as before where a header may come from elsewhere (${head})`, async () => {
    await using running = await accepting(head, {}, ELSEWHERE)
    const socket = await connected(running)
    socket.write('PUT / HTTP/1.1\r\n\r\n')
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['not-tls'])
  })

  test(`a listener that takes no headers fails on one as on anything that is not TLS (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.write('PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\r\n')
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['not-tls'])
  })

  test(`a trusted balancer that says nothing is closed by the deadline of the handshake (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) }, HERE)
    const socket = await connected(running)
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['timeout'])
  })

  test(`an address that may send no header and says nothing is closed by that deadline, too (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) }, ELSEWHERE)
    const socket = await connected(running)
    // The beginning of both: not to be told from a header, and not one.
    socket.write('\r\n')
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['timeout'])
  })

  test(`a header that comes in drips does not move the deadline (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) }, HERE)
    const socket = await connected(running)
    socket.write(version2('2111', `${IPV4}04300000`).subarray(0, 20))
    const drip = setInterval(() => socket.write(Buffer.of(0)), 10)
    await closed(socket)
    clearInterval(drip)
    expect(running.failures).toHaveLength(1)
  })

  // Were there a deadline for each, the first to connect would be the last to go.
  test(`one deadline holds over header and handshake (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(400) }, HERE)
    const [first, second] = [await connected(running), await connected(running)]
    const ports = [first.localPort, second.localPort]
    first.write(LOCAL)
    await Promise.all([closed(first), closed(second)])
    expect(running.failures.map((one) => one.name)).toEqual(['timeout', 'timeout'])
    // The first has lost its port with its header, in which it states none.
    const seen = running.failures.map(({ addresses }) => addresses.source?.port)
    expect(seen).toEqual([undefined, ports[1]])
  })

  test(`a connection that ends in its header is told of at once (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    const socket = await connected(running)
    socket.end(HEADER.subarray(0, 20))
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['proxy-unfinished'])
  })

  test(`a probe that ends without a word is told of as one that broke off (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    const socket = await connected(running)
    socket.end()
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['reset'])
  })

  test(`a health check that sends LOCAL and ends is told of as one that broke off, at once (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    const socket = await connected(running)
    socket.end(LOCAL)
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['reset'])
  })

  test(`a connection that ends in its ClientHello, with its header in the same piece, is closed at once (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    const socket = await connected(running)
    socket.end(Buffer.concat([HEADER, Buffer.from('1603010200010001fc0303', 'hex')]))
    await closed(socket)
    expect(running.failures.map((one) => one.name)).toEqual(['reset'])
  })

  test(`a reset in the header costs the others nothing (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    const socket = await connected(running)
    socket.write(HEADER.subarray(0, 20))
    socket.resetAndDestroy()
    await running.nextFailure()
    await using balancer = await rawBalancer({ to: running.acceptor.port, header: HEADER })
    const device = await running.secured(balancer.port)
    expect(running.opened).toHaveLength(1)
    device.destroy()
  })

  test(`while a header is incomplete, others are served (${head})`, async () => {
    await using running = await accepting(head, {}, HERE)
    const waiting = await connected(running)
    waiting.write(HEADER.subarray(0, 20))
    await using balancer = await rawBalancer({ to: running.acceptor.port, header: HEADER })
    const device = await running.secured(balancer.port)
    expect(running.failures).toEqual([])
    waiting.destroy()
    device.destroy()
  })

  test(`who must send a header changes while the port is open (${head})`, async () => {
    await using running = await accepting(head, {}, ELSEWHERE)
    const before = await running.secured()
    running.acceptor.setProxyProtocol(HERE)
    await using balancer = await rawBalancer({ to: running.acceptor.port, header: HEADER })
    const behind = await running.secured(balancer.port)
    running.acceptor.setProxyProtocol(undefined)
    const after = await running.secured()
    const addresses = running.opened.map(({ source }) => source?.address)
    expect(addresses).toEqual(['127.0.0.1', '192.0.2.7', '127.0.0.1'])
    for (const device of [before, behind, after]) device.destroy()
  })
}

test('connections are counted by the address that a balancer states, and not by that of the balancer', async () => {
  await using running = await accepting('http', { connections: 8 }, HERE)
  await using balancer = await rawBalancer({ to: running.acceptor.port, header: HEADER })
  const behind = []
  for (const _ of [1, 2, 3]) behind.push(await running.secured(balancer.port))
  const gone = closed(behind[0] ?? expect.unreachable())
  const silent = [await connected(running), await connected(running)]
  const other = version2('2111', IPV4.replace('c0000207', 'c0000208'))
  await using elsewhere = await rawBalancer({ to: running.acceptor.port, header: other })
  silent.push(await running.secured(elsewhere.port))
  const last = await running.secured(elsewhere.port)
  await gone
  expect(running.madeRoom.map(({ held, top }) => ({ held, top }))).toEqual([
    { held: 6, top: { address: '192.0.2.7', held: 3 } },
  ])
  for (const one of [...behind, ...silent, last]) one.destroy()
})

for (const [name, { octets, from }] of Object.entries(HEADERS)) {
  test(`a header of ${name} and the ClientHello behind it may be cut anywhere`, async () => {
    await using running = await accepting('tunnel', { connections: 1000 }, HERE)
    const to = running.acceptor.port
    const cuts = [
      ...Array.from({ length: octets.length + 8 }, (_, index) => cutAt(index + 1)),
      cutUpTo(octets.length + 64),
    ]
    for (const cut of cuts) {
      await using balancer = await rawBalancer({ to, header: octets, cut })
      const device = await running.secured(balancer.port)
      device.destroy()
    }
    expect(running.failures).toEqual([])
    const addresses = running.opened.map(({ source }) => source?.address ?? 'unknown')
    expect(addresses).toEqual(cuts.map(() => from))
  })
}

test('control: octets that are given back while more are waited for are read again for ever', async () => {
  let reads = 0
  const enough = Promise.withResolvers<void>()
  const control = createServer((socket) => {
    socket.on('error', () => {})
    const again = (): void => {
      const octets = socket.read() as Buffer | null
      if (octets === null) return
      reads += 1
      if (reads === 1000) {
        socket.off('readable', again)
        return enough.resolve()
      }
      socket.unshift(octets)
    }
    socket.on('readable', again)
  }).listen(0, '127.0.0.1')
  await once(control, 'listening')
  const socket = connectTcp((control.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('P')
  await enough.promise
  expect(reads).toBe(1000)
  socket.destroy()
  control.close()
})
