/** An upstream that answers what is whole, begins an answer without end, and says when it has half a request. */
import { upstreamTlsOptions } from './upstream-tls.ts'
import { OK, rawUpstream } from './raw-upstream.ts'

/** The last field of a head and half of the body behind it, of which six octets are missing: more than is gathered of a body. */
export const HALF_BODY = `Content-Length: 16394\r\n\r\n${'x'.repeat(16_384)}half`

/** Starts one; `left` settles when the front end let go of what was under way. */
export async function stallingUpstream() {
  const half = Promise.withResolvers<void>()
  const left = { upload: Promise.withResolvers<void>(), download: Promise.withResolvers<void>() }
  const upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
    const gone = peer.closed.then(() => undefined)
    for (;;) {
      const begun = peer.until('\r\n\r\n').then(
        () => peer.pending,
        () => undefined,
      )
      const head = await Promise.race([begun, gone])
      if (head === undefined) return
      if (head.startsWith('POST')) {
        await peer.until('half')
        half.resolve()
        await peer.closed
        return left.upload.resolve()
      }
      await peer.request()
      if (!head.includes('/endless')) {
        peer.write(OK)
        continue
      }
      peer.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first part')
      await peer.closed
      return left.download.resolve()
    }
  })
  return { upstream, half: half.promise, left }
}
