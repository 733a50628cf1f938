import { expect, test } from 'vitest'
import { localTimeText, withTimes } from '../../src/cli/local-time.ts'
import { readableLine, type LogStyle } from '../../src/demo/readable-log.ts'

const SCREEN: LogStyle = {
  paint: (_, text) => text,
  withTimes: (sentence) => withTimes(sentence, (time) => localTimeText(time, 'UTC', 'second')),
  signs: { yes: 'yes', no: 'NO', note: '-', arrow: '->' },
}

const tell = (entry: Readonly<Record<string, unknown>>): string | undefined =>
  readableLine(`${JSON.stringify(entry)}\n`, SCREEN)

const ADMITTED = {
  level: 'info',
  time: '2026-11-22T10:00:00.000Z',
  method: 'PUT',
  path: '/mdm/checkin',
  route_class: 'device',
  decision: 'admit',
  code: 'verified',
  verify: 'SUCCESS',
  status: 200,
  device: { subject: 'CN=phone,O=Demo' },
}

test('an admitted request is one line with device, class, verdict and what the MDM was told', () => {
  const told = tell(ADMITTED) ?? ''
  expect(told.trimEnd().split('\n')).toHaveLength(1)
  expect(told).toMatch(
    /yes 200 {2}PUT \/mdm\/checkin +phone +device +admitted: verified, MDM told SUCCESS/,
  )
})

test('a refused request says why, what to do and what the device may quote', () => {
  const told = tell({
    ...ADMITTED,
    decision: 'refuse',
    code: 'expired',
    status: 403,
    reason: 'it expired',
    next_step: 'renew it',
    reference: 'abc-1',
  })
  expect(told).toMatch(/NO 403 .* refused: expired\n {10}it expired\n {10}-> renew it\n.*abc-1\n$/)
})

test('an admitted request that the upstream spoiled is not shown as good', () => {
  expect(tell({ ...ADMITTED, status: 502, failure: 'connect-refused' })).toMatch(
    /NO 502 .*then connect-refused/,
  )
})

test('what recording would refuse is said', () => {
  expect(tell({ ...ADMITTED, code: 'recording', would_refuse: 'expired' })).toContain(
    'would refuse: expired',
  )
})

test('a device cannot move the cursor or turn the text around', () => {
  const told = tell({ ...ADMITTED, path: '/\u001B[2J\u202E', device: { subject: 'CN=\u0007x' } })
  expect(told).not.toMatch(/[\u001B\u202E\u0007]/)
})

const CLOSED = { level: 'info', time: ADMITTED.time, msg: 'connection', requests: 0 }

test('a connection that served requests needs no line, one that failed does', () => {
  expect(tell({ ...CLOSED, outcome: 'served', requests: 1 })).toBeUndefined()
  expect(tell({ ...CLOSED, outcome: 'handshake-failed', code: 'no-shared-cipher' })).toContain(
    'handshake-failed: no-shared-cipher',
  )
})

test('a connection that failed is told in the columns of requests, with its device where it showed one', () => {
  const { device } = ADMITTED
  const closed = tell({ ...CLOSED, outcome: 'closed-before-request', code: 'blocked', device })
  expect(closed).toMatch(/NO +connection +phone +closed-before-request: blocked\n$/)
  const request = tell({ ...ADMITTED, decision: 'refuse', status: 403 }) ?? ''
  expect(closed?.indexOf('connection')).toBe(request.indexOf('PUT'))
  expect(closed?.indexOf('phone')).toBe(request.indexOf('phone'))
  expect(closed?.indexOf('closed-before-request')).toBe(request.indexOf('refused'))
  const silent = tell({ ...CLOSED, outcome: 'handshake-failed', code: 'no-shared-cipher' })
  expect(silent).toContain('no certificate')
})

test('a connection whose end has no code is told without one', () => {
  expect(tell({ ...CLOSED, outcome: 'closed-before-request' })).toMatch(/closed-before-request\n$/)
})

const RELOADS: readonly (readonly [
  promise: string,
  entry: Readonly<Record<string, unknown>>,
  told: RegExp,
])[] = [
  [
    'a reload that applied',
    { level: 'info', kind: 'applied', from: 1, to: 2, msg: 'reload applied' },
    /yes +reload applied\n$/,
  ],
  [
    'a reload that changed nothing',
    { level: 'info', kind: 'unchanged', msg: 'reload unchanged' },
    /- +reload unchanged\n$/,
  ],
  [
    'a refused reload, with each fault on a line of its own',
    {
      level: 'error',
      faults: [
        { at: 'demo.yaml:9:3', message: 'found 0, wanted a port' },
        { at: 'demo.yaml:12:1', message: 'found nothing' },
      ],
      msg: 'reload refused: the previous configuration stays in force',
    },
    /error +reload refused: .* in force\n {10}demo.yaml:9:3: found 0, wanted a port\n {10}demo.yaml:12:1: found nothing\n$/,
  ],
  [
    'a change of the store, with what was changed',
    {
      level: 'info',
      kind: 'applied',
      changed: ['enrollment Previous Device CA'],
      msg: 'a change of the store is in force',
    },
    /yes +a change of the store is in force: enrollment Previous Device CA\n$/,
  ],
]

for (const [promise, entry, told] of RELOADS) {
  test(`${promise} is told as what it is, with its time`, () => {
    expect(tell({ time: ADMITTED.time, ...entry })).toMatch(told)
    expect(tell({ time: ADMITTED.time, ...entry })).toMatch(/^\d\d:\d\d:\d\d {2}/)
  })
}

test('that a reload was asked for is not told beside what came of it', () => {
  const asked = { level: 'info', who: 'alice', from: '127.0.0.1', outcome: 'unchanged' }
  expect(tell({ ...asked, msg: 'a reload was asked for' })).toBeUndefined()
})

test('times in sentences are told as `tfe explain` tells them', () => {
  const reason = 'it expired at 2026-11-28T21:49:23.000Z'
  const told = tell({ ...ADMITTED, decision: 'refuse', code: 'expired', reason })
  expect(told).toContain('it expired at 2026-11-28 21:49:23Z\n')
  expect(tell({ level: 'warn', msg: reason })).toContain('2026-11-28 21:49:23Z')
})

test('warnings and errors are told with their place, chatter is not', () => {
  expect(tell({ level: 'warn', at: 'demo.yaml:1:1', msg: 'look' })).toContain('demo.yaml:1:1: look')
  expect(tell({ level: 'error', msg: 'broken' })).toContain('broken')
  expect(tell({ level: 'info', msg: 'serving' })).toBeUndefined()
})

test('what is no JSON is passed on as it is', () => {
  expect(readableLine('plain words\n', SCREEN)).toBe('plain words\n')
})
