import { expect, test } from 'vitest'
import { absoluteForm, parseTarget } from '../../src/message/target.ts'

const accepted: readonly (readonly [promise: string, raw: string, path: string])[] = [
  ['the root', '/', '/'],
  ['plain segments', '/mifs/c/i/reg.html', '/mifs/c/i/reg.html'],
  ['a slash at the end', '/a/', '/a/'],
  ['a dot inside a segment', '/a.b/.well-known', '/a.b/.well-known'],
  ['dots before more', '/..a/.b', '/..a/.b'],
  ['an escaped space inside a segment', '/a%20b', '/a b'],
  ['an escaped unreserved character', '/%7Euser/%61', '/~user/a'],
  ['UTF-8 of two octets', '/caf%C3%A9', '/café'],
  ['UTF-8 of two octets, decomposed', '/cafe%CC%81', '/cafe\u0301'],
  ['UTF-8 of four octets', '/%F0%9F%93%B1', '/📱'],
  ['sub-delimiters', "/a!$&'()*+,=:@b", "/a!$&'()*+,=:@b"],
  ['quotes that a client should have escaped', '/with_"lovely"_quotes', '/with_"lovely"_quotes'],
  ['the last printable character', '/~', '/~'],
  ['the first printable character', '/!', '/!'],
]

for (const [promise, raw, path] of accepted) {
  test(`a path may hold ${promise}`, () => {
    const folded = path.normalize('NFC') === path ? undefined : path.normalize('NFC')
    expect(parseTarget(raw)).toEqual({ ok: true, value: { path, folded, query: undefined, raw } })
  })
}

test('the query begins at the first question mark and stays as it was sent', () => {
  const raw = '/a%20b?x=%2e%2E%2f..;/\\%zz&y=?|"'
  expect(parseTarget(raw)).toEqual({
    ok: true,
    value: { path: '/a b', folded: undefined, query: 'x=%2e%2E%2f..;/\\%zz&y=?|"', raw },
  })
})

test('a query may hold every printable character but the hash', () => {
  const raw = '/a?!"$%&\'()*+,-./0:;<=>?@A[\\]^_`a{|}~'
  expect(parseTarget(raw)).toMatchObject({ value: { path: '/a', raw } })
})

test('an empty query is a query', () => {
  expect(parseTarget('/a?')).toMatchObject({ value: { path: '/a', query: '' } })
})

const absolute: readonly (readonly [raw: string, parts: object | undefined])[] = [
  ['/a', undefined],
  ['*', undefined],
  ['http://host/a', undefined],
  ['ahttps://host/a', undefined],
  ['https:/host/a', undefined],
  ['https://host', { authority: 'host', origin: '/' }],
  ['HTTPS://Host:443/a?b', { authority: 'Host:443', origin: '/a?b' }],
  ['https://host?q=/a', { authority: 'host', origin: '/?q=/a' }],
  ['https://host#a', { authority: 'host', origin: '/#a' }],
  ['https:///a', { authority: '', origin: '/a' }],
  ['https://user@host//a', { authority: 'user@host', origin: '//a' }],
]

for (const [raw, parts] of absolute) {
  test(`${raw} is ${parts === undefined ? 'no URL of https' : 'taken apart'}`, () => {
    expect(absoluteForm(raw)).toEqual(parts)
  })
}

test('a query may be longer than a path', () => {
  expect(parseTarget(`/${'a'.repeat(7999)}?${'a'.repeat(8000)}`)).toMatchObject({ ok: true })
})

test('a path of the longest allowed length is read, one more is not', () => {
  expect(parseTarget(`/${'a'.repeat(7999)}`)).toMatchObject({ ok: true })
  expect(parseTarget(`/${'a'.repeat(8000)}`)).toEqual({
    ok: false,
    failure: { kind: 'too-long', length: 8001, limit: 8000 },
  })
})

