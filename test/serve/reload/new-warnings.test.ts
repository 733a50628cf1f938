import { expect, test } from 'vitest'
import { openLogTo } from '../../../src/serve/log.ts'
import { logNewWarnings } from '../../../src/serve/reload/new-warnings.ts'
import { differenceFault } from '../../../src/state/compiled-config.ts'
import type { FileDifference } from '../../../src/state/file-difference.ts'
import type { Fault } from '../../../src/kernel/types.ts'

const A = { at: 'tfe.yaml:1:1', message: 'its CA expires soon' }
const B = { at: 'tfe.yaml:2:1', message: 'its CA expires soon' }
const C = { at: 'tfe.yaml:1:1', message: 'its CA expired' }

const difference = (holds: boolean): FileDifference => ({
  kind: 'standing',
  at: 'tfe.yaml:3:1',
  subject: 'Fleet',
  file: 'standing: distrusted of Fleet',
  store: 'current',
  inForce: holds ? 'file' : 'store',
  holds,
  commands: ['tfe ca distrust Fleet'],
  nextStep: 'run `tfe ca distrust Fleet`',
})

const ROWS = [
  { promise: 'at the start every warning is logged', before: [], now: [A, B], logged: [A, B] },
  { promise: 'one that stands is not logged again', before: [A, B], now: [A, B], logged: [] },
  { promise: 'a new one is logged alone', before: [A], now: [A, C], logged: [C] },
  { promise: 'the same words in another place are new', before: [A], now: [A, B], logged: [B] },
  { promise: 'one that is gone is not logged', before: [A, B], now: [B], logged: [] },
]

function logged(
  now: Parameters<typeof logNewWarnings>[0],
  before?: Parameters<typeof logNewWarnings>[1],
): readonly unknown[] {
  const lines: unknown[] = []
  const settings = { level: 'info', requests: true, connections: true } as const
  const logger = openLogTo({ write: (line) => lines.push(JSON.parse(line)) }, settings)
  logNewWarnings(now, before, logger)
  return lines
}

const warned = (fileWarnings: readonly Fault[], differences: readonly FileDifference[] = []) => ({
  fileWarnings,
  compiled: { differences, warnings: differences.map(differenceFault) },
})

for (const { promise, before, now, logged: wanted } of ROWS) {
  test(promise, () => {
    const expected = wanted.map(({ at, message }) => ({ level: 'warn', at, msg: message }))
    const lines = logged(warned(now), warned(before))
    expect(lines).toMatchObject(expected)
    expect(lines).toHaveLength(expected.length)
  })
}

test('a word of the file that holds against the store is an error, any other difference a warning', () => {
  const [held, named] = [difference(true), difference(false)].map((one) => warned([], [one]))
  if (held === undefined || named === undefined) throw new Error('no rows')
  expect(logged(held)).toMatchObject([{ level: 'error', at: 'tfe.yaml:3:1' }])
  expect(logged(named)).toMatchObject([{ level: 'warn', at: 'tfe.yaml:3:1' }])
  expect(logged(held, held)).toEqual([])
})
