/** HSTS in the answers of a listener: each has it once, whatever the answer is, and none where nothing is configured. */
import { expect, test } from 'vitest'
import { clientTls, fleet, product } from '../../support/front-ends/product.ts'
import { Device } from '../../support/devices/device.ts'
import { valuesOf } from '../../support/http/raw-message.ts'
import { rawUpstream, type Script } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const NAME = 'Strict-Transport-Security'
const THEIRS = `${NAME}: max-age=1\r\nSTRICT-transport-security: max-age=2\r\n`

/** Answers by path; each answer but `/device/silent` says HSTS of its own, and `/device/gone` is none. */
const upstreamScript: Script = async (peer) => {
  for (;;) {
    const request = await peer.request()
    if (request === undefined) return
    const path = request.startLine.split(' ')[1]
    if (path === '/device/gone') peer.socket.destroy()
    const status = path === '/device/empty' ? '204 No Content' : '200 OK'
    const interim = path === '/device/early' ? `HTTP/1.1 103 Early Hints\r\n${THEIRS}\r\n` : ''
    const theirs = path === '/device/silent' ? '' : THEIRS
    const length = path === '/device/empty' ? '' : 'Content-Length: 0\r\n'
    peer.socket.write(`${interim}HTTP/1.1 ${status}\r\n${theirs}${length}\r\n`)
  }
}

const get = (path: string, host = 'localhost'): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

/** What is sent, the status of the answer, and what it says where the upstream is left to say it. */
const ANSWERS = [
  ['a forwarded answer', get('/device/silent'), 200, []],
  ['an answer whose upstream says it twice', get('/device/x'), 200, ['max-age=1', 'max-age=2']],
  ['an answer without content', get('/device/empty'), 204, ['max-age=1', 'max-age=2']],
  ['a refusal by its row', get('/admin/x'), 403, []],
  ['a refusal of a path that no row matches', get('/nowhere'), 404, []],
  ['a refusal of another host', get('/device/x', 'other.test'), 421, []],
  ['the failure of an upstream', get('/device/gone'), 502, []],
  ['the refusal of a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501, []],
  ['the refusal of what is no request', 'hello\r\n\r\n', 400, []],
  ['the refusal of a head that is too large', get(`/device/${'x'.repeat(20_000)}`), 431, []],
] as const

const HSTS = 'hsts: { maxAge: 2d, includeSubDomains: true }'

for (const [what, sent, status, theirs] of ANSWERS) {
  for (const [listener, values] of [
    [[HSTS], ['max-age=172800; includeSubDomains']],
    [[], theirs],
  ] as const) {
    const says = listener.length === 0 ? 'says of HSTS what its upstream says' : 'says it once'
    test(`${what} ${says}`, async () => {
      await using upstream = await rawUpstream(upstreamTlsOptions, upstreamScript)
      await using frontEnd = await product({ upstreamPort: upstream.port, listener })
      await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
      device.send(sent)
      const answer = await device.response()
      expect(answer.startLine).toContain(` ${status} `)
      expect(valuesOf(answer, NAME)).toEqual(values)
    })
  }
}

test('an interim answer says nothing of HSTS where the listener does', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, upstreamScript)
  await using frontEnd = await product({ upstreamPort: upstream.port, listener: [HSTS] })
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  device.send(get('/device/early'))
  const [interim, answer] = [await device.response(), await device.response()]
  expect([interim.startLine, valuesOf(interim, NAME)]).toEqual(['HTTP/1.1 103 Early Hints', []])
  expect(valuesOf(answer, NAME)).toHaveLength(1)
})

test('what an open connection is told of HSTS follows a reload', async () => {
  await using upstream = await rawUpstream(upstreamTlsOptions, upstreamScript)
  const options = { upstreamPort: upstream.port }
  await using frontEnd = await product(options)
  await using device = await Device.to(frontEnd.port, clientTls(frontEnd.port, fleet.device))
  const said = async (): Promise<readonly string[]> => {
    device.send(get('/device/silent'))
    return valuesOf(await device.response(), NAME)
  }
  expect(await said()).toEqual([])
  await frontEnd.reload({ ...options, listener: [HSTS] })
  expect(await said()).toEqual(['max-age=172800; includeSubDomains'])
  await frontEnd.reload({ ...options, listener: ['hsts: { maxAge: 0s }'] })
  expect(await said()).toEqual(['max-age=0'])
  await frontEnd.reload(options)
  expect(await said()).toEqual([])
})
