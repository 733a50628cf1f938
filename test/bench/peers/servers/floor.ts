/**
 * The floor: a TLS server of Node's that asks for the device's certificate and answers each piece of what it reads with the
 * same octets. It knows no HTTP and has no upstream, so nothing that Node runs can cost less.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createServer } from 'node:tls'
import { SMALL_ANSWER } from '../answers.ts'
import type { ServerOptions } from '../node-servers.ts'

const { port, pki } = JSON.parse(process.argv[2] ?? '') as ServerOptions
const read = (name: string): Buffer => readFileSync(join(pki, name))
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${SMALL_ANSWER.length}\r\n\r\n${SMALL_ANSWER}`,
)

const server = createServer(
  {
    cert: read('server.pem'),
    key: read('server.key'),
    ca: read('root.pem'),
    requestCert: true,
    minVersion: 'TLSv1.2',
    noDelay: true,
  },
  (socket) => {
    socket.on('data', () => socket.write(ANSWER))
    // A device that resets its connection ends nothing else.
    socket.on('error', () => {})
  },
)
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
