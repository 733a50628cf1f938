/** A look at the first octets of a request body, which stay where they are. */
import type { IncomingMessage } from 'node:http'

/** What is here of a body. */
export interface BodyPrefix {
  readonly body: Buffer
  readonly whole: boolean
}

/**
 * Looks at what arrived with the head. It waits for one turn of the event loop, in which Node hands over the rest of
 * what it had read, and for nothing else: a device that is still sending is not kept waiting, and one that asks
 * before it sends (`Expect: 100-continue`) has not sent anything.
 */
export async function readBodyPrefix(request: IncomingMessage): Promise<BodyPrefix> {
  const { headers } = request
  const none = headers['transfer-encoding'] === undefined && headers['content-length'] === undefined
  if (none || headers['content-length'] === '0') return { body: NO_OCTETS, whole: true }
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  if (request.destroyed || request.readableLength === 0) {
    return { body: NO_OCTETS, whole: false }
  }
  const waiting = request.readableLength
  const body: unknown = request.read(Math.min(waiting, MAX_PREFIX_OCTETS))
  if (!Buffer.isBuffer(body)) return { body: NO_OCTETS, whole: false }
  request.unshift(body)
  return { body, whole: request.complete && waiting <= MAX_PREFIX_OCTETS }
}

const NO_OCTETS = Buffer.alloc(0)
/** A request for a token has some hundred octets; a long password and a refresh token still fit. */
const MAX_PREFIX_OCTETS = 8 * 1024
