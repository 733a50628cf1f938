/**
 * Where a connection came from and where it arrived: read once, when it is accepted, because a socket that was reset has
 * no address any more.
 */
import type { Socket } from 'node:net'
import type { Endpoint } from '../message/proxy-protocol.ts'

/** The two ends of a connection, as everything that asks for the device's address reads them. */
export interface Addresses {
  /** The device's end; undefined where it is not known. */
  readonly source: Endpoint | undefined
  /** The end that the device called. */
  readonly destination: Endpoint | undefined
}

/** Reads the two ends that a socket tells. */
export const socketAddresses = (socket: Socket): Addresses => ({
  source: endpoint(socket.remoteAddress, socket.remotePort),
  destination: endpoint(socket.localAddress, socket.localPort),
})

const endpoint = (address: string | undefined, port: number | undefined): Endpoint | undefined =>
  address === undefined || port === undefined ? undefined : { address, port }
