/**
 * Port numbers for programs that must be told where to listen, and for servers that shall be away. No test closes a port
 * to reuse its number: between the two, any other process may get it.
 *
 * A number is claimed until this process ends, and no other process of the tests gets it meanwhile:
 *
 * - *The claim is a UDP socket* on the same number. TCP and UDP numbers are independent, so the claim is in the way of no
 *   server. The kernel gives the number to one socket only, whichever process asks first, and takes it back when the
 *   process ends, however it ends: nothing stale is left, as a lock file would be.
 * - *The range lies below* the numbers that systems choose for outgoing connections and for port 0 (IANA's from 49152,
 *   Linux's from 32768), so a connection or a server that makes no claim does not come upon one by chance.
 * - *A number on which something listens* is passed over: a program that makes no claims, or one that was left over.
 *
 * So a claimed number refuses connections until its owner lets a program listen on it, and again once that has ended.
 * That the program chooses (port 0) and says what it got is not enough: front ends restart, and their workers share a
 * number that has to be in the configuration.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'

/** Port numbers, the ends included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Where claims are made; large, so that an attempt seldom meets a number that is taken. */
export const CLAIMED_RANGE: PortRange = { first: 12_000, last: 31_999 }

/** Claims one port. */
export async function claimPort({ first, last }: PortRange = CLAIMED_RANGE): Promise<number> {
  const size = last - first + 1
  const start = randomInt(size)
  for (let offset = 0; offset < size; offset += 1) {
    const port = first + ((start + offset) % size)
    if ((await isClaimed(port)) && !(await isListenedOn(port))) return port
  }
  throw new Error(`found every port from ${first} to ${last} taken, wanted a free one`)
}

/** Claims several ports, all different. */
export async function claimPorts(count: number, range?: PortRange): Promise<readonly number[]> {
  return Promise.all(Array.from({ length: count }, () => claimPort(range)))
}

/** Claims this very number, unless another claim holds it; the socket stays open until the process ends. */
async function isClaimed(port: number): Promise<boolean> {
  const claim = createSocket('udp4')
  try {
    claim.bind({ address: '127.0.0.1', port, exclusive: true })
    await once(claim, 'listening')
    claim.unref()
    return true
  } catch {
    claim.close()
    return false
  }
}

/** Whether a connection to the port is accepted. */
export async function isListenedOn(port: number, address = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, address)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