const refused: readonly (readonly [raw: string, failure: object])[] = [
  ['*', { kind: 'asterisk-form' }],
  ['http://host/path', { kind: 'absolute-form' }],
  ['HTTPS://host', { kind: 'absolute-form' }],
  ['host:443', { kind: 'authority-form' }],
  ['path', { kind: 'authority-form' }],
  ['', { kind: 'authority-form' }],
  ['**', { kind: 'authority-form' }],
  ['+http://host', { kind: 'authority-form' }],
  ['/a b', { kind: 'forbidden-octet', at: 2 }],
  ['/a\tb', { kind: 'forbidden-octet', at: 2 }],
  ['/a\0', { kind: 'forbidden-octet', at: 2 }],
  ['/a\x7f', { kind: 'forbidden-octet', at: 2 }],
  ['/caf\u00e9', { kind: 'forbidden-octet', at: 4 }],
  ['/a?b\x7f', { kind: 'forbidden-octet', at: 4 }],
  ['/a? ', { kind: 'forbidden-octet', at: 3 }],
  ['/a?\u00e9', { kind: 'forbidden-octet', at: 3 }],
  ['/a#b', { kind: 'fragment', at: 2 }],
  ['/a?b#c', { kind: 'fragment', at: 4 }],
  ['/mifs/.;/services/', { kind: 'path-parameter', at: 7 }],
  ['/a;jsessionid=1', { kind: 'path-parameter', at: 2 }],
  ['/a/..;/b', { kind: 'path-parameter', at: 5 }],
  ['/a\\b', { kind: 'backslash', at: 2 }],
  ['//host/a', { kind: 'empty-segment', at: 1 }],
  ['/a//b', { kind: 'empty-segment', at: 3 }],
  ['/a//', { kind: 'empty-segment', at: 3 }],
  ['//', { kind: 'empty-segment', at: 1 }],
  ['/.', { kind: 'dot-segment', at: 1 }],
  ['/..', { kind: 'dot-segment', at: 1 }],
  ['/a/./b', { kind: 'dot-segment', at: 3 }],
  ['/a/../b', { kind: 'dot-segment', at: 3 }],
  ['/a/..', { kind: 'dot-segment', at: 3 }],
  ['/a/../', { kind: 'dot-segment', at: 3 }],
  ['/a/.../b', { kind: 'dot-segment', at: 3 }],
  ['/admin.', { kind: 'trailing-dot', at: 1 }],
  ['/.admin.', { kind: 'trailing-dot', at: 1 }],
  ['/admin./x', { kind: 'trailing-dot', at: 1 }],
  ['/x/admin%20', { kind: 'trailing-dot', at: 3 }],
  ['/admin%20/x', { kind: 'trailing-dot', at: 1 }],
  ['/a%2Fb', { kind: 'encoded-delimiter', at: 2 }],
  ['/a%2fb', { kind: 'encoded-delimiter', at: 2 }],
  ['/a%5cb', { kind: 'encoded-delimiter', at: 2 }],
  ['/a%3Bb', { kind: 'encoded-delimiter', at: 2 }],
  ['/a%3Fb', { kind: 'encoded-delimiter', at: 2 }],
  ['/a%23b', { kind: 'encoded-delimiter', at: 2 }],
  ['/a/%2e%2e/b', { kind: 'encoded-delimiter', at: 3 }],
  ['/a%2Eb', { kind: 'encoded-delimiter', at: 2 }],
  ['/a%00', { kind: 'encoded-control', at: 2 }],
  ['/a%0d%0aX', { kind: 'encoded-control', at: 2 }],
  ['/a%1F', { kind: 'encoded-control', at: 2 }],
  ['/a%7f', { kind: 'encoded-control', at: 2 }],
  ['/a%252e', { kind: 'double-encoding', at: 2 }],
  ['/100%25', { kind: 'double-encoding', at: 4 }],
  ['/a%', { kind: 'bad-escape', at: 2 }],
  ['/a%4', { kind: 'bad-escape', at: 2 }],
  ['/a%4g', { kind: 'bad-escape', at: 2 }],
  ['/a%g4', { kind: 'bad-escape', at: 2 }],
  ['/a%%41', { kind: 'bad-escape', at: 2 }],
  ['/a%+4', { kind: 'bad-escape', at: 2 }],
  ['/a%u002e', { kind: 'bad-escape', at: 2 }],
  ['/a%4?1', { kind: 'bad-escape', at: 2 }],
  ['/%C0%AF', { kind: 'bad-utf-8' }],
  ['/%C0%AE%C0%AE', { kind: 'bad-utf-8' }],
  ['/%E0%80%AF', { kind: 'bad-utf-8' }],
  ['/%ED%A0%80', { kind: 'bad-utf-8' }],
  ['/%E9', { kind: 'bad-utf-8' }],
  ['/%C3', { kind: 'bad-utf-8' }],
  ['/%F4%90%80%80', { kind: 'bad-utf-8' }],
  // Full-width slash, one-dot leader; C1 control, line and paragraph separator; fraction slash.
  ['/a%EF%BC%8Fb', { kind: 'look-alike' }],
  ['/%E2%80%A4%E2%80%A4', { kind: 'look-alike' }],
  ['/a%C2%85', { kind: 'look-alike' }],
  ['/a%E2%80%A8', { kind: 'look-alike' }],
  ['/a%E2%80%A9', { kind: 'look-alike' }],
  ['/a%E2%81%84b', { kind: 'look-alike' }],
  // Division slash, set minus, yen and won sign: slashes in code pages of Windows.
  ['/a%E2%88%95b', { kind: 'look-alike' }],
  ['/a%E2%88%96b', { kind: 'look-alike' }],
  ['/a%C2%A5b', { kind: 'look-alike' }],
  ['/a%E2%82%A9b', { kind: 'look-alike' }],
  // What becomes one of these when it is folded: a half, a fraction's numerator, full-width yen and won signs.
  ['/a%C2%BDb', { kind: 'look-alike' }],
  ['/a%E2%85%9Fb', { kind: 'look-alike' }],
  ['/a%EF%BF%A5b', { kind: 'look-alike' }],
  ['/a%EF%BF%A6b', { kind: 'look-alike' }],
  // The same beside a character that is dropped.
  ['/a%C2%A5%E2%80%8Bb', { kind: 'look-alike' }],
  // Full-width backslash, dot, semicolon, percent sign, question mark and number sign; an ellipsis.
  ['/a%EF%BC%BCb', { kind: 'look-alike' }],
  ['/a%EF%BC%8Eb', { kind: 'look-alike' }],
  ['/a%EF%BC%9Bb', { kind: 'look-alike' }],
  ['/a%EF%BC%852e', { kind: 'look-alike' }],
  ['/a%EF%BC%9Fb', { kind: 'look-alike' }],
  ['/a%EF%BC%83b', { kind: 'look-alike' }],
  ['/a%E2%80%A6b', { kind: 'look-alike' }],
  // A segment that is empty, or ends in a dot or a space, once what has no width is dropped or folded.
  ['/a/%E2%80%8B/b', { kind: 'look-alike' }],
  ['/%E2%80%8B/b', { kind: 'look-alike' }],
  ['/..%E2%80%8B/b', { kind: 'look-alike' }],
  ['/a/.%EF%B8%8F', { kind: 'look-alike' }],
  ['/admin.%C2%AD', { kind: 'look-alike' }],
  ['/admin%C2%A0/x', { kind: 'look-alike' }],
  ['/admin%E3%80%80', { kind: 'look-alike' }],
]

