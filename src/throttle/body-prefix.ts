/** A look at the first octets of a request body, which stay where they are. */
import type { DeviceExchange } from '../http1/device-exchange.ts'

/** What is here of a body. */
export interface BodyPrefix {
  readonly body: Buffer
  readonly whole: boolean
}

/**
 * Looks at what arrived with the head. Where that is not the whole body it waits for one turn of the event loop, in which the
 * runtime hands over the rest of what it had read, and for nothing else: a device that is still sending is not kept waiting,
 * and one that asks before it sends (`Expect: 100-continue`) has not sent anything.
 */
export async function readBodyPrefix(device: DeviceExchange): Promise<BodyPrefix> {
  if (!device.isBodyComplete) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  const body = Buffer.concat(device.peekBody())
  return {
    body: body.subarray(0, MAX_PREFIX_OCTETS),
    whole: device.isBodyComplete && body.length <= MAX_PREFIX_OCTETS,
  }
}

/** A request for a token has some hundred octets; a long password and a refresh token still fit. */
const MAX_PREFIX_OCTETS = 8 * 1024
