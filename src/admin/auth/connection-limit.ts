/**
 * How many connections the admin API holds: the allow list is asked about requests, and a client that sends none would
 * otherwise cost a descriptor for each connection of the process that has the store.
 */
import type { Server } from 'node:net'
import { isInside, type Network } from '../../kernel/network.ts'

/** Bounds the connections of a server; those from outside the allow list leave room for the others. */
export function limitConnections(server: Server, networks: readonly Network[]): void {
  server.maxConnections = MAX_CONNECTIONS
  let unlisted = 0
  server.on('connection', (socket) => {
    if (isInside(socket.remoteAddress ?? '', networks)) return
    if (unlisted >= MAX_UNLISTED) {
      socket.destroy()
      return
    }
    unlisted += 1
    socket.once('close', () => {
      unlisted -= 1
    })
  })
}

/** A portal holds six, a script one or two; so many are a team at work, and a small part of a process's descriptors. */
const MAX_CONNECTIONS = 500
/** Enough to tell an administrator who configured the wrong network so. */
const MAX_UNLISTED = 50
