import { once } from 'node:events'
import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer, type Server } from 'node:tls'
import { expect, test } from 'vitest'
import { mintLeaf } from '../support/certificates/mint.ts'
import { accepting, ca, closed, connected, handshake, HEADS, ms, TLS } from './accepting.ts'

for (const head of HEADS) {
  test(`a silent peer is closed by the deadline of the handshake, and told of once (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) })
    const socket = await connected(running)
    await closed(socket)
    expect(running.failures.map(({ code }) => code)).toEqual(['ERR_TLS_HANDSHAKE_TIMEOUT'])
  })

  test(`octets that come one at a time do not move the deadline of the handshake (${head})`, async () => {
    await using running = await accepting(head, { handshake: ms(100) })
    const socket = await connected(running)
    const drip = setInterval(() => socket.write(Buffer.of(22)), 10)
    await closed(socket)
    clearInterval(drip)
    expect(running.failures).toHaveLength(1)
  })

  test(`a peer that ends its side before the handshake is closed at once (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.end()
    await closed(socket)
    expect(running.failures).toHaveLength(1)
  })

  test(`a peer that ends its side in the middle of the handshake is closed at once (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.end(Buffer.from('1603010200010001fc0303', 'hex'))
    await closed(socket)
    expect(running.failures).toHaveLength(1)
  })

  test(`a peer that resets the connection before the handshake is told of once, with its address (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    const port = socket.localPort
    socket.resetAndDestroy()
    const { code, addresses } = await running.nextFailure()
    expect(code).toBe('ECONNRESET')
    expect(addresses.source).toEqual({ address: '127.0.0.1', port })
  })

  test(`what is no TLS is closed at once, and told of once with its code (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await connected(running)
    socket.write('SSH-2.0-OpenSSH_9.2\r\n')
    await closed(socket)
    expect(running.failures.map(({ code }) => code)).toEqual(['ERR_SSL_WRONG_VERSION_NUMBER'])
  })

  test(`where fit devices hold all connections, others are turned away (${head})`, async () => {
    await using running = await accepting(head, { connections: 2, vouches: () => true })
    const [one, other] = [await running.secured(), await running.secured()]
    await closed(await connected(running))
    expect([running.dropped(), running.failures.length]).toEqual([1, 0])
    expect(running.madeRoom).toEqual([])
    one.destroy()
    other.destroy()
  })

  test(`connections count before their handshake, and the oldest makes room for those beyond the limit (${head})`, async () => {
    await using running = await accepting(head, { connections: 4, vouches: () => true })
    const [fit, alsoFit] = [await running.secured(), await running.secured()]
    const first = await connected(running)
    const gone = closed(first)
    const second = await connected(running)
    const third = await connected(running)
    await gone
    expect(running.failures.map(({ code }) => code)).toEqual(['connection-share-used-up'])
    expect(running.madeRoom).toEqual([
      { connections: 4, vouched: 2, held: 2, share: 3, top: { address: '127.0.0.1', held: 2 } },
    ])
    expect([running.dropped(), second.closed, third.closed]).toEqual([0, false, false])
    expect([fit.closed, alsoFit.closed]).toEqual([false, false])
    for (const one of [second, third, fit, alsoFit]) one.destroy()
  })

  test(`connections that are not vouched for are three quarters at most (${head})`, async () => {
    await using running = await accepting(head, { connections: 4 })
    const first = await running.secured()
    const gone = closed(first)
    const others = [await connected(running), await connected(running), await connected(running)]
    await gone
    expect(running.madeRoom).toEqual([
      { connections: 4, vouched: 0, held: 3, share: 3, top: { address: '127.0.0.1', held: 3 } },
    ])
    for (const one of others) one.destroy()
  })

  test(`a connection that ended makes room for another (${head})`, async () => {
    await using running = await accepting(head, { connections: 1 })
    const first = await connected(running)
    first.destroy()
    await running.nextFailure()
    const second = await running.secured()
    expect(running.dropped()).toBe(0)
    second.destroy()
  })

  test(`a device is told of with the two ends of its connection (${head})`, async () => {
    await using running = await accepting(head, {})
    const socket = await running.secured()
    expect(
      running.opened.map(({ source, destination, balancer }) => ({
        source,
        destination,
        balancer,
      })),
    ).toEqual([
      {
        source: { address: '127.0.0.1', port: socket.localPort },
        destination: { address: '127.0.0.1', port: running.acceptor.port },
        balancer: undefined,
      },
    ])
    socket.destroy()
  })

  test(`new contexts serve the next handshake (${head})`, async () => {
    await using running = await accepting(head, {})
    const next = mintLeaf({ issuer: ca, purposes: ['serverAuth'], dns: ['localhost'] })
    running.acceptor.setTls({ defaults: { cert: next.pem, key: next.keyPem }, select: undefined })
    const socket = await running.secured()
    expect(socket.getPeerX509Certificate()?.toString()).toBe(next.pem)
    socket.destroy()
  })

  test(`a handshake that failed costs the others nothing (${head})`, async () => {
    await using running = await accepting(head, {})
    const broken = await connected(running)
    broken.write('nothing like TLS')
    await closed(broken)
    const socket = await running.secured()
    expect(running.opened).toHaveLength(1)
    socket.destroy()
  })
}

test('a relayed device that has ended its side is still told what comes', async () => {
  await using running = await accepting('tunnel', {})
  const device = await running.secured()
  device.end('the last words')
  const ours = running.sockets[0]
  ours?.resume().once('end', () => ours.end('the answer'))
  let heard = ''
  device.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  await closed(device)
  expect(heard).toBe('the answer')
})

test('Node alone leaves a peer open that is silent beyond the deadline of its handshake', async () => {
  const control = createTlsServer({ ...TLS, handshakeTimeout: 100 })
  const port = await listening(control)
  const failed = once(control, 'tlsClientError')
  const socket = connectTcp(port, '127.0.0.1')
  await failed
  await turns()
  expect(await open(control)).toBe(1)
  socket.destroy()
  control.close()
})

test('Node alone does not count connections on a TLS server that is handed them', async () => {
  const control = createTlsServer(TLS)
  control.maxConnections = 1
  const tcp = createTcpServer((socket) => control.emit('connection', socket))
  const port = await listening(tcp)
  const sockets = await Promise.all([1, 2].map(() => handshake(port)))
  expect(sockets).toHaveLength(2)
  for (const socket of sockets) socket.destroy()
  tcp.close()
})

async function listening(one: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  const bound = one.address()
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}

const open = (one: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    one.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })

/** Time for what would close the connection by itself: it would be the next thing that the loop does. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
