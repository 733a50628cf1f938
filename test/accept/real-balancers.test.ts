/**
 * Real balancers in front of TLS, with real devices behind them: HAProxy 2.6.12, nginx 1.22.1 and stunnel 5.68, as Debian
 * 12 has them. What each sends is read, whatever is in it; those that a device reaches by a UNIX socket know no address.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import {
  missingBalancer,
  REAL_BALANCERS,
  startBalancer,
  type RealBalancer,
} from '../support/balancers/real-balancers.ts'
import { accepting, ca, ms, proxyFrom, TLS } from './accepting.ts'

for (const [name, balancer] of Object.entries(REAL_BALANCERS)) {
  const missing = missingBalancer(balancer)
  if (missing !== undefined) {
    test.skip(`${name}: ${missing}`, () => {})
    continue
  }
  test(`a device behind ${name} has ${balancer.by === 'unix' ? 'an unknown address' : 'its own address'}`, async () => {
    await using running = await accepting(
      'tunnel',
      { handshake: ms(60_000) },
      proxyFrom('127.0.0.1'),
    )
    const to = running.acceptor.port
    await using before = await startBalancer(balancer, { to, pem: TLS.key + TLS.cert })
    const below = await before.connect()
    const device = await through(await outer(balancer, below))
    await running.opening
    expect(running.opened[0]).toEqual(expected(balancer, { below, port: before.port, to }))
    expect(running.failures).toEqual([])
    // Octets pass both ways, none lost and none of the header among them.
    running.sockets[0]?.once('data', (chunk: Buffer) => running.sockets[0]?.end(chunk))
    device.write('hello')
    const [answer] = (await once(device, 'data')) as [Buffer]
    expect(answer.toString()).toBe('hello')
    device.destroy()
    below.destroy()
  })
}

/** What the device sees below the TLS that is ours: a TCP connection, or the TLS of the balancer. */
async function outer({ by }: RealBalancer, below: Socket): Promise<Socket> {
  return by === 'outer-tls' ? through(below) : below
}

async function through(socket: Socket): Promise<TLSSocket> {
  const secured = connect({ socket, servername: 'localhost', ca: ca.pem })
  secured.on('error', () => {})
  await once(secured, 'secureConnect')
  return secured
}

function expected(
  { by }: RealBalancer,
  { below, port, to }: { readonly below: Socket; readonly port: number; readonly to: number },
) {
  if (by === 'unix') {
    const destination = { address: '127.0.0.1', port: to }
    return { source: undefined, destination, balancer: '127.0.0.1' }
  }
  const address = by === 'ipv6' ? '::1' : '127.0.0.1'
  const source = { address, port: below.localPort }
  return { source, destination: { address, port }, balancer: '127.0.0.1' }
}
