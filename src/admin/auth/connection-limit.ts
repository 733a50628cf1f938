/**
 * How many connections the office holds: the allow list is asked about requests, and whoever sends none would otherwise
 * cost a descriptor each of the process that has the store.
 */
import type { Server } from 'node:net'
import { isInside, type Network } from '../../kernel/network.ts'

/** Bounds the connections of a server; those from outside the allow list leave room for the others. */
export function limitConnections(server: Server, networks: readonly Network[]): void {
  server.maxConnections = MOST_CONNECTIONS
  let strangers = 0
  server.on('connection', (socket) => {
    if (isInside(socket.remoteAddress ?? '', networks)) return
    if (strangers >= MOST_STRANGERS) {
      socket.destroy()
      return
    }
    strangers += 1
    socket.once('close', () => {
      strangers -= 1
    })
  })
}

/** A portal holds six, a script one or two; so many are a team at work, and a small part of a process's descriptors. */
const MOST_CONNECTIONS = 500
/** Enough to tell somebody who configured the wrong network so. */
const MOST_STRANGERS = 50
