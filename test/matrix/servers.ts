/** Servers of other people, and Node's. Each says in its answer which protocol and suite it spoke. */
import type { ServerKind } from './server-kind.ts'
import { nginx } from './server-nginx.ts'
import { node } from './server-node.ts'
import { openssl } from './server-openssl.ts'

export const SERVERS: readonly ServerKind[] = [openssl, nginx, node]
