/** The server behind both, in a thread of its own: answers, and sends large answers and interim responses without end. */
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const server = createServer(workerData as { key: string; cert: string }, (request, response) => {
  response.on('error', () => {})
  request.on('error', () => {})
  request.resume()
  if (request.url === '/enroll/interim') hint(response.socket)
  else if (request.url === '/enroll/large') give(response)
  else request.once('end', () => void response.end('ok'))
})
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => {
  // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage((server.address() as AddressInfo).port)
})

function hint(socket: Socket | null): void {
  if (socket === null || socket.destroyed) return
  const more = (): void => {
    while (!socket.destroyed && socket.write(HINT));
  }
  socket.on('drain', more)
  more()
}

const HINT = `HTTP/1.1 103 Early Hints\r\nLink: </${'x'.repeat(4000)}>\r\n\r\n`

/** Piece by piece: a large one handed over whole would be encrypted at once, and all others would wait meanwhile. */
function give(response: ServerResponse): void {
  let left = LARGE
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= PIECE.length
      if (!response.write(PIECE)) break
    }
    if (left <= 0) response.end()
  }
  response.setHeader('Content-Length', LARGE)
  response.on('drain', more)
  more()
}

const PIECE = Buffer.alloc(65_536, 'x')
/** More than the buffers of both kernels between us and a reader that does not read. */
const LARGE = 320 * PIECE.length
