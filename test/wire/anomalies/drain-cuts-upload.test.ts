/** A drain that runs out of patience, on a connection of which no line has been written yet. */
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { HALF_BODY, stallingUpstream } from '../../support/upstreams/stalling-upstream.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { serveProcess } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'

for (const workers of [1, 2]) {
  test(`an upload that a drain cuts off ends the program in peace, and has its line (${workers} workers)`, async () => {
    const { upstream, half } = await stallingUpstream()
    await using _upstream = upstream
    await using frontEnd = await serveProcess(upstream.port, { workers })
    await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
    device.send(`POST /device/x HTTP/1.1\r\nHost: localhost\r\n${HALF_BODY}`)
    await half
    frontEnd.child.kill('SIGTERM')
    expect(await frontEnd.exit).toBe(0)
    const [line] = await frontEnd.waitForLines(1, ({ msg }) => msg === 'request')
    expect(line).toMatchObject({ failure: 'device-gone', protocol: 'TLSv1.3' })
    expect(line?.['cipher']).toMatch(/^TLS_/)
  })
}

/** What the front end must not do: a session asked for its protocol when the socket below it is gone. */
const ASKED_TOO_LATE = `
  const { connect, createServer, TLSSocket } = require('node:tls')
  const [key, cert] = JSON.parse(process.env.PAIR)
  const below = []
  const server = createServer({ key, cert }, (socket) => {
    socket.on('close', () => {
      socket.getProtocol()
      process.exit(0)
    })
    below[0].destroy()
  })
  server.on('connection', (socket) => below.push(socket))
  server.listen(0, '127.0.0.1', () => {
    connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false })
  })`

test('Node does not survive the question that the front end no longer asks', async () => {
  const { keyPem, chainPem } = fleet.server
  const env = { PAIR: JSON.stringify([keyPem, chainPem]) }
  const program = new Program(process.execPath, ['-e', ASKED_TOO_LATE], { env })
  const code = await program.ended
  // The day this fails, Node has mended it, and connection.ts may ask when it likes.
  expect(code).not.toBe(0)
})
