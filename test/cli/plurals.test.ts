/** One device is a device; two are devices. */
import { expect, test } from 'vitest'
import { readInventoryCsv } from '../../src/admin/routes/devices/inventory-csv.ts'
import { wrongText } from '../../src/admin/refused.ts'
import { accessProblem } from '../../src/admin/problem.ts'
import { enforcementWarningText } from '../../src/fleet/explain.ts'
import { countText } from '../../src/kernel/count-text.ts'
import type { Fault } from '../../src/kernel/types.ts'
import { waitingText } from '../../src/serve/store-sync/sighting-writer.ts'
import { explainStore } from '../../src/store/explain.ts'

const COUNTED: readonly (readonly [of: (count: number) => string, one: string, two: string])[] = [
  [(count) => countText(count, 'device'), '1 device', '2 devices'],
  [(count) => countText(count, 'entry', 'entries'), '1 entry', '2 entries'],
  [
    (devices) => enforcementWarningText({ kind: 'devices-refused', devices }),
    '1 device is known and would be refused from then on',
    '2 devices are known and would be refused from then on',
  ],
  [
    (devices) => enforcementWarningText({ kind: 'agents-too-old', devices }),
    'the agents of 1 device are too old to authenticate',
    'the agents of 2 devices are too old to authenticate',
  ],
  [
    (devices) => enforcementWarningText({ kind: 'no-information', devices }),
    'it is unknown how 1 device would fare: it has not tried to authenticate',
    'it is unknown how 2 devices would fare: they have not tried to authenticate',
  ],
  [
    (seconds) => accessProblem({ kind: 'too-many-attempts', seconds }).next_step,
    'wait 1 second',
    'wait 2 seconds',
  ],
  [
    (devices) => explainStore({ kind: 'setting-in-use', setting: 'old', devices }).sentence,
    '1 device depends on the enrollment setting old',
    '2 devices depend on the enrollment setting old',
  ],
  [
    (count) =>
      wrongText(
        Array.from({ length: count }, (): Fault => ({ at: 'x', message: 'y' })),
        'the CA chain',
      ),
    '1 thing is wrong with the CA chain',
    '2 things are wrong with the CA chain',
  ],
  [
    (count) => waitingText({ buffered: count, dropped: count }),
    '1 sighting waits, 1 was dropped',
    '2 sightings wait, 2 were dropped',
  ],
  [
    (count) => cellsFault('x,'.repeat(count).slice(0, -1)),
    'found 1 cell, wanted 3',
    'found 2 cells, wanted 3',
  ],
]

/** What is wrong with a line under three columns. */
function cellsFault(line: string): string {
  const read = readInventoryCsv(`id,name,class\n${line}\n`, 1)
  return read.ok ? '' : (read.failure[0]?.message ?? '')
}

for (const [of, one, two] of COUNTED) {
  test(`${one}; ${two}`, () => {
    expect([of(1), of(2)]).toEqual([one, two])
  })
}

test('none of them is several', () => {
  expect(countText(0, 'device')).toBe('0 devices')
})
