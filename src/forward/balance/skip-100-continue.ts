/**
 * An interim 100 that was not asked for is to be skipped (RFC 9110 §15.2), and old IIS and WebLogic servers send
 * it. undici 8.12.4 breaks the connection off instead (`onHeadersComplete` in its client-h1.js), so the octets
 * are taken away before it sees them. May go when undici skips them itself: the promise has a test.
 */
import type { Socket } from 'node:net'

/** Told when the next octets to be read begin a response. */
export interface ContinueFilter {
  expectResponse(): void
}

/** Skips unasked-for 100s on a connection whose reader calls `read()`. */
export function skip100Continue(socket: Socket): ContinueFilter {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null
  let expecting = false
  let held: Buffer | undefined
  socket.read = (size?: number): Buffer | null => {
    // `read(0)` is Node's own way to fill the buffer.
    if (!expecting || size !== undefined) return read(size)
    const chunk = read()
    if (chunk === null) return null
    const octets: Buffer = held === undefined ? chunk : Buffer.concat([held, chunk])
    const rest = afterContinue(octets)
    held = rest === 'unfinished' ? octets : undefined
    if (rest === 'unfinished' || rest.length === 0) return null
    expecting = false
    return rest
  }
  return {
    expectResponse() {
      expecting = true
    },
  }
}

/** What follows the 100s at the start; `unfinished` when more octets must tell. */
function afterContinue(octets: Buffer): Buffer | 'unfinished' {
  // Nearly every response is told from a 100 by this one octet.
  if (octets[STATUS_AT] !== ONE && octets.length > STATUS_AT) return octets
  const start = octets.toString('latin1', 0, CONTINUE.length)
  if (start !== CONTINUE) return CONTINUE.startsWith(start) && start !== '' ? 'unfinished' : octets
  if (octets.length > MAX_INTERIM) return octets
  const end = octets.indexOf('\r\n\r\n')
  return end === -1 ? 'unfinished' : afterContinue(octets.subarray(end + 4))
}

const CONTINUE = 'HTTP/1.1 100'
const STATUS_AT = CONTINUE.length - 3
const ONE = 0x31
/** A 100 has no fields to speak of; whatever is longer is for the parser to judge. */
const MAX_INTERIM = 1024
