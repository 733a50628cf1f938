import { expect, test } from 'vitest'
import { findRoute, routeOf, routeTable, type RouteRow } from '../../src/message/route.ts'
import { parseTarget } from '../../src/message/target.ts'
import type { RouteClass } from '../../src/decide/policy.ts'

/** `<class> <path> [methods]`; the whole text is the row's id. */
function row(text: string): RouteRow {
  const [kind, path = '', methods] = text.split(' ')
  return { id: text, path, methods: methods?.split(','), class: kind as RouteClass }
}

function routed(rows: readonly string[], request: string): string | undefined {
  const [method = '', path = ''] = request.split(' ')
  const table = routeTable(rows.map(row))
  if (!table.ok) throw new Error(JSON.stringify(table.failure))
  return findRoute(table.value, method, path)?.id
}

interface Row {
  readonly promise: string
  readonly rows: readonly string[]
  readonly request: string
  readonly meets: string | undefined
}

const EPMM = [
  'device /mifs/*',
  'open /mifs/c/i/*',
  'denied /mifs/admin/*',
  'denied /mics/*',
  'open /mifs/c/i/reg/reg.html',
  'denied /mifs/c/*',
]

const rows: readonly Row[] = [
  { promise: 'an empty table serves nothing', rows: [], request: 'GET /', meets: undefined },
  {
    promise: 'a path that no row matches is not served',
    rows: EPMM,
    request: 'GET /other',
    meets: undefined,
  },
  {
    promise: 'an exact row matches its path',
    rows: ['open /a'],
    request: 'GET /a',
    meets: 'open /a',
  },
  {
    promise: 'an exact row matches nothing below it',
    rows: ['open /a'],
    request: 'GET /a/b',
    meets: undefined,
  },
  {
    promise: 'an exact admitting row does not match a slash at the end',
    rows: ['open /a'],
    request: 'GET /a/',
    meets: undefined,
  },
  {
    promise: 'an exact row may end in a slash',
    rows: ['open /a/'],
    request: 'GET /a/',
    meets: 'open /a/',
  },
  { promise: 'the root may be an exact row', rows: ['open /'], request: 'GET /', meets: 'open /' },
  {
    promise: 'the root row is not a prefix',
    rows: ['open /'],
    request: 'GET /a',
    meets: undefined,
  },
  {
    promise: 'a prefix matches itself',
    rows: ['open /a/*'],
    request: 'GET /a',
    meets: 'open /a/*',
  },
  {
    promise: 'a prefix matches itself with a slash',
    rows: ['open /a/*'],
    request: 'GET /a/',
    meets: 'open /a/*',
  },
  {
    promise: 'a prefix matches far below itself',
    rows: ['open /a/*'],
    request: 'GET /a/b/c/d',
    meets: 'open /a/*',
  },
  {
    promise: 'a prefix ends at a segment, not inside one',
    rows: ['open /a/*'],
    request: 'GET /ab',
    meets: undefined,
  },
  {
    promise: 'a longer prefix does not match a shorter path',
    rows: ['open /a/b/*'],
    request: 'GET /a',
    meets: undefined,
  },
  {
    promise: 'everything may be one prefix',
    rows: ['open /*'],
    request: 'GET /a/b',
    meets: 'open /*',
  },
  {
    promise: 'everything includes the root',
    rows: ['open /*'],
    request: 'GET /',
    meets: 'open /*',
  },
  {
    promise: 'a longer prefix beats a shorter one',
    rows: ['device /a/*', 'open /a/b/*'],
    request: 'GET /a/b/c',
    meets: 'open /a/b/*',
  },
  {
    promise: 'a longer prefix beats a shorter one that stands after it',
    rows: ['open /a/b/*', 'device /a/*'],
    request: 'GET /a/b/c',
    meets: 'open /a/b/*',
  },
  {
    promise: 'an exact row beats a prefix at the same place',
    rows: ['device /a/*', 'open /a'],
    request: 'GET /a',
    meets: 'open /a',
  },
  {
    promise: 'an admitting row matches its own case only',
    rows: ['open /a'],
    request: 'GET /A',
    meets: undefined,
  },
  {
    promise: 'an admitting prefix matches its own case only',
    rows: ['open /a/*'],
    request: 'GET /A/b',
    meets: undefined,
  },

  {
    promise: 'a row without methods takes every method',
    rows: ['open /a'],
    request: 'BREW /a',
    meets: 'open /a',
  },
  {
    promise: 'a row without methods does not take TRACE, which would echo what we say',
    rows: ['open /a'],
    request: 'TRACE /a',
    meets: undefined,
  },
  {
    promise: 'a denied row without methods takes TRACE, too',
    rows: ['device /* TRACE', 'denied /a/*'],
    request: 'TRACE /a/b',
    meets: 'denied /a/*',
  },
  {
    promise: 'a row may list TRACE',
    rows: ['open /a TRACE'],
    request: 'TRACE /a',
    meets: 'open /a TRACE',
  },
  {
    promise: 'a row takes the methods that it lists',
    rows: ['open /a GET,POST'],
    request: 'POST /a',
    meets: 'open /a GET,POST',
  },
  {
    promise: 'a row takes no other method',
    rows: ['open /a GET,POST'],
    request: 'PUT /a',
    meets: undefined,
  },
  {
    promise: 'methods keep their case',
    rows: ['open /a GET'],
    request: 'get /a',
    meets: undefined,
  },
  { promise: 'GET includes HEAD', rows: ['open /a GET'], request: 'HEAD /a', meets: 'open /a GET' },
  {
    promise: 'POST does not include HEAD',
    rows: ['open /a POST'],
    request: 'HEAD /a',
    meets: undefined,
  },
  {
    promise: 'a row for HEAD goes before one for GET',
    rows: ['open /a GET', 'device /a HEAD'],
    request: 'HEAD /a',
    meets: 'device /a HEAD',
  },
  {
    promise: 'a row that lists the method goes before one for every method',
    rows: ['device /a', 'open /a GET'],
    request: 'GET /a',
    meets: 'open /a GET',
  },
  {
    promise: 'the row for every method takes what the other does not list',
    rows: ['open /a GET', 'device /a'],
    request: 'POST /a',
    meets: 'device /a',
  },
  {
    promise: 'of several rows of one path each takes its own methods, wherever it stands',
    rows: ['open /a GET', 'device /a POST'],
    request: 'GET /a',
    meets: 'open /a GET',
  },
  {
    promise: 'of several rows of one path the last one takes its own methods, too',
    rows: ['open /a GET', 'device /a POST'],
    request: 'POST /a',
    meets: 'device /a POST',
  },
  {
    promise: 'a row without methods takes HEAD',
    rows: ['open /a'],
    request: 'HEAD /a',
    meets: 'open /a',
  },
  {
    promise: 'of two denied rows that list a method the first one is met',
    rows: ['denied /a GET', 'denied /a GET,PUT'],
    request: 'GET /a',
    meets: 'denied /a GET',
  },
  {
    promise: 'of two denied rows that deny HEAD by GET the first one is met',
    rows: ['denied /a GET', 'denied /a GET,PUT'],
    request: 'HEAD /a',
    meets: 'denied /a GET',
  },
  {
    promise: 'of two denied rows for every method the first one is met',
    rows: ['denied /a', 'denied /A'],
    request: 'GET /a',
    meets: 'denied /a',
  },
  {
    promise: 'an exact row cuts a hole into a denied prefix of the same length',
    rows: ['open /a/b', 'denied /a/b/*'],
    request: 'GET /a/b',
    meets: 'open /a/b',
  },
  {
    promise: 'a denied row matches the decomposed spelling of its characters',
    rows: ['device /*', 'denied /caf\u00e9/*'],
    request: 'GET /cafe\u0301/x',
    meets: 'denied /caf\u00e9/*',
  },
  {
    promise: 'a method that the owner of a path does not list is not handed to a wider row',
    rows: ['always /a GET', 'open /*'],
    request: 'POST /a',
    meets: undefined,
  },

  {
    promise: 'a denied row cuts a hole into a wider one',
    rows: EPMM,
    request: 'GET /mifs/admin/x',
    meets: 'denied /mifs/admin/*',
  },
  {
    promise: 'a denied prefix denies itself',
    rows: EPMM,
    request: 'GET /mifs/admin',
    meets: 'denied /mifs/admin/*',
  },
  {
    promise: 'a denied row is met though no other row is near',
    rows: EPMM,
    request: 'GET /mics/x',
    meets: 'denied /mics/*',
  },
  {
    promise: 'a denied row matches in any case',
    rows: EPMM,
    request: 'GET /mifs/ADMIN/x',
    meets: 'denied /mifs/admin/*',
  },
  {
    promise: 'a denied row written in capitals matches in any case',
    rows: ['device /*', 'denied /Admin/*'],
    request: 'GET /admin/x',
    meets: 'denied /Admin/*',
  },
  {
    promise: 'a denied row beats the owner of a path in its exact case',
    rows: ['device /mifs/*', 'denied /MIFS/admin/*'],
    request: 'GET /mifs/admin/x',
    meets: 'denied /MIFS/admin/*',
  },
  {
    promise: 'a denied exact row matches a slash at the end',
    rows: ['device /*', 'denied /admin'],
    request: 'GET /admin/',
    meets: 'denied /admin',
  },
  {
    promise: 'a denied row that ends in a slash matches without it',
    rows: ['device /*', 'denied /admin/'],
    request: 'GET /admin',
    meets: 'denied /admin/',
  },
  {
    promise: 'a denied exact row denies nothing below it',
    rows: ['device /*', 'denied /admin'],
    request: 'GET /admin/x',
    meets: 'device /*',
  },
  {
    promise: 'a denied row matches characters that fold to its own',
    rows: ['device /*', 'denied /kiosk/*'],
    request: 'GET /\u212aiosk',
    meets: 'denied /kiosk/*',
  },
  {
    promise: 'a denied row matches a dotless i',
    rows: ['device /*', 'denied /mifs/*'],
    request: 'GET /m\u0131fs',
    meets: 'denied /mifs/*',
  },
  {
    promise: 'the denied root leaves the rest alone',
    rows: ['device /*', 'denied /'],
    request: 'GET /a',
    meets: 'device /*',
  },
  {
    promise: 'the root may be denied',
    rows: ['device /*', 'denied /'],
    request: 'GET /',
    meets: 'denied /',
  },
  {
    promise: 'the rest may be denied',
    rows: ['device /a/*', 'denied /*'],
    request: 'GET /b',
    meets: 'denied /*',
  },
  {
    promise: 'denying the rest leaves the named rows alone',
    rows: ['device /a/*', 'denied /*'],
    request: 'GET /a/b',
    meets: 'device /a/*',
  },
  {
    promise: 'a more specific row cuts a hole into a denied one',
    rows: EPMM,
    request: 'GET /mifs/c/i/x',
    meets: 'open /mifs/c/i/*',
  },
  {
    promise: 'an exact row cuts a hole into a denied one',
    rows: ['open /a/b', 'denied /a/*'],
    request: 'GET /a/b',
    meets: 'open /a/b',
  },
  {
    promise: 'the hole in a denied row has its exact case',
    rows: EPMM,
    request: 'GET /mifs/c/I/x',
    meets: 'denied /mifs/c/*',
  },
  {
    promise: 'between two denied rows the more specific one is met',
    rows: ['device /*', 'denied /a/*', 'denied /a/b/*'],
    request: 'GET /a/b',
    meets: 'denied /a/b/*',
  },
  {
    promise: 'a denied row for some methods denies those',
    rows: ['device /a/*', 'denied /a/* DELETE'],
    request: 'DELETE /a/b',
    meets: 'denied /a/* DELETE',
  },
  {
    promise: 'a denied row for some methods leaves the others alone',
    rows: ['device /a/*', 'denied /a/* DELETE'],
    request: 'GET /a/b',
    meets: 'device /a/*',
  },
  {
    promise: 'a denied row for other methods does not hide a wider denied row',
    rows: ['device /*', 'denied /a/*', 'denied /a/b/* DELETE'],
    request: 'GET /a/b',
    meets: 'denied /a/*',
  },
  {
    promise: 'a denied exact row for other methods does not hide a wider denied row',
    rows: ['device /*', 'denied /a/*', 'denied /a/b DELETE'],
    request: 'GET /a/b',
    meets: 'denied /a/*',
  },
  {
    promise: 'denying GET denies HEAD',
    rows: ['device /a/*', 'denied /a/* GET'],
    request: 'HEAD /a/b',
    meets: 'denied /a/* GET',
  },
]

