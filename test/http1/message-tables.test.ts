/** What is a head and what is none, where it ends, and that it does not matter how it was cut. */
import { expect, test } from 'vitest'
import { MessageParser, type BodyResult, type HeadResult } from '../../src/http1/parser.ts'
import type { RequestMessage, ResponseMessage } from '../../src/http1/message.ts'

const LIMIT = 1000
const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

const requestOf = (text: string, limit = LIMIT): HeadResult<RequestMessage> =>
  new MessageParser('request', limit).requestHead(octets(text))

const responseOf = (text: string, method = 'GET'): HeadResult<ResponseMessage> =>
  new MessageParser('response', LIMIT).responseHead(octets(text), method)

/** What a reading came to, in a word. */
function wordOf(result: HeadResult<unknown> | BodyResult): string {
  return result.kind === 'fault' ? result.fault.kind : result.kind
}

const HEADS: readonly (readonly [promise: string, text: string, head: Partial<RequestMessage>])[] =
  [
    ['a GET', GET, { method: 'GET', target: '/', version: '1.1', fields: ['Host', 'a'], body: 0 }],
    ['blank lines in front', `\r\n\r\n${GET}`, { method: 'GET', target: '/' }],
    ['a bare line feed in front', `\n${GET}`, { method: 'GET', target: '/' }],
    ['a wish for a tunnel', 'CONNECT a:1 HTTP/1.1\r\n\r\n', { method: 'CONNECT', upgrade: true }],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', { version: '1.0', keepAlive: false }],
    ['HTTP/0.9 by name', 'GET / HTTP/0.9\r\n\r\n', { version: '0.9' }],
    ['no version at all', 'GET /x\r\n\r\n', { version: '0.9', target: '/x' }],
    ['HTTP/2.0 in words', 'GET / HTTP/2.0\r\n\r\n', { version: '2.0' }],
    ['the youngest method', 'QUERY / HTTP/1.1\r\n\r\n', { method: 'QUERY' }],
    ['a body with a length', 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n', { body: 5 }],
    [
      'blanks around a length',
      'POST / HTTP/1.1\r\nContent-Length:  42  \r\n\r\n',
      { body: 42, fields: ['Content-Length', '42'] },
    ],
    ['no length', 'POST / HTTP/1.1\r\n\r\n', { body: 0 }],
    [
      'chunks',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
      { body: 'chunked', fields: ['Transfer-Encoding', 'chunked'] },
    ],
    ['close', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', { keepAlive: false }],
    [
      'an upgrade',
      'GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
      { upgrade: true },
    ],
    [
      'blanks behind values, and none in them',
      'GET / HTTP/1.1\r\nA: b c \t \r\nB:\t\r\nC: \r\nD:d\r\n\r\n',
      { fields: ['A', 'b c', 'B', '', 'C', '', 'D', 'd'] },
    ],
    ['octets beyond ASCII', 'GET / HTTP/1.1\r\nA: \xe4\xff\r\n\r\n', { fields: ['A', '\xe4\xff'] }],
    [
      'fields as they were spelled, repeated ones too',
      'GET / HTTP/1.1\r\nhOST: a\r\nX: 1\r\nx: 2\r\n\r\n',
      { fields: ['hOST', 'a', 'X', '1', 'x', '2'] },
    ],
  ]

for (const [promise, text, head] of HEADS) {
  test(`${promise} is read, and a second message behind it is left`, () => {
    const result = requestOf(`${text}${GET}`)
    expect(result).toMatchObject({ kind: 'head', head, taken: text.length })
  })

  test(`${promise} may be cut anywhere`, () => {
    const whole = requestOf(text)
    for (let cut = 1; cut < text.length; cut += 1) {
      const parser = new MessageParser('request', LIMIT)
      expect(wordOf(parser.requestHead(octets(text.slice(0, cut))))).toBe('unfinished')
      // Empty lines begin nothing.
      expect(parser.isInside).toBe(/[^\r\n]/.test(text.slice(0, cut)))
      const rest = parser.requestHead(octets(text.slice(cut)))
      expect(rest).toEqual({ ...whole, taken: text.length - cut })
    }
    const parser = new MessageParser('request', LIMIT)
    let last: HeadResult<RequestMessage> | undefined
    for (const octet of text) last = parser.requestHead(octets(octet))
    expect(last).toEqual({ ...whole, taken: 1 })
  })
}

const MALFORMED: readonly (readonly [promise: string, text: string])[] = [
  ['two blanks behind the method', 'GET  / HTTP/1.1\r\n\r\n'],
  ['two blanks behind the target', 'GET /  HTTP/1.1\r\n\r\n'],
  ['two blanks in front of a target without a version', 'GET  /x\r\n\r\n'],
  ['a tab for a blank', 'GET\t/ HTTP/1.1\r\n\r\n'],
  ['a blank behind the version', 'GET / HTTP/1.1 \r\n\r\n'],
  ['RTSP', 'GET / RTSP/1.0\r\n\r\n'],
  ['a method of RTSP', 'DESCRIBE / RTSP/1.0\r\n\r\n'],
  ['a method of RTSP under HTTP', 'ANNOUNCE / HTTP/1.1\r\n\r\n'],
  ['Icecast', 'SOURCE / ICE/1.0\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method of Icecast under HTTP', 'SOURCE / HTTP/1.1\r\n\r\n'],
  ['a method that does not exist', 'NONE / HTTP/1.1\r\n\r\n'],
  ['a method in small letters', 'get / HTTP/1.1\r\n\r\n'],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\n\r\n'],
  ['a small http', 'GET / http/1.1\r\n\r\n'],
  ['a bare line feed in the head', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ['a bare carriage return in a value', 'GET / HTTP/1.1\r\nA: b\rc\r\n\r\n'],
  ['a NUL in a value', 'GET / HTTP/1.1\r\nA: b\0c\r\n\r\n'],
  ['a blank in a name', 'GET / HTTP/1.1\r\nA b: c\r\n\r\n'],
  ['a blank before the colon', 'GET / HTTP/1.1\r\nA : c\r\n\r\n'],
  ['a field that is continued', 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n'],
  ['a field without a name', 'GET / HTTP/1.1\r\n: b\r\n\r\n'],
  ['two lengths', 'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
  ['a length with a sign', 'GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n'],
  ['no number for a length', 'GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n'],
  ['an empty length', 'GET / HTTP/1.1\r\nContent-Length:\r\n\r\n'],
  [
    'a length and chunks',
    'GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['chunks that are not last', 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n'],
]

for (const [promise, text] of MALFORMED) {
  test(`${promise}: refused, whole and octet by octet`, () => {
    expect(wordOf(requestOf(text))).toBe('malformed')
    const parser = new MessageParser('request', LIMIT)
    const words: string[] = []
    for (const octet of text) {
      words.push(wordOf(parser.requestHead(octets(octet))))
      if (words.at(-1) !== 'unfinished') break
    }
    expect(words.at(-1)).toBe('malformed')
    // What was wrong is forgotten.
    expect(parser.isInside).toBe(false)
    expect(parser.requestHead(octets(GET))).toMatchObject({ kind: 'head' })
  })
}

test('target, names and values together may be as large as the limit, and not an octet larger', () => {
  const sized = (count: number): string => `GET /${'x'.repeat(count - 4)} HTTP/1.1\r\nA:bc\r\n\r\n`
  expect(wordOf(requestOf(sized(LIMIT)))).toBe('head')
  expect(requestOf(sized(LIMIT + 1))).toEqual({
    kind: 'fault',
    fault: { kind: 'head-too-large', limit: LIMIT },
  })
  const value = (count: number): string => `GET / HTTP/1.1\r\nA:${'x'.repeat(count - 2)}\r\n\r\n`
  expect(wordOf(requestOf(value(LIMIT)))).toBe('head')
  expect(wordOf(requestOf(value(LIMIT + 1)))).toBe('head-too-large')
  const name = (count: number): string => `GET / HTTP/1.1\r\n${'x'.repeat(count - 2)}:a\r\n\r\n`
  expect(wordOf(requestOf(name(LIMIT)))).toBe('head')
  expect(wordOf(requestOf(name(LIMIT + 1)))).toBe('head-too-large')
})

test('what a head may have does not hang on how it was cut, or on empty lines in front', () => {
  const whole = `\r\n\r\nGET /${'x'.repeat(LIMIT - 4)} HTTP/1.1\r\nA:bc\r\n\r\n`
  expect(wordOf(requestOf(whole))).toBe('head')
  for (const cut of [2, 4, 5, 6, 7, 8, 9, 20]) {
    const parser = new MessageParser('request', LIMIT)
    expect(wordOf(parser.requestHead(octets(whole.slice(0, cut))))).toBe('unfinished')
    expect(wordOf(parser.requestHead(octets(whole.slice(cut))))).toBe('head')
  }
  const answer = `HTTP/1.1 200 OK\r\nA:${'x'.repeat(LIMIT - 3)}\r\n\r\n`
  for (const cut of [1, 9, 12, 15, 17]) {
    const parser = new MessageParser('response', LIMIT)
    expect(wordOf(parser.responseHead(octets(answer.slice(0, cut)), 'GET'))).toBe('unfinished')
    expect(wordOf(parser.responseHead(octets(answer.slice(cut)), 'GET'))).toBe('head')
  }
})

test('a head that is too large is forgotten', () => {
  const parser = new MessageParser('request', LIMIT)
  expect(wordOf(parser.requestHead(octets(`GET /${'x'.repeat(LIMIT)} HTTP/1.1\r\n`)))).toBe(
    'head-too-large',
  )
  expect(parser.isInside).toBe(false)
  expect(parser.requestHead(octets(GET))).toMatchObject({ kind: 'head', head: { target: '/' } })
})

test('what stands between names and values of a head that is cut does not count', () => {
  const text = `GET / HTTP/1.1\r\n${'A:b\r\n'.repeat(LIMIT / 2 - 1)}\r\n`
  const parser = new MessageParser('request', LIMIT)
  expect(wordOf(parser.requestHead(octets(text.slice(0, -1))))).toBe('unfinished')
  expect(wordOf(parser.requestHead(octets(text.slice(-1))))).toBe('head')
})

test('a head of as many octets as it may have can still be malformed', () => {
  expect(wordOf(requestOf(`GET /${'x'.repeat(LIMIT - 1)} HTTQ`))).toBe('malformed')
})

test('as many octets of empty lines as a head may have begin nothing, and not one more', () => {
  for (const limit of [LIMIT, 65_536, 1_000_000]) {
    const most = Math.min(limit, 65_999)
    const parser = new MessageParser('request', limit)
    expect(wordOf(parser.requestHead(octets('\n'.repeat(most))))).toBe('unfinished')
    expect(parser.isInside).toBe(false)
    expect(wordOf(parser.requestHead(octets('\n')))).toBe('head-too-large')
    expect(wordOf(parser.requestHead(octets(GET)))).toBe('head')
  }
})

test('blank lines in front of a request do not go on for ever', () => {
  const parser = new MessageParser('request', LIMIT)
  let count = 0
  let result = parser.requestHead(octets('\r\n'))
  for (; result.kind === 'unfinished' && count < LIMIT; count += 1) {
    result = parser.requestHead(octets('\r\n'))
  }
  expect(wordOf(result)).toBe('head-too-large')
})

/** A parser that has read the head of a request in chunks. */
function chunksBegun(): MessageParser {
  const parser = new MessageParser('request', LIMIT)
  parser.requestHead(octets('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'))
  return parser
}

const bodyOf = (parser: MessageParser, text: string) => {
  const result = parser.body(octets(text))
  if (result.kind === 'fault') return wordOf(result)
  const { pieces, taken, trailers } = result
  return { body: Buffer.concat(pieces).toString('latin1'), taken, trailers }
}

test('a body in chunks ends behind its trailers, and what follows is left', () => {
  const parser = chunksBegun()
  const text = '3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u \r\nV:\r\n\r\n'
  const body = { body: 'abc0123456789', taken: text.length, trailers: ['T', 'u', 'V', ''] }
  expect(bodyOf(parser, `${text}${GET}`)).toEqual(body)
  expect(parser.isInside).toBe(false)
  expect(parser.requestHead(octets(GET))).toMatchObject({ kind: 'head', taken: GET.length })
})

test('a body in chunks may be cut anywhere', () => {
  const text = '3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n'
  const parser = chunksBegun()
  let whole = ''
  for (const [index, octet] of text.split('').entries()) {
    const read = bodyOf(parser, octet)
    if (typeof read === 'string') expect.fail(read)
    whole += read.body
    expect(read.trailers).toEqual(index === text.length - 1 ? ['T', 'u'] : undefined)
  }
  expect(whole).toBe('abc0123456789')
})

for (const [promise, text] of [
  ['a size that is no number', 'x\r\n'],
  ['a size beyond all numbers', `${'f'.repeat(17)}\r\n`],
  ['more octets than the size says', '1\r\nab\r\n'],
  ['a bare line feed behind a size', '1\na\r\n'],
  ['a trailer that is none', '0\r\nA b: c\r\n\r\n'],
] as const) {
  test(`in a body in chunks, ${promise} is malformed`, () => {
    const parser = chunksBegun()
    expect(bodyOf(parser, text)).toBe('malformed')
    expect(parser.isInside).toBe(false)
  })
}

test('between two octets of a body, 16,384 octets of framing are read and not one more', () => {
  const parser = chunksBegun()
  expect(bodyOf(parser, `1;${'x'.repeat(16_382)}`)).toMatchObject({ body: '', taken: 16_384 })
  expect(bodyOf(parser, 'x')).toBe('chunk-overhead')
  // An octet of the body begins the count anew.
  const other = chunksBegun()
  expect(bodyOf(other, `1;${'x'.repeat(16_380)}\r\n`)).toMatchObject({ body: '', taken: 16_384 })
  expect(bodyOf(other, 'a')).toMatchObject({ body: 'a' })
  expect(bodyOf(other, `\r\n1;${'x'.repeat(16_380)}`)).toMatchObject({ body: '' })
  expect(bodyOf(other, 'x')).toBe('chunk-overhead')
  expect(other.isInside).toBe(false)
})

test('a second body in chunks is held to what it says itself, and not to what the first one said', () => {
  const parser = chunksBegun()
  expect(parser.isInside).toBe(true)
  expect(bodyOf(parser, `0;${'x'.repeat(16_000)}\r\n\r\n`)).toMatchObject({ trailers: [] })
  parser.requestHead(octets('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'))
  expect(bodyOf(parser, `1;${'x'.repeat(16_000)}\r\na\r\n`)).toMatchObject({ body: 'a' })
})

test('a trailer that frames is judged when the trailers are whole', () => {
  const parser = chunksBegun()
  expect(bodyOf(parser, '0\r\nTransfer-Encoding:\r\nX')).toMatchObject({ trailers: undefined })
  expect(bodyOf(parser, ': y\r\n\r\n')).toBe('malformed')
})

test('an empty trailer that frames is left to the one who passes an answer on', () => {
  const parser = new MessageParser('response', LIMIT)
  parser.responseHead(octets('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), 'GET')
  expect(bodyOf(parser, '0\r\nTransfer-Encoding:\r\n\r\n')).toMatchObject({
    trailers: ['Transfer-Encoding', ''],
  })
})

test('what is wrong is said', () => {
  const reasonOf = (result: HeadResult<unknown> | BodyResult): string =>
    result.kind === 'fault' && result.fault.kind === 'malformed' ? result.fault.reason : ''
  expect(reasonOf(requestOf('GET  / HTTP/1.1\r\n\r\n'))).toBe(
    'Expected method, one blank, target, one blank, HTTP version',
  )
  expect(reasonOf(requestOf('NONE / HTTP/1.1\r\n\r\n'))).toMatch(/^Invalid method/)
  expect(reasonOf(responseOf('RTSP/1.0 200 OK\r\n\r\n'))).toBe('Expected HTTP/1.x')
  expect(reasonOf(responseOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'))).toBe(
    'Unknown transfer coding',
  )
  expect(reasonOf(chunksBegun().body(octets('0\r\nTransfer-Encoding:\r\n\r\n')))).toBe(
    'Framing in a trailer',
  )
})

test('trailers have the limit of a head, for themselves', () => {
  const trailer = (count: number): string => `0\r\nA:${'x'.repeat(count - 1)}\r\n\r\n`
  expect(bodyOf(chunksBegun(), trailer(LIMIT))).toMatchObject({ body: '' })
  expect(bodyOf(chunksBegun(), trailer(LIMIT + 1))).toBe('head-too-large')
})

test('a body is not read where none in chunks was begun', () => {
  expect(() => new MessageParser('request', LIMIT).body(octets('0\r\n\r\n'))).toThrow('no body')
})

const RESPONSES: readonly (readonly [string, string, Partial<ResponseMessage>])[] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', { body: 3, keepAlive: true }],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { body: 'chunked' }],
  ['neither', 'HTTP/1.1 200 OK\r\n\r\n', { body: 'until-close', keepAlive: false }],
  ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n', { body: 0, keepAlive: true }],
  ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n', { body: 0 }],
  ['103', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n', { status: 103, body: 0 }],
  ['no reason', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { reason: '', body: 0 }],
  [
    'close',
    'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n',
    { keepAlive: false },
  ],
  [
    'chunks of HTTP/1.0, after which nothing can be trusted',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n',
    { body: 'chunked', keepAlive: false },
  ],
]

for (const [promise, text, head] of RESPONSES) {
  test(`a response with ${promise} is read, and cut anywhere`, () => {
    const whole = responseOf(text)
    expect(whole).toMatchObject({ kind: 'head', head, taken: text.length })
    for (let cut = 1; cut < text.length; cut += 1) {
      const parser = new MessageParser('response', LIMIT)
      expect(wordOf(parser.responseHead(octets(text.slice(0, cut)), 'GET'))).toBe('unfinished')
      const rest = parser.responseHead(octets(text.slice(cut)), 'GET')
      expect(rest).toEqual({ ...whole, taken: text.length - cut })
    }
  })
}

for (const [promise, line, method, kept] of [
  ['HTTP/1.1 with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 1', 'GET', true],
  ['HTTP/1.1 in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', 'GET', true],
  ['HTTP/1.1 without a length', 'HTTP/1.1 200 OK\r\nA: b', 'GET', false],
  ['HTTP/1.1 to HEAD without a length', 'HTTP/1.1 200 OK\r\nA: b', 'HEAD', true],
  ['HTTP/1.0 to HEAD without a length', 'HTTP/1.0 200 OK\r\nA: b', 'HEAD', false],
  ['HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 1', 'GET', false],
  [
    'HTTP/1.0 that is kept',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1',
    'GET',
    true,
  ],
] as const) {
  test(`an answer of ${promise} ${kept ? 'keeps' : 'ends'} its connection, and the next head is read`, () => {
    const parser = new MessageParser('response', LIMIT)
    const read = parser.responseHead(octets(`${line}\r\n\r\n`), method)
    expect(read).toMatchObject({ kind: 'head', head: { keepAlive: kept } })
    if (line.includes('chunked')) bodyOf(parser, '0\r\n\r\n')
    expect(parser.isInside).toBe(false)
    const next = parser.responseHead(octets('HTTP/1.1 204 None\r\nB: c\r\n\r\n'), 'GET')
    expect(next).toMatchObject({
      kind: 'head',
      head: { status: 204, reason: 'None', fields: ['B', 'c'] },
    })
  })
}

test('the answer to HEAD has no body, whatever it says', () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'
  expect(responseOf(text, 'HEAD')).toMatchObject({ head: { body: 0, keepAlive: true } })
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  expect(responseOf(chunked, 'HEAD')).toMatchObject({ head: { body: 0 } })
})

for (const [promise, text] of [
  ['another protocol', 'RTSP/1.0 200 OK\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a coding below chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['a coding without chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
  [
    'a length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
] as const) {
  test(`a response with ${promise} is refused`, () => {
    expect(wordOf(responseOf(text))).toBe('malformed')
  })
}

test('of a hundred messages that are read at once, each in pieces, none learns of another', () => {
  const heads = Array.from({ length: 100 }, (_, n) => `GET /${n} HTTP/1.1\r\nX: ${n}\r\n\r\n`)
  const parsers = heads.map(() => new MessageParser('request', LIMIT))
  const last: unknown[] = []
  for (let at = 0; at < 40; at += 1) {
    for (const [index, head] of heads.entries()) {
      const octet = head[at]
      if (octet !== undefined) last[index] = parsers[index]?.requestHead(octets(octet))
    }
  }
  for (const [n, result] of last.entries()) {
    expect(result).toMatchObject({ kind: 'head', head: { target: `/${n}`, fields: ['X', `${n}`] } })
  }
  // Those that are used again begin anew, also where one before was given up inside its head.
  const givenUp = new MessageParser('request', LIMIT)
  givenUp.requestHead(octets('GET /half HTTP/1.1\r\nX: half'))
  givenUp.reset()
  expect(requestOf(GET)).toMatchObject({
    kind: 'head',
    head: { target: '/', fields: ['Host', 'a'] },
  })
})
