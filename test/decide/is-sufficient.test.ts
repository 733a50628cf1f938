/**
 * When nothing that a peer could show besides would help it: a mistake here costs a device its better path.
 */
import { expect, test } from 'vitest'
import { isSufficient } from '../../src/decide/suffices.ts'
import type { Finding } from '../../src/trust/finding.ts'
import { aPath, aPolicy, at, DAY, EXPIRY, ISSUED, type PathParts } from './builders.ts'
import { CURRENT, DISTRUSTED, RETIRED_FOR_EVER } from './table-row.ts'

const NOW = EXPIRY - 2 * DAY
const FINDING = { code: 'serial-not-positive' } as unknown as Finding

const rows: readonly (readonly [promise: string, paths: readonly Parts[], suffice: boolean])[] = [
  ['a timely path to a current CA suffices', [{}], true],
  ['one that is due for renewal suffices', [{ notAfter: NOW + 1 }], true],
  ['one such path among others suffices', [{ setting: 'old' }, {}], true],
  ['no path at all does not', [], false],
  [
    'one to a previously trusted CA does not: a cross-signed one may lead to a current one',
    [{ setting: 'old' }],
    false,
  ],
  ['one to a distrusted CA does not', [{ setting: 'bad' }], false],
  ['one to a setting that is not known does not', [{ setting: 'gone' }], false],
  [
    'one whose intermediate has expired does not: the renewed one may be shown',
    [{ intermediate: { notAfter: NOW - 1 } }],
    false,
  ],
  [
    'one whose intermediate is not yet valid does not',
    [{ intermediate: { notBefore: NOW + 1 } }],
    false,
  ],
  ['one whose anchor has expired does not', [{ anchor: { notAfter: NOW - 1 } }], false],
  ['one whose leaf has expired does not', [{ notAfter: NOW - 1 }], false],
  ['one that departs from the profile does not', [{ findings: [FINDING] }], false],
  ['two that each lack something do not', [{ setting: 'old' }, { findings: [FINDING] }], false],
]

interface Parts extends PathParts {
  readonly findings?: readonly Finding[]
}

for (const [promise, paths, suffice] of rows) {
  test(promise, () => {
    const policy = aPolicy({
      standings: { devices: CURRENT, old: RETIRED_FOR_EVER, bad: DISTRUSTED },
    })
    const sound = paths.map(({ findings = [], ...parts }) => ({
      ...aPath({ notBefore: ISSUED, ...parts }),
      findings,
    }))
    expect(isSufficient(sound as ReturnType<typeof aPath>[], policy, at(NOW))).toBe(suffice)
  })
}
