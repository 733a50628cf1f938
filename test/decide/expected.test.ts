import { expect, test } from 'vitest'
import { isExpected, type Peer } from '../../src/decide/decide.ts'
import { ok } from '../../src/kernel/types.ts'
import { aPath, aPolicy, at, DAY, EXPIRY, GRACE, ISSUED } from './builders.ts'
import type { PathParts, PolicyParts } from './builders.ts'
import { DISTRUSTED, unreadable, unsound } from './table-row.ts'

interface Row extends PolicyParts {
  readonly promise: string
  readonly peer?: Peer
  readonly path?: PathParts
  readonly now?: number
  readonly expected: boolean
}

const ROWS: readonly Row[] = [
  { promise: 'a device in good standing is counted on', expected: true },
  { promise: 'a device in grace is counted on', now: EXPIRY + 1, expected: true },
  {
    promise: 'a device that stayed away beyond grace is counted on, for it is the one to look for',
    now: EXPIRY + GRACE + 1,
    expected: true,
  },
  {
    promise: 'recording counts on no device that the rules refuse',
    enforcement: 'recording',
    peer: unsound,
    expected: false,
  },
  {
    promise: 'a certificate that is not valid yet is not counted on',
    now: ISSUED - 1,
    expected: false,
  },
  {
    promise: 'a device below an expired CA is not counted on',
    path: { intermediate: { notAfter: EXPIRY - 3 * DAY } },
    expected: false,
  },
  {
    promise: 'a device of a distrusted CA is not counted on',
    standings: { devices: DISTRUSTED },
    expected: false,
  },
  {
    promise: 'a device of a staged CA is not counted on',
    standings: { devices: { kind: 'staged' } },
    expected: false,
  },
  { promise: 'a denied key is not counted on', keys: ['leaf-key'], expected: false },
  { promise: 'a denied serial is not counted on', serials: ['anchor-key:07'], expected: false },
  {
    promise: 'a device below a denied CA is not counted on',
    keys: ['anchor-key'],
    expected: false,
  },
  { promise: 'a peer without a certificate is no device', peer: { kind: 'none' }, expected: false },
  { promise: 'an unsound path is no device', peer: unsound, expected: false },
  { promise: 'what cannot be read is no device', peer: unreadable, expected: false },
]

for (const { promise, peer, path, now = EXPIRY - DAY, expected, ...parts } of ROWS) {
  test(promise, () => {
    const sound = aPath(path)
    const presented: Peer = { kind: 'presented', leaf: sound.certificates[0], paths: ok([sound]) }
    expect(isExpected(peer ?? presented, aPolicy(parts), at(now))).toBe(expected)
  })
}