for (const { promise, rows: texts, request, meets } of rows) {
  test(promise, () => {
    expect(routed(texts, request)).toBe(meets)
  })
}

test('the order of the rows never changes the route', () => {
  const requests = ['/mifs/c/i/reg/reg.html', '/mifs/c/i/x', '/mifs/c/x', '/mifs/x', '/mics', '/x']
  for (const path of requests) {
    const forwards = routed(EPMM, `GET ${path}`)
    expect(routed(EPMM.toReversed(), `GET ${path}`)).toBe(forwards)
  }
})

test('a path of thousands of segments is looked up no deeper than the longest prefix', () => {
  expect(routed(EPMM, `GET /mifs${'/x'.repeat(3900)}`)).toBe('device /mifs/*')
})

const faulty: readonly (readonly [rows: readonly string[], message: RegExp])[] = [
  [['open a'], /begins with \//],
  [['open '], /begins with \//],
  [['open *'], /begins with \//],
  [['open /a*'], /\* only as the last segment/],
  [['open /*/a'], /\* only as the last segment/],
  [['open /a/**'], /\* only as the last segment/],
  [['open //*'], /no empty segment/],
  [['open /a//*'], /no empty segment/],
  [['open /a//b'], /empty-segment/],
  [['open /a/../b'], /dot-segment/],
  [['open /a;b'], /path-parameter/],
  [['open /a%20b'], /double-encoding/],
  [['open /a\\b'], /encoded-delimiter/],
  [['open /a?b'], /without a query/],
  [['open /a#b'], /fragment/],
  [['open /\ud800'], /valid Unicode/],
  [['open /a', 'device /a'], /row open \/a takes/],
  [['open /a GET,PUT', 'device /a POST,PUT'], /row open \/a GET,PUT takes/],
  [['denied /a/*', 'device /A/* GET'], /row denied \/a\/\* takes/],
  [['device /a/* GET', 'denied /a/*'], /row device \/a\/\* GET takes/],
  [['device /a GET', 'denied /a GET,PUT'], /row device \/a GET takes/],
  [['device /a', 'denied /a'], /row device \/a takes/],
  [['open /a GET', 'open /a PUT', 'open /a GET,PUT'], /row open \/a GET takes/],
]

for (const [texts, message] of faulty) {
  test(`a table with a dead or impossible row is refused: ${JSON.stringify(texts)}`, () => {
    const table = routeTable(texts.map(row))
    expect(table).toMatchObject({ ok: false, failure: [{ at: texts.at(-1) }] })
    expect(!table.ok && table.failure[0]?.message).toMatch(message)
  })
}

test('every faulty row is named, not only the first', () => {
  expect(routeTable(['open a', 'open /b', 'open c'].map(row))).toMatchObject({
    failure: [{ at: 'open a' }, { at: 'open c' }],
  })
})

const sound: readonly (readonly string[])[] = [
  ['denied /a', 'denied /a'],
  ['denied /a GET', 'device /a'],
  ['device /a', 'device /A'],
  ['device /a GET', 'open /a'],
  ['device /a', 'open /a GET'],
  ['device /a GET', 'denied /a PUT'],
  ['device /caf\u00e9/*', 'open /a b'],
]

for (const texts of sound) {
  test(`rows that leave each other something stand side by side: ${JSON.stringify(texts)}`, () => {
    expect(routeTable(texts.map(row))).toMatchObject({ ok: true })
  })
}

/** What a request meets by both readings of its path, and what it would meet by the written one alone. */
function byReadings(
  rows: readonly string[],
  written: string,
): readonly [string, string | undefined] {
  const table = routeTable(rows.map(row))
  if (!table.ok) throw new Error(JSON.stringify(table.failure))
  const target = parseTarget(encodeURI(written))
  if (!target.ok) throw new Error(target.failure.kind)
  const met = routeOf(table.value, 'GET', target.value)
  return [
    met.ok ? met.value.id : met.failure.kind,
    findRoute(table.value, 'GET', target.value.path)?.id,
  ]
}

const FILES = ['open /*', 'device /files/*', 'always /mifs/*', 'denied /mifs/admin/*']

for (const [promise, written, meets, control] of [
  [
    'a file with full-width brackets is served',
    '/files/说明（新）.pdf',
    'device /files/*',
    'device /files/*',
  ],
  ['a plain path is served', '/files/a', 'device /files/*', 'device /files/*'],
  ['a file with a ligature is served', '/files/\ufb01le', 'device /files/*', 'device /files/*'],
  [
    'an emoji of several is served',
    '/files/\u{1f468}\u200d\u{1f4bb}',
    'device /files/*',
    'device /files/*',
  ],
  ['a long s that makes another row is refused', '/mif\u017f/x', 'look-alike', 'open /*'],
  [
    'full-width letters that make another row are refused',
    '/\uff4d\uff49\uff46\uff53/x',
    'look-alike',
    'open /*',
  ],
  ['what is dropped and makes another row is refused', '/mi\u200bfs/x', 'look-alike', 'open /*'],
  ['what is dropped and leaves a row is refused', '/fi\u00adles/x', 'look-alike', 'open /*'],
  [
    'a denied row is met by either reading',
    '/mifs/\uff41dmin/x',
    'denied /mifs/admin/*',
    'denied /mifs/admin/*',
  ],
  [
    'an end that is dropped changes no prefix',
    '/files/\u200b',
    'device /files/*',
    'device /files/*',
  ],
] as const) {
  test(`look-alikes: ${promise}`, () => {
    expect(byReadings(FILES, written)).toEqual([meets, control])
  })
}

test('look-alikes: what no row matches by either reading is unknown, by one of them refused', () => {
  expect(byReadings(['open /files/*'], '/\uff58')[0]).toBe('route-unknown')
  expect(byReadings(['open /files/*'], '/\uff46iles/x')).toEqual(['look-alike', undefined])
  expect(byReadings(['open /a/'], '/a/\u200b')).toEqual(['look-alike', undefined])
})

for (const path of ['/mif\u017f', '/a\u200b/*', '/cafe\u0301']) {
  test(`a row cannot be named by what servers read differently: ${JSON.stringify(path)}`, () => {
    const table = routeTable([{ ...row('open /x'), path }])
    expect(table).toMatchObject({
      ok: false,
      failure: [{ message: expect.stringContaining('read as') }],
    })
  })
}
