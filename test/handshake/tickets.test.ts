/**
 * What OpenSSL is told beside the program (openssl.cnf): nothing would break without it, and every TLS 1.3 handshake
 * would make a ticket more.
 */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
// @ts-expect-error plain JavaScript, for Node 20
import { NODE_FLAGS } from '../../scripts/node26.mjs'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

/** Counts the tickets of a whole handshake, and says whether the last one is taken. */
const COUNT = `
import { connect, createServer } from 'node:tls'
const { ca, cert, key, version } = JSON.parse(process.argv.at(-1))
const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (socket) => socket.end('.'))
server.listen(0, '127.0.0.1', async () => {
  const first = await call()
  const again = await call(first.tickets.at(-1))
  console.log(JSON.stringify({ tickets: first.tickets.length, resumed: again.resumed }))
  server.close()
})
const call = (session) =>
  new Promise((resolve, reject) => {
    const { port } = server.address()
    const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', cert, key, maxVersion: version, session })
    const tickets = []
    let resumed
    client.on('secureConnect', () => (resumed = client.isSessionReused()))
    client.on('session', (ticket) => tickets.push(ticket.toString('base64')))
    client.on('error', reject)
    client.on('close', () => resolve({ tickets: tickets.map((one) => Buffer.from(one, 'base64')), resumed }))
    client.resume()
  })
`

const ROOT = mintCa({ name: 'Root' })
const SERVER = mintLeaf({ issuer: ROOT, dns: ['localhost'], purposes: ['serverAuth'] })

function ticketsOver(version: string, flags: readonly string[]): unknown {
  const material = { ca: ROOT.pem, cert: SERVER.pem, key: SERVER.keyPem, version }
  const args = ['--input-type=module', '--eval', COUNT, '--', JSON.stringify(material)]
  const { OPENSSL_CONF: _, ...env } = process.env
  const said = execFileSync(process.execPath, [...flags, ...args], { encoding: 'utf8', env })
  return JSON.parse(said)
}

test('as Node comes, a TLS 1.3 handshake makes two tickets', () => {
  expect(ticketsOver('TLSv1.3', [])).toEqual({ tickets: 2, resumed: true })
})

test('as we start it, a TLS 1.3 handshake makes one ticket, and it is taken', () => {
  expect(ticketsOver('TLSv1.3', NODE_FLAGS as string[])).toEqual({ tickets: 1, resumed: true })
})

test('over TLS 1.2 there was only ever one', () => {
  expect(ticketsOver('TLSv1.2', NODE_FLAGS as string[])).toEqual({ tickets: 1, resumed: true })
})
