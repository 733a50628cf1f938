/**
 * Where a connection came from and where it arrived. The first is read when it is accepted, because a socket that was reset
 * has no address any more; the other when it is asked for, because few ask and Node keeps what it has read.
 */
import type { Socket } from 'node:net'
import type { ProxyHeader } from '../message/proxy-header/header.ts'
import type { Endpoint } from '../message/proxy-protocol.ts'

/** The two ends of a connection, as everything that asks for the device's address reads them. */
export interface Addresses {
  /** The device's end; undefined where it is not known. */
  readonly source: Endpoint | undefined
  /** The end that the device called. */
  readonly destination: Endpoint | undefined
  /** The address of the balancer that stated them, or that stated none; undefined where the device called us itself. */
  readonly balancer: string | undefined
}

/** The two ends that a socket tells. */
export class SocketAddresses implements Addresses {
  readonly source: Endpoint | undefined
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.source = endpoint(socket.remoteAddress, socket.remotePort)
    this.#socket = socket
  }

  /** Undefined, too, when the socket was reset before this was asked. */
  get destination(): Endpoint | undefined {
    const { localAddress, localPort } = this.#socket
    return endpoint(localAddress, localPort)
  }

  get balancer(): undefined {
    return undefined
  }
}

/** Takes from a PROXY header what a balancer knows better than its socket; never who a device is (decision 39). */
export function statedAddresses(
  header: ProxyHeader,
  { source, destination }: Addresses,
): Addresses {
  const balancer = source?.address
  return header.kind === 'stated'
    ? { source: header.source, destination: header.destination, balancer }
    : { source: undefined, destination, balancer }
}

const endpoint = (address: string | undefined, port: number | undefined): Endpoint | undefined =>
  address === undefined || port === undefined ? undefined : { address, port }
