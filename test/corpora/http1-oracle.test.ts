/** The oracle, judged: for each danger a forward that has it and nothing else, and a harmless one without any. */
import { expect, test } from 'vitest'
import type { Played } from './http1-targets.ts'
import { dangersIn, isDelivered, isRefused, type Danger } from './http1-oracle.ts'
import type { Play } from './http1-rows.ts'

const SENT = 'POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nX-Is: kept\r\n\r\nbody'
const VICTIM = 'GET /victim HTTP/1.1\r\nhost: localhost\r\nOurs: said\r\n\r\n'
const FORWARDED =
  'POST /a HTTP/1.1\r\nhost: localhost\r\nX-Is: kept\r\nOurs: said\r\nContent-Length: 4\r\n\r\nbody'

const play = (octets: string): Play => ({
  row: { id: 'made up', verdict: 'accept', octets },
  manner: 'verbatim',
  octets,
})

const played = (octets: string, change: Partial<Played> = {}): Played => ({
  answers: [200],
  upstream: [octets + VICTIM],
  unharmed: true,
  records: [],
  ...change,
})

const ROWS: readonly { readonly octets: string; readonly danger: Danger }[] = [
  { octets: FORWARDED.replace('X-Is', 'X Is'), danger: 'bad field name' },
  { octets: FORWARDED.replace('X-Is: kept', 'X-Is: ke\x01pt'), danger: 'bad field value' },
  { octets: FORWARDED.replace('X-Is: kept', ' X-Is: kept'), danger: 'bad field name' },
  { octets: FORWARDED.replace('X-Is: kept\r', 'X-Is: kept'), danger: 'bare CR, LF or NUL' },
  { octets: FORWARDED.replace('kept', 'ke\rpt'), danger: 'bare CR, LF or NUL' },
  { octets: FORWARDED.replace('kept', 'ke\0pt'), danger: 'bare CR, LF or NUL' },
  { octets: FORWARDED.replace('/a HTTP', '/a b HTTP'), danger: 'bad request line' },
  { octets: FORWARDED.replace('X-Is: kept', 'Content-Length: 4'), danger: 'two lengths' },
  { octets: FORWARDED.replace('Length: 4', 'Length: +4'), danger: 'odd length' },
  {
    octets: FORWARDED.replace('X-Is: kept', 'Transfer-Encoding: chunked'),
    danger: 'length and transfer coding',
  },
  {
    octets: FORWARDED.replace('Content-Length: 4', 'Transfer-Encoding: xchunked'),
    danger: 'odd transfer coding',
  },
  {
    octets: FORWARDED.replace('Content-Length: 4', 'Transfer-Encoding: chunked'),
    danger: 'broken chunk',
  },
  { octets: `${FORWARDED}GET /smuggled HTTP/1.1\r\n\r\n`, danger: 'a request that was not sent' },
  { octets: FORWARDED.replace('POST', 'PUT'), danger: 'a request that was not sent' },
  { octets: FORWARDED.replace(/body$/, 'bodY'), danger: 'a request that was not sent' },
]

for (const { octets, danger } of ROWS) {
  test(`the oracle sees ${danger} in ${JSON.stringify(octets.slice(0, 110))}`, () => {
    expect(dangersIn(play(SENT), played(octets))).toContain(danger)
  })
}

test('octets beyond the declared length are a danger', () => {
  expect(dangersIn(play(SENT), played(`${FORWARDED}beyond`))).not.toEqual([])
})

test('a harmless request that gets no answer, or another one, is a danger', () => {
  const harmed = played(FORWARDED, { unharmed: false })
  expect(dangersIn(play(SENT), harmed)).toEqual(['a harmless request was harmed'])
})

test('an honest forward holds no danger and is delivered', () => {
  expect(dangersIn(play(SENT), played(FORWARDED))).toEqual([])
  expect(isDelivered(play(SENT), played(FORWARDED))).toBe(true)
  expect(isRefused(played(FORWARDED))).toBe(false)
})

const LOST: readonly (readonly [what: string, played: Played])[] = [
  ['a lost field', played(FORWARDED.replace('X-Is: kept\r\n', ''))],
  ['a changed value', played(FORWARDED.replace('kept', 'Kept'))],
  ['a field that was not sent', played(FORWARDED.replace('X-Is', 'Who: knows\r\nX-Is'))],
  ['another host', played(FORWARDED.replace('localhost', 'other'))],
  ['a target changed', played(FORWARDED.replace('/a', '/b'))],
  ['an answer that is no success', played(FORWARDED, { answers: [502] })],
  ['no answer', played(FORWARDED, { answers: [] })],
  ['a body cut short', played(FORWARDED.replace('4', '3'))],
]

for (const [what, one] of LOST) {
  test(`${what} is no delivery`, () => {
    expect(isDelivered(play(SENT), one)).toBe(false)
  })
}

test('a refusal is 4xx, 501, 505 or silence, with nothing at the upstream', () => {
  for (const answers of [[400], [421], [501], [505], []]) {
    expect(isRefused(played('', { answers }))).toBe(true)
  }
  for (const answers of [[200], [302], [500], [502], [400, 200]]) {
    expect(isRefused(played('', { answers }))).toBe(false)
  }
  expect(isRefused(played(FORWARDED, { answers: [400] }))).toBe(false)
})
