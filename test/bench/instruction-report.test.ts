import { expect, test } from 'vitest'
import { reportOn } from './instruction-report.ts'

const rows: readonly (readonly [
  promise: string,
  base: readonly number[],
  now: readonly number[],
  status: number,
  says: string,
])[] = [
  ['what costs as much as the limit is within', [1000], [1030], 0, '+3.00 %'],
  ['what costs more is above', [1000], [1031], 1, 'ABOVE THE LIMIT'],
  ['what costs less is within', [1000], [500], 0, '-50.00 %'],
  ['one round has no noise to show', [1000], [1000], 0, 'noise unknown'],
  [
    'a round that is far off changes no median',
    [1000, 1001, 1002],
    [1001, 1030, 1000],
    0,
    '+0.00 %',
  ],
  [
    'noise as large as the limit is no hindrance',
    [1000, 1000, 1030],
    [1000, 1000, 1000],
    0,
    '(noise 3.00 %)',
  ],
  ['two rounds have the middle for their median', [1000, 1010], [1040, 1050], 1, '+3.98 %'],
  [
    'a limit below the noise of the base is refused',
    [1000, 1000, 1031],
    [1000, 1000, 1000],
    2,
    '(noise 3.10 %)',
  ],
  [
    'a limit below the noise of the working tree is refused',
    [1000, 1000, 1000],
    [1100, 1100, 1140],
    2,
    'ABOVE',
  ],
]

test.each(rows)('%s', (_, base, now, status, says) => {
  const other = [1000, 1000, 1000].slice(0, base.length)
  const report = reportOn(['GET', 'other'], { base: [base, other], now: [now, other] }, 3)
  expect(report.status).toBe(status)
  expect(report.lines[0]).toContain(says)
  expect(report.complaint === undefined).toBe(status !== 2)
})
