import { expect, test } from 'vitest'
import { fieldFilter, requestFields, type FieldPlan } from '../../src/message/request-fields.ts'

const plan = (parts: Partial<FieldPlan> = {}): FieldPlan => ({
  filter: fieldFilter([]),
  host: undefined,
  identity: [],
  forwarding: [],
  appendedTo: undefined,
  ...parts,
})

/** `Name: value` lines → name, value, name, value … and back. */
const flat = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
const lined = (fields: readonly string[]): string[] =>
  fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1]}`] : []))

const through = (lines: readonly string[], parts: Partial<FieldPlan> = {}): string[] =>
  lined(requestFields(flat(lines), plan(parts)))

test('end-to-end fields keep their order, spelling, repetition and value', () => {
  const lines = [
    'hOsT: mdm.example',
    'Accept: a',
    'accept: b, c',
    'X-Custom_Field: 1',
    'Cookie: a=b; c="d"',
    'Authorization: Bearer x',
    'Mdm-Signature: MIIB+/==',
    'Content-Length: 12',
    'Content-Type: application/x-apple-aspen-mdm',
    'User-Agent: ',
    'X-Client-Version: 7',
    'Sslfoo: kept',
    'X-Forwardedness: kept',
  ]
  expect(through(lines)).toEqual(lines)
})

const dropped: readonly string[] = [
  'Connection: keep-alive',
  'Connection: close',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: Basic x',
  'Proxy-Authenticate: Basic',
  'Proxy-Authentication-Info: x',
  'TE: trailers',
  'Trailer: X-Checksum',
  'Transfer-Encoding: chunked',
  'Upgrade: websocket',
  'HTTP2-Settings: x',
  'Expect: 100-continue',
  'EXPECT: 100-continue',
]

for (const line of dropped) {
  test(`a field meant for one connection goes no further: ${line}`, () => {
    expect(through(['Host: a', line, 'Accept: b'])).toEqual(['Host: a', 'Accept: b'])
  })
}

const nominations: readonly (readonly [value: string, gone: readonly string[]])[] = [
  ['X-One', ['X-One']],
  ['keep-alive, X-One', ['X-One']],
  [' x-one ,, X-TWO\t', ['X-One', 'x-two']],
  ['close, X-One, close', ['X-One']],
  ['X-Absent', []],
  ['X-On', []],
  ['', []],
  ['Host', []],
  ['Content-Length, Content-Type', []],
  ['Authorization, Cookie, Mdm-Signature', []],
  ['X-One, content-length', ['X-One']],
]

for (const [value, gone] of nominations) {
  test(`Connection: ${JSON.stringify(value)} removes what it may: ${gone.join(', ')}`, () => {
    const others = [
      'Host: a',
      'X-One: 1',
      'Content-Length: 3',
      'Content-Type: t',
      'x-two: 2',
      'Authorization: z',
      'Cookie: c',
      'Mdm-Signature: s',
    ]
    const kept = others.filter((line) => !gone.some((name) => line.startsWith(`${name}:`)))
    expect(through([...others, `Connection: ${value}`])).toEqual(kept)
    expect(through([`Connection: ${value}`, ...others])).toEqual(kept)
  })
}

test('several Connection fields nominate together', () => {
  const lines = ['Connection: a', 'A: 1', 'B: 2', 'C: 3', 'Connection: b', 'Connection: close']
  expect(through(lines)).toEqual(['C: 3'])
})

test('no Connection field removes what we say', () => {
  const identity = ['Client-Cert', ':AA==:', 'X-Client-Verify', 'SUCCESS']
  const forwarding = ['X-Forwarded-For', '192.0.2.1']
  const lines = ['Connection: Client-Cert, X-Client-Verify, X-Forwarded-For', 'Accept: a']
  expect(through(lines, { identity, forwarding })).toEqual([
    'Accept: a',
    'Client-Cert: :AA==:',
    'X-Client-Verify: SUCCESS',
    'X-Forwarded-For: 192.0.2.1',
  ])
})

test('the upstream may be shown another Host, in the place of the device’s', () => {
  const lines = ['Accept: a', 'HOST: device.example', 'B: c']
  expect(through(lines, { host: 'up.example' })).toEqual(['Accept: a', 'HOST: up.example', 'B: c'])
})

test('a name without a value, which no parser makes, is left out', () => {
  expect(requestFields(['Accept', 'a', 'Broken'], plan())).toEqual(['Accept', 'a'])
})

test('hop-by-hop stripping is idempotent', () => {
  const lines = [...dropped, 'Connection: x-one, a, content-length', 'X-One: 1', 'A: 2', 'Keep: 3']
  const once = through(lines)
  expect(once).toEqual(['Keep: 3'])
  expect(through(once)).toEqual(once)
})

const SAID = [
  'x-forwarded-for: 192.0.2.1',
  'Forwarded: for=_a',
  'X_Forwarded_For: 192.0.2.2',
  'X-FORWARDED-FOR: 192.0.2.3',
  'forwarded: for=_b',
]
const OURS = ['X-Forwarded-For', '::1', 'X-Forwarded-Proto', 'https']

test('what others say of where a request came from is dropped where nothing else is planned', () => {
  const expected = ['Accept: a', 'X-Forwarded-For: ::1', 'X-Forwarded-Proto: https']
  expect(through([...SAID, 'Accept: a'], { forwarding: OURS })).toEqual(expected)
  expect(through(['Accept: a'], { forwarding: OURS, appendedTo: 'x-forwarded-for' })).toEqual(
    expected,
  )
})

test('ours is appended to the fields of one name in every case, and in no other spelling', () => {
  expect(through(SAID, { forwarding: OURS, appendedTo: 'x-forwarded-for' })).toEqual([
    'X-Forwarded-For: 192.0.2.1, 192.0.2.3, ::1',
    'X-Forwarded-Proto: https',
  ])
  expect(through(SAID, { forwarding: ['Forwarded', 'for=_us'], appendedTo: 'forwarded' })).toEqual([
    'Forwarded: for=_a, for=_b, for=_us',
  ])
})

test('a list that Connection nominates is passed on all the same', () => {
  const lines = ['Connection: X-Forwarded-For', 'X-Forwarded-For: 192.0.2.1']
  expect(through(lines, { forwarding: OURS, appendedTo: 'x-forwarded-for' })).toEqual([
    'X-Forwarded-For: 192.0.2.1, ::1',
    'X-Forwarded-Proto: https',
  ])
})
