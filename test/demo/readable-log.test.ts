import { expect, test } from 'vitest'
import { readableLine, type TextStyle } from '../../src/demo/readable-log.ts'

const SCREEN: TextStyle = {
  paint: (_, text) => text,
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

test('a connection that served requests needs no line, one that failed does', () => {
  expect(tell({ level: 'info', outcome: 'served', requests: 1 })).toBeUndefined()
  expect(tell({ level: 'info', outcome: 'handshake-failed', code: 'no-shared-cipher' })).toContain(
    'handshake-failed: no-shared-cipher',
  )
})

test('warnings and errors are told with their place, chatter is not', () => {
  expect(tell({ level: 'warn', at: 'demo.yaml:1:1', msg: 'look' })).toContain('demo.yaml:1:1: look')
  expect(tell({ level: 'error', msg: 'broken' })).toContain('broken')
  expect(tell({ level: 'info', msg: 'serving' })).toBeUndefined()
})

test('what is no JSON is passed on as it is', () => {
  expect(readableLine('plain words\n', SCREEN)).toBe('plain words\n')
})
