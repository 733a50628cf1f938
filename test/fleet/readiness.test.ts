import { expect, test } from 'vitest'
import type { ClientClass, Version } from '../../src/fleet/client.ts'
import {
  READINESS,
  READINESS_LABELS,
  readinessOf,
  successRate,
  type Readiness,
  type LastVerdict,
} from '../../src/fleet/readiness.ts'

const MINIMUM = new Map<ClientClass, Version>([['android-maw', [10, 1]]])
const ADMIT: LastVerdict = { kind: 'admit' }
const NONE: LastVerdict = { kind: 'none' }
const refuse = (code: string): LastVerdict => ({ kind: 'refuse', code })

interface Row {
  readonly promise: string
  readonly verdict: LastVerdict
  readonly class?: ClientClass
  readonly version?: Version
  readonly state: Readiness
  readonly cause?: RegExp
}

const ROWS: readonly Row[] = [
  { promise: 'a device that was admitted has succeeded', verdict: ADMIT, state: 'succeeded' },
  {
    promise: 'an old agent that was admitted all the same has succeeded',
    verdict: ADMIT,
    version: [9, 0],
    state: 'succeeded',
  },
  { promise: 'a device that never tried gives no information', verdict: NONE, state: 'no-info' },
  {
    promise: 'a device that is not approved has failed, and the cause says so',
    verdict: refuse('unapproved'),
    state: 'failed',
    cause: /approved/u,
  },
  {
    promise: 'any other refusal is a failure, too',
    verdict: refuse('bad-signature'),
    state: 'failed',
    cause: /refused/u,
  },
  {
    promise: 'an agent below its minimum must upgrade when it was refused',
    verdict: refuse('no-certificate'),
    version: [10, 0, 9],
    state: 'must-upgrade',
    cause: /10\.0\.9.*10\.1/u,
  },
  {
    promise: 'an agent below its minimum must upgrade when it never tried',
    verdict: NONE,
    version: [9],
    state: 'must-upgrade',
  },
  {
    promise: 'an agent at its minimum need not upgrade',
    verdict: refuse('no-certificate'),
    version: [10, 1, 0, 0],
    state: 'failed',
  },
  {
    promise: 'an agent of a class without a minimum need not upgrade',
    verdict: refuse('no-certificate'),
    class: 'win10',
    version: [1],
    state: 'failed',
  },
  {
    promise: 'an unknown version is not held against a device',
    verdict: NONE,
    class: 'android-maw',
    state: 'no-info',
  },
]

for (const row of ROWS) {
  test(row.promise, () => {
    const standing = {
      verdict: row.verdict,
      class: row.class ?? 'android-maw',
      version: row.version,
    }
    const { state, cause } = readinessOf(standing, MINIMUM)
    expect(state).toBe(row.state)
    expect(cause).toMatch(row.cause ?? /./u)
  })
}

test("the chart has the documents' four labels, in their order", () => {
  expect(READINESS.map((state) => READINESS_LABELS[state])).toEqual([
    'Authentication succeeded',
    'No authentication info',
    'Authentication failed',
    'Client agents must upgrade',
  ])
})

const RATES: readonly [string, readonly [number, number, number, number], number | undefined][] = [
  ['no device tried: there is no rate', [0, 7, 0, 0], undefined],
  ['an empty fleet has no rate', [0, 0, 0, 0], undefined],
  ['those without information do not count', [3, 1000, 1, 0], 0.75],
  ['agents that must upgrade count as not succeeded', [1, 0, 0, 1], 0.5],
  ['everybody succeeded', [5, 2, 0, 0], 1],
  ['no device succeeded', [0, 0, 2, 1], 0],
]

for (const [promise, [succeeded, noInfo, failed, mustUpgrade], rate] of RATES) {
  test(promise, () => {
    const counts = { succeeded, 'no-info': noInfo, failed, 'must-upgrade': mustUpgrade }
    expect(successRate(counts)).toBe(rate)
  })
}
