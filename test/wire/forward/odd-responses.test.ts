/**
 * What an upstream may send that is not quite HTTP. The device gets it faithfully, or a 502, or a connection that
 * visibly breaks; the process goes on, and the next request is served.
 */
import { expect, test } from 'vitest'
import type { UpstreamFailure } from '../../../src/forward/upstream-failure.ts'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, goodServer } from '../../support/front-ends/forwarding-server.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

interface Odd {
  readonly promise: string
  readonly answer: string
  /** Start line and body, or `broken`. */
  readonly expect: string
  readonly failure: UpstreamFailure['kind'] | undefined
}

const length = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`
const chunked = (body: string): string => `Transfer-Encoding: chunked\r\n\r\n${body}`
const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway'

const rows: readonly Odd[] = [
  {
    promise: 'a status below 100 is a bad response',
    answer: `HTTP/1.1 099 Odd\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a status of 999 is passed on',
    answer: `HTTP/1.1 999 Odd\r\n${length('ok')}`,
    expect: 'HTTP/1.1 999 Odd ok',
    failure: undefined,
  },
  {
    promise: 'a status of two digits is a bad response',
    answer: `HTTP/1.1 20 OK\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'an unasked-for change of protocol is a bad response',
    answer: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a 101 without a protocol is a bad response',
    answer: `HTTP/1.1 101 Switching Protocols\r\n\r\n`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'an unasked-for 100 is swallowed',
    answer: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${length('ok')}`,
    expect: 'HTTP/1.1 200 OK ok',
    failure: undefined,
  },
  {
    promise: 'a missing reason phrase stays missing',
    answer: `HTTP/1.1 200 \r\n${length('ok')}`,
    expect: 'HTTP/1.1 200  ok',
    failure: undefined,
  },
  {
    promise: 'a status line that ends with the status is understood',
    answer: `HTTP/1.1 200\r\n${length('ok')}`,
    expect: 'HTTP/1.1 200  ok',
    failure: undefined,
  },
  {
    promise: 'a reason phrase of foreign octets is left out',
    answer: `HTTP/1.1 200 \xff\xfe\r\n${length('ok')}`,
    expect: 'HTTP/1.1 200  ok',
    failure: undefined,
  },
  {
    promise: 'chunks with a blank behind their coding are chunks',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: 'HTTP/1.1 200 OK ok',
    failure: undefined,
  },
  {
    promise:
      'chunks with a tab behind their coding, which llhttp takes for no chunks, are a bad response',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise:
      'a coding below chunked, which we did not ask for (RFC 9112 §7.4) and cannot undo, is a bad response',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a coding below chunked in a field of its own is a bad response',
    answer:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'chunks in chunks (RFC 9112 §6.1) are a bad response',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a coding that chunks do not end is a bad response',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'an answer that is coded and ends with its connection is a bad response',
    answer:
      'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a coding that is none is a bad response',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'an empty coding is a bad response',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a NUL in a field value is a bad response',
    answer: `HTTP/1.1 200 OK\r\nX-Odd: a\0b\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a bare CR in a field value is a bad response',
    answer: `HTTP/1.1 200 OK\r\nX-Odd: a\rSet-Cookie: b\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a control character in a field value is a bad response',
    answer: `HTTP/1.1 200 OK\r\nX-Odd: a\x01b\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a space in a field name is a bad response',
    answer: `HTTP/1.1 200 OK\r\nX Odd: a\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a folded field is a bad response',
    answer: `HTTP/1.1 200 OK\r\nX-Odd: a\r\n b\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'two different lengths are a bad response',
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a length together with a transfer coding is a bad response',
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${chunked('2\r\nok\r\n0\r\n\r\n')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a length that is no number is a bad response',
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a length beyond all numbers is a bad response',
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a chunk size that is none breaks the answer',
    answer: `HTTP/1.1 200 OK\r\n${chunked('zz\r\nok\r\n0\r\n\r\n')}`,
    expect: 'broken',
    failure: 'bad-response',
  },
  {
    promise: 'a chunked body that stops short breaks the answer',
    answer: `HTTP/1.1 200 OK\r\n${chunked('5\r\nok')}`,
    expect: 'broken',
    failure: 'reset',
  },
  {
    promise: 'a chunked body without its last chunk breaks the answer',
    answer: `HTTP/1.1 200 OK\r\n${chunked('2\r\nok\r\n')}`,
    expect: 'broken',
    failure: 'reset',
  },
  {
    promise: 'a chunked body without its last chunk on a closing connection breaks the answer',
    answer: `HTTP/1.1 200 OK\r\nConnection: close\r\n${chunked('2\r\nok\r\n')}`,
    expect: 'broken',
    failure: 'reset',
  },
  {
    promise: 'a trailer field that frames breaks the answer',
    answer: `HTTP/1.1 200 OK\r\n${chunked('2\r\nok\r\n0\r\nContent-Length: 7\r\n\r\n')}`,
    expect: 'broken',
    failure: 'bad-response',
  },
  {
    promise: 'a body shorter than its length breaks the answer',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort',
    expect: 'broken',
    failure: 'reset',
  },
  {
    promise: 'a body shorter than its length on a closing connection breaks the answer',
    answer: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nshort',
    expect: 'broken',
    failure: 'reset',
  },
  {
    promise: 'an answer that is not HTTP is a bad response',
    answer: 'SSH-2.0-OpenSSH_9.2\r\n',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'HTTP/0.9 is a bad response',
    answer: '<html>hello</html>',
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a version of HTTP that is not written like that is a bad response',
    answer: `HTTP/3.7 200 OK\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'a head that never ends is a reset before any answer of use',
    answer: 'HTTP/1.1 200 OK\r\nX-Odd: a',
    expect: BAD_GATEWAY,
    failure: 'reset',
  },
  {
    promise: 'a head beyond the limit is a bad response',
    answer: `HTTP/1.1 200 OK\r\nX-Odd: ${'a'.repeat(20_000)}\r\n${length('ok')}`,
    expect: BAD_GATEWAY,
    failure: 'bad-response',
  },
  {
    promise: 'an HTTP/1.0 answer is passed on',
    answer: `HTTP/1.0 200 OK\r\n${length('ok')}`,
    expect: 'HTTP/1.1 200 OK ok',
    failure: undefined,
  },
  {
    promise: 'octets after an answer are not part of it',
    answer: `HTTP/1.1 200 OK\r\n${length('ok')}EXTRA`,
    expect: 'HTTP/1.1 200 OK ok',
    failure: undefined,
  },
  {
    promise: 'a second answer in one segment belongs to no request',
    answer: `HTTP/1.1 200 OK\r\n${length('ok')}HTTP/1.1 200 OK\r\n${length('evil')}`,
    expect: 'HTTP/1.1 200 OK ok',
    failure: undefined,
  },
  {
    promise: 'a connection that closes without a word is a reset before any answer',
    answer: '',
    expect: BAD_GATEWAY,
    failure: 'reset',
  },
]

for (const { promise, answer, expect: expected, failure } of rows) {
  test(promise, async () => {
    await using upstream = await rawUpstream(goodServer, async (peer, connection) => {
      await peer.request()
      // Only the first connection misbehaves; the others show that life goes on.
      if (connection === 1) peer.end(answer)
      else peer.write(OK)
    })
    await using server = await forwardingServer(upstream.port)
    await using device = await Device.to(server.port)
    device.request('POST /', 'Content-Length: 0')
    if (expected === 'broken') await expect(device.response()).rejects.toThrow('connection over')
    else {
      const { startLine, body } = await device.response()
      expect(startLine === BAD_GATEWAY ? startLine : `${startLine} ${body}`).toBe(expected)
    }
    const outcome = await server.outcome()
    expect(outcome.failure?.kind, JSON.stringify(outcome)).toBe(failure)
    await using next = await Device.to(server.port)
    next.request('GET /')
    expect((await next.response()).body).toBe('ok')
  })
}
