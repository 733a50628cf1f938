/** How the connections of the admin API end when it closes. */
import type { FastifyInstance } from 'fastify'

/**
 * Ends each connection with the answer that is under way as the server closes. Node ends those that are idle at that
 * moment; one that is answered a moment later would be kept open, and hold up the end, until its client lets go of it.
 */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', (done) => {
    isClosing = true
    done()
  })
  app.addHook('onResponse', (request, _, done) => {
    if (isClosing) request.raw.socket.destroySoon()
    done()
  })
}