for (const [promise, raw, path, folded] of [
  [
    'a full-width bracket',
    '/files/%E8%AF%B4%E6%98%8E%EF%BC%88%E6%96%B0%EF%BC%89.pdf',
    '/files/说明（新）.pdf',
    '/files/说明(新).pdf',
  ],
  ['a long s', '/mif%C5%BF', '/mif\u017f', '/mifs'],
  ['a space without a width', '/ad%E2%80%8Bmin', '/ad\u200bmin', '/admin'],
  ['a soft hyphen', '/ad%C2%ADmin', '/ad\u00admin', '/admin'],
  ['a variation selector', '/%E2%98%BA%EF%B8%8F.png', '/\u263a\ufe0f.png', '/\u263a.png'],
  ['a space that does not break', '/a%C2%A0b', '/a\u00a0b', '/a b'],
  ['a ligature', '/%EF%AC%81le', '/\ufb01le', '/file'],
  ['a half-width letter', '/%EF%BD%B6', '/\uff76', '/\u30ab'],
  ['nothing but a character without a width at its end', '/a/%E2%80%8B', '/a/\u200b', '/a/'],
] as const) {
  test(`a path with ${promise} is read in both ways, for the table to compare`, () => {
    expect(parseTarget(raw)).toEqual({ ok: true, value: { path, folded, query: undefined, raw } })
  })
}

for (const [raw, failure] of refused) {
  test(`a target that may be read in two ways is refused: ${JSON.stringify(raw)}`, () => {
    expect(parseTarget(raw)).toEqual({ ok: false, failure })
  })
}

test('what is accepted stays the same when it is decoded again, and means the same to a URL parser', () => {
  const pieces = ['/', '/a', '.', '..', '%', '%2', '%25', '%2e', '%41', '%C3%A9', '%20', ';', '\\']
  const parts = [...pieces, '%2F', '//', '~', 'b', '%c3', '%AF', '"', ' ', '?', '#', '%7e']
  const random = randomness(7)
  let taken = 0
  for (let round = 0; round < 10_000; round++) {
    let raw = '/'
    for (let part = 1 + (random() % 6); part > 0; part--) raw += parts[random() % parts.length]
    const parsed = parseTarget(raw)
    if (!parsed.ok) continue
    taken++
    const { path } = parsed.value
    expect(decodeURIComponent(path)).toBe(path)
    expect(decodeURIComponent(new URL(`https://host${raw}`).pathname)).toBe(path)
    expect(parseTarget(encodeURI(path))).toMatchObject({ value: { path } })
  }
  expect(taken).toBeGreaterThan(300)
})

/** The same numbers in every run (xorshift). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
