import { expect, test } from 'vitest'
import {
  checkLatch,
  CONFIRMATION_PHRASE,
  enforcementWarnings,
  type EnforcementWarning,
  type KeyOutlook,
} from '../../src/fleet/enforcement.ts'

const NO_KEY = { kind: 'none' } as const
const NO_CALLERS = { days: 30, requests: [], uncertified: 0, named: [] }
const REST = { wanted: 0.95, callers: NO_CALLERS, untried: 0, key: NO_KEY }
const NO_DEVICES = { succeeded: 0, 'no-info': 0, failed: 0, 'must-upgrade': 0 }

test('an empty fleet is warned of one thing only: there is no way back', () => {
  expect(enforcementWarnings({ counts: NO_DEVICES, wouldRefuse: new Map(), ...REST })).toEqual([
    { kind: 'irreversible' },
  ])
})

test('every warning carries how many devices', () => {
  const counts = { succeeded: 9, 'no-info': 4, failed: 3, 'must-upgrade': 8 }
  const wouldRefuse = new Map([
    ['no-certificate', 6],
    ['untrusted-issuer', 5],
  ])
  const place = { listener: 'devices', route: 'checkin', code: 'no-certificate' }
  const requests = [{ ...place, requests: 7 }]
  const named = [{ ...place, devices: 2 }]
  const callers = { days: 30, requests, uncertified: 3, named }
  expect(enforcementWarnings({ counts, wouldRefuse, ...REST, callers, untried: 4 })).toEqual([
    { kind: 'irreversible' },
    { kind: 'devices-refused', devices: 11 },
    { kind: 'agents-too-old', devices: 8 },
    { kind: 'devices-without-certificate', devices: 3, named, days: 30 },
    { kind: 'unknown-requests-refused', requests, days: 30 },
    { kind: 'no-information', devices: 4 },
    { kind: 'success-rate-low', rate: 0.45, wanted: 0.95 },
  ])
})

const LACKED = { kind: 'new', version: 4, lacking: ['tfe-1', 'tfe-2'] } as const
const KEYS: readonly (readonly [string, KeyOutlook, readonly EnforcementWarning[]])[] = [
  ['no key ring asks for nothing', NO_KEY, []],
  ['a key that every instance has asks for nothing', { ...LACKED, lacking: [] }, []],
  [
    'instances that lack the new key are named',
    LACKED,
    [{ kind: 'instances-lack-key', version: 4, instances: ['tfe-1', 'tfe-2'] }],
  ],
  [
    'a key that cannot be made is told with its reason',
    { kind: 'impossible', why: 'it is read-only' },
    [{ kind: 'no-new-key', why: 'it is read-only' }],
  ],
]

for (const [promise, key, expected] of KEYS) {
  test(promise, () => {
    const preview = { counts: NO_DEVICES, wouldRefuse: new Map(), ...REST, key }
    expect(enforcementWarnings(preview)).toEqual([{ kind: 'irreversible' }, ...expected])
  })
}

const RATES: readonly [string, number, boolean][] = [
  ['a rate just below what is wanted is warned of', 94, true],
  ['a rate that is reached is not', 95, false],
]

for (const [promise, succeeded, warned] of RATES) {
  test(promise, () => {
    const counts = { ...NO_DEVICES, succeeded, failed: 100 - succeeded }
    const kinds = enforcementWarnings({ counts, wouldRefuse: new Map(), ...REST }).map(
      (it) => it.kind,
    )
    expect(kinds.includes('success-rate-low')).toBe(warned)
  })
}

const WARNINGS: readonly EnforcementWarning[] = [
  { kind: 'irreversible' },
  { kind: 'devices-refused', devices: 2 },
]
const READ = WARNINGS.map(({ kind }) => kind)

test('the phrase and the warnings read throw the latch', () => {
  expect(checkLatch('recording', { phrase: CONFIRMATION_PHRASE, read: READ }, WARNINGS)).toEqual({
    ok: true,
    value: 'required',
  })
})

const REFUSALS: readonly [
  string,
  'recording' | 'required',
  string,
  readonly EnforcementWarning['kind'][],
  string,
][] = [
  ['it is thrown once', 'required', CONFIRMATION_PHRASE, READ, 'already-required'],
  ['another phrase does not throw it', 'recording', 'yes', READ, 'phrase-wrong'],
  [
    'the phrase in capitals does not',
    'recording',
    CONFIRMATION_PHRASE.toUpperCase(),
    READ,
    'phrase-wrong',
  ],
  ['nothing typed does not', 'recording', '', READ, 'phrase-wrong'],
  [
    'a warning that was not shown stops it',
    'recording',
    CONFIRMATION_PHRASE,
    ['irreversible'],
    'warnings-changed',
  ],
  ['no warning read stops it', 'recording', CONFIRMATION_PHRASE, [], 'warnings-changed'],
]

for (const [promise, enforcement, phrase, read, kind] of REFUSALS) {
  test(promise, () => {
    const answer = checkLatch(enforcement, { phrase, read }, WARNINGS)
    expect(answer).toMatchObject({ ok: false, failure: { kind } })
  })
}

test('a warning that has gone since need not be read again', () => {
  const read = ['irreversible', 'success-rate-low'] as const
  expect(
    checkLatch('recording', { phrase: CONFIRMATION_PHRASE, read }, [{ kind: 'irreversible' }]).ok,
  ).toBe(true)
})
