import { expect, test } from 'vitest'
import {
  canMigrate,
  checkClosing,
  migrationAfter,
  migrationStep,
  type MigrationStatus,
  type PortObservation,
  type SyncPortFacts,
} from '../../src/fleet/migration.ts'
import type { ClientClass, Version } from '../../src/fleet/client.ts'

const STEPS: readonly [
  string,
  PortObservation,
  ClientClass | undefined,
  'pending' | 'success' | undefined,
][] = [
  [
    'a client on the sync port has not left it',
    { port: 'sync', verified: false },
    undefined,
    'pending',
  ],
  ['a certificate does not change that', { port: 'sync', verified: true }, 'ios-maw', 'pending'],
  [
    'a verified check-in on 443 ends a migration',
    { port: 'https', verified: true },
    undefined,
    'success',
  ],
  [
    'one without a fit certificate does not',
    { port: 'https', verified: false },
    undefined,
    undefined,
  ],
  ['Mobile@Work for iOS can end one', { port: 'https', verified: true }, 'ios-maw', 'success'],
  ['AppConnect can end one', { port: 'https', verified: true }, 'ios-appconnect', 'success'],
  [
    'Mobile@Work for Android can end one',
    { port: 'https', verified: true },
    'android-maw',
    'success',
  ],
  [
    'the MDM client of the same phone cannot',
    { port: 'https', verified: true },
    'ios-mdm',
    undefined,
  ],
  [
    'nor can Windows, which never used the port',
    { port: 'https', verified: true },
    'win10',
    undefined,
  ],
  ['nor can Apps@Work', { port: 'https', verified: true }, 'android-apps', undefined],
]

for (const [promise, met, client, step] of STEPS) {
  test(promise, () => {
    expect(migrationStep(met, client)).toBe(step)
  })
}

type Step = ReturnType<typeof migrationStep>

const MOVES: readonly [string, MigrationStatus, Step, boolean, MigrationStatus][] = [
  [
    'the first check-in on the sync port makes a device pending',
    'none',
    'pending',
    false,
    'pending',
  ],
  ['a device that is met there again stays pending', 'pending', 'pending', false, 'pending'],
  ['a verified check-in on 443 ends it', 'pending', 'success', false, 'success'],
  ['a meeting that says nothing leaves it pending', 'pending', undefined, false, 'pending'],
  ['a device that began on 443 never migrates', 'none', 'success', false, 'none'],
  ['a device of which nothing is said has nothing to migrate', 'none', undefined, false, 'none'],
  ['a device that stays on 443 has migrated', 'success', 'success', false, 'success'],
  [
    'a device that is back on the sync port is pending again',
    'success',
    'pending',
    false,
    'pending',
  ],
  [
    'late word of the sync port makes a device pending that was never there',
    'none',
    'pending',
    true,
    'pending',
  ],
  ['late word of the sync port does not undo a success', 'success', 'pending', true, 'success'],
  ['late word of 443 does not end what began after it', 'pending', 'success', true, 'pending'],
]

for (const [promise, before, step, isLate, after] of MOVES) {
  test(promise, () => {
    expect(migrationAfter(before, step, isLate)).toBe(after)
  })
}

const CAN: readonly [
  ClientClass,
  Version | undefined,
  'epmm-11.5' | 'core-10',
  boolean | undefined,
][] = [
  ['android-maw', [10, 1], 'epmm-11.5', true],
  ['android-maw', [10, 0, 9], 'epmm-11.5', false],
  ['android-maw', [10, 1], 'core-10', true],
  ['ios-maw', [12, 11, 10], 'epmm-11.5', true],
  ['ios-maw', [12, 11, 9], 'epmm-11.5', false],
  ['ios-maw', [12, 11, 10], 'core-10', false],
  ['ios-maw', undefined, 'epmm-11.5', undefined],
  ['win10', [99], 'epmm-11.5', false],
]

for (const [kind, version, profile, can] of CAN) {
  const word = can === undefined ? 'may or may not' : can ? 'can' : 'cannot'
  test(`${profile}: ${kind} ${version?.join('.') ?? 'of unknown version'} ${word} migrate`, () => {
    expect(canMigrate({ class: kind, version }, profile)).toBe(can)
  })
}

interface Row {
  readonly promise: string
  readonly port?: Partial<SyncPortFacts>
  readonly forced?: boolean
  readonly closes: boolean
  readonly kinds: readonly string[]
}

const QUIET: SyncPortFacts = {
  isNewInstallation: false,
  certificates: 'for-good',
  pending: 0,
  neverMet: 0,
  unidentified: 0,
}

const CLOSINGS: readonly Row[] = [
  { promise: 'a port that no device needs closes', closes: true, kinds: [] },
  {
    promise: 'one pending device keeps the port open',
    port: { pending: 1 },
    closes: false,
    kinds: ['devices-pending'],
  },
  {
    promise: 'one unidentified connection keeps the port open',
    port: { unidentified: 1 },
    closes: false,
    kinds: ['connections-unidentified'],
  },
  {
    promise: 'a device of the inventory that was never seen keeps the port open',
    port: { neverMet: 1 },
    closes: false,
    kinds: ['devices-never-met'],
  },
  {
    promise: 'everything that speaks against it is said at once',
    port: { pending: 2, neverMet: 3, unidentified: 4 },
    closes: false,
    kinds: ['devices-pending', 'devices-never-met', 'connections-unidentified'],
  },
  {
    promise: 'force closes it, and says over what',
    port: { pending: 2, unidentified: 4 },
    forced: true,
    closes: true,
    kinds: ['devices-pending', 'connections-unidentified'],
  },
  {
    promise: 'without mutual authentication it stays open',
    port: { certificates: 'none' },
    closes: false,
    kinds: ['mutual-authentication-off'],
  },
  {
    promise: 'force is no way around mutual authentication',
    port: { certificates: 'none' },
    forced: true,
    closes: false,
    kinds: ['mutual-authentication-off'],
  },
  {
    promise: 'a new installation closes it at once',
    port: { isNewInstallation: true, neverMet: 9 },
    closes: true,
    kinds: [],
  },
]

for (const { promise, port, forced = false, closes, kinds } of CLOSINGS) {
  test(promise, () => {
    const answer = checkClosing({ ...QUIET, ...port }, forced)
    expect(answer.ok).toBe(closes)
    const said = answer.ok ? answer.value.over : answer.failure
    expect(said.map(({ kind }) => kind)).toEqual(kinds)
  })
}

test('a refusal to close carries how many', () => {
  expect(checkClosing({ ...QUIET, pending: 41, unidentified: 7 }, false)).toEqual({
    ok: false,
    failure: [
      { kind: 'devices-pending', pending: 41 },
      { kind: 'connections-unidentified', unidentified: 7 },
    ],
  })
})
