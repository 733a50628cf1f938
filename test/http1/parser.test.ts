import { expect, test } from 'vitest'
import { MessageParser } from '../../src/http1/parser.ts'

const head = (text: string) =>
  new MessageParser('request', 16_384).requestHead(Buffer.from(text, 'latin1'))

const REQUEST = 'GET / HTTP/1.1\r\nHost: mdm.example\r\n'

const METHODS = (
  'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS ' +
  'PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
).split(' ')

test('every method of HTTP that llhttp knows is read by its name', () => {
  for (const method of METHODS) {
    expect(head(`${method} / HTTP/1.1\r\n\r\n`)).toMatchObject({ kind: 'head', head: { method } })
  }
})

test('methods that are none of HTTP, a second blank and another protocol are refused', () => {
  for (const line of [
    'SOURCE / HTTP/1.1',
    'PLAY / RTSP/1.0',
    'GET / RTSP/1.0',
    'GET / ICE/1.0',
    'PRI * HTTP/2.0\r\n\r\nSM',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GETT / HTTP/1.1',
    'get / HTTP/1.1',
  ]) {
    expect(head(`${line}\r\n\r\n`), line).toMatchObject({ kind: 'fault' })
  }
})

for (const [field, expected] of [
  ['Connection: close', false],
  ['Connection: close\t', false],
  ['Connection: \tCLOSE \t', false],
  ['Connection: x, close\t', false],
  ['Connection: x\r\nConnection: close\t, y', false],
  ['Connection: closed', true],
  ['Connection: x-close', true],
  ['X-Connection: close', true],
] as const) {
  test(`${JSON.stringify(field)} ${expected ? 'keeps' : 'ends'} a connection`, () => {
    const result = head(`${REQUEST}${field}\r\n\r\n`)
    expect(result).toMatchObject({ kind: 'head', head: { keepAlive: expected } })
  })
}

for (const [fields, expected] of [
  ['Connection: Upgrade\r\nUpgrade: websocket', true],
  ['Connection: upgrade\t\r\nUpgrade: websocket', true],
  ['Connection: keep-alive, Upgrade\t\r\nUpgrade: h2c', true],
  ['Upgrade: websocket', false],
  ['Connection: Upgrade', false],
  ['Connection: x-upgrade\r\nUpgrade: websocket', false],
  ['Connection: Upgraded\r\nUpgrade: websocket', false],
] as const) {
  test(`${JSON.stringify(fields)} asks for ${expected ? 'an' : 'no'} upgrade`, () => {
    const result = head(`${REQUEST}${fields}\r\n\r\n`)
    expect(result).toMatchObject({ kind: 'head', head: { upgrade: expected } })
  })
}

test('an answer that says close with a tab behind it ends its connection', () => {
  const answer = (field: string) =>
    new MessageParser('response', 16_384).responseHead(
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${field}\r\n\r\n`),
      'GET',
    )
  expect(answer('Connection: close\t')).toMatchObject({ kind: 'head', head: { keepAlive: false } })
  expect(answer('Connection: closer')).toMatchObject({ kind: 'head', head: { keepAlive: true } })
})

/** Reads a body in chunks in pieces of so many octets; the kind of the last result. */
function bodyKind(text: string, step: number): string {
  const parser = new MessageParser('request', 16_384)
  parser.requestHead(Buffer.from(`${REQUEST}Transfer-Encoding: chunked\r\n\r\n`))
  for (let at = 0; at < text.length; at += step) {
    const result = parser.body(Buffer.from(text.slice(at, at + step)))
    if (result.kind === 'fault') return result.fault.kind
    if (result.trailers !== undefined) return 'whole'
  }
  return 'unfinished'
}

for (const step of [1, 7, 1000, 100_000]) {
  test(`chunks are held to what they may say of themselves in reads of ${step}`, () => {
    const chunk = (extension: number) => `1;${'x'.repeat(extension)}\r\na\r\n`
    expect(bodyKind(`${chunk(16_370)}0\r\n\r\n`, step)).toBe('whole')
    expect(bodyKind(`${chunk(16_384)}0\r\n\r\n`, step)).toBe('chunk-overhead')
    expect(bodyKind(`${chunk(10).repeat(3000)}0\r\n\r\n`, step)).toBe('whole')
    expect(bodyKind(`1\r\na\r\n0;${'x'.repeat(16_384)}\r\n\r\n`, step)).toBe('chunk-overhead')
  })
}

test('a trailer that frames a message makes its request malformed', () => {
  for (const name of ['Transfer-Encoding', 'transfer-encoding', 'Content-Length']) {
    for (const value of ['', ' ', 'chunked', 'identity', '3']) {
      const text = `1\r\na\r\n0\r\nX-Sum: 1\r\n${name}:${value}\r\n\r\n`
      expect(bodyKind(text, 100), text).toBe('malformed')
      expect(bodyKind(text, 1), text).toBe('malformed')
    }
  }
  expect(bodyKind('1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n', 1)).toBe('whole')
})
