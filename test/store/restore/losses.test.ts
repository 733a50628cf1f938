/** Which stricter decisions a restore loses, kind by kind, and which differences are no loss. */
import { expect, test } from 'vitest'
import type { Decisions } from '../../../src/store/restore/decisions.ts'
import { lossesOf } from '../../../src/store/restore/losses.ts'

const NOW = 1000
const NONE: Decisions = {
  latch: 'recording',
  denied: new Map(),
  blocked: new Map(),
  approved: new Set(),
  standings: new Map(),
  endpoints: new Map(),
  ports: new Map(),
  admins: new Map(),
  tokens: new Map(),
}

const admin = (role: string, { isDisabled = false, signIn = 'x' } = {}) =>
  new Map([['bob', { role, isDisabled, signIn }]])
const token = (expiresAt: number) => new Map([['t1', { admin: 'bob', label: 'ci', expiresAt }]])

interface Row {
  readonly what: string
  readonly present: Partial<Decisions>
  readonly backup: Partial<Decisions>
  readonly lost: readonly (readonly [kind: string, items: readonly string[]])[]
}

const LOST: readonly Row[] = [
  {
    what: 'the latch',
    present: { latch: 'required' },
    backup: {},
    lost: [['latch', ['certificates are required for good, and were not yet']]],
  },
  {
    what: 'a deny entry with its note, and one without',
    present: {
      denied: new Map([
        ['key a', 'stolen'],
        ['serial b', ''],
        ['key c', 'old'],
      ]),
    },
    backup: { denied: new Map([['key c', 'another note']]) },
    lost: [['deny-entries', ['key a (stolen)', 'serial b']]],
  },
  {
    what: 'a block, and not the approval before it as well',
    present: { blocked: new Map([['d1', 'Phone']]) },
    backup: { approved: new Set(['d1']) },
    lost: [['blocks', ['d1 (Phone)']]],
  },
  {
    what: 'an approval that was withdrawn',
    present: { approved: new Set(['d2']) },
    backup: { approved: new Set(['d1', 'd2']) },
    lost: [['withdrawn-approvals', ['d1']]],
  },
  {
    what: 'a standing that was changed, and a setting that was removed',
    present: {
      standings: new Map([
        ['a', 'distrusted'],
        ['c', 'current'],
        ['new', 'staged'],
      ]),
    },
    backup: {
      standings: new Map([
        ['a', 'current'],
        ['b', 'staged'],
        ['c', 'current'],
      ]),
    },
    lost: [
      [
        'standings',
        ['a: distrusted now, current in the backup', 'b: removed now, staged in the backup'],
      ],
    ],
  },
  {
    what: 'an endpoint that was disabled',
    present: {
      endpoints: new Map([
        ['legacy', 'disabled'],
        ['mutual', 'enabled'],
      ]),
    },
    backup: {
      endpoints: new Map([
        ['legacy', 'enabled'],
        ['mutual', 'disabled'],
      ]),
    },
    lost: [['closed-endpoints', ['legacy: disabled now, enabled in the backup']]],
  },
  {
    what: 'a port that was closed',
    present: {
      ports: new Map([
        ['sync', 'closed'],
        ['later', 'closed'],
      ]),
    },
    backup: { ports: new Map([['sync', 'open']]) },
    lost: [['closed-ports', ['sync: closed now, open in the backup']]],
  },
  {
    what: 'an administrator who was removed',
    present: {},
    backup: { admins: admin('viewer') },
    lost: [['administrators', ['bob: removed since']]],
  },
  {
    what: 'an administrator who was disabled',
    present: { admins: admin('viewer', { isDisabled: true }) },
    backup: { admins: admin('viewer') },
    lost: [['administrators', ['bob: disabled since']]],
  },
  {
    what: 'an administrator who may do less now',
    present: { admins: admin('viewer') },
    backup: { admins: admin('operator') },
    lost: [['administrators', ['bob: viewer now, operator in the backup']]],
  },
  {
    what: 'an administrator whose password was replaced',
    present: { admins: admin('viewer', { signIn: 'y' }) },
    backup: { admins: admin('viewer') },
    lost: [['administrators', ['bob: has another way to sign in since']]],
  },
  {
    what: 'a token that was revoked and has not ended',
    present: {},
    backup: { tokens: token(NOW + 1) },
    lost: [['tokens', ['t1 of bob (ci)']]],
  },
]

test.each(LOST)('$what is lost', ({ present, backup, lost }) => {
  const losses = lossesOf({ ...NONE, ...present }, { ...NONE, ...backup }, NOW)
  expect(losses.map(({ kind, items }) => [kind, items])).toEqual(lost)
})

const KEPT: readonly Omit<Row, 'lost'>[] = [
  { what: 'nothing', present: {}, backup: {} },
  { what: 'a latch that both have', present: { latch: 'required' }, backup: { latch: 'required' } },
  { what: 'a latch of the backup alone', present: {}, backup: { latch: 'required' } },
  {
    what: 'entries and blocks of the backup alone',
    present: {},
    backup: { denied: new Map([['key a', '']]), blocked: new Map([['d1', '']]) },
  },
  {
    what: 'a block that both have',
    present: { blocked: new Map([['d1', '']]) },
    backup: { blocked: new Map([['d1', '']]) },
  },
  { what: 'an approval since the backup', present: { approved: new Set(['d1']) }, backup: {} },
  {
    what: 'an endpoint and a port that are closed in both',
    present: { endpoints: new Map([['legacy', 'disabled']]), ports: new Map([['s', 'closed']]) },
    backup: { endpoints: new Map([['legacy', 'disabled']]), ports: new Map([['s', 'closed']]) },
  },
  {
    what: 'an administrator who was disabled before the backup',
    present: {},
    backup: { admins: admin('administrator', { isDisabled: true }) },
  },
  {
    what: 'an administrator who may do more now',
    present: { admins: admin('administrator') },
    backup: { admins: admin('operator') },
  },
  { what: 'an administrator since the backup', present: { admins: admin('viewer') }, backup: {} },
  { what: 'a token that has ended', present: {}, backup: { tokens: token(NOW) } },
  {
    what: 'a token that both have',
    present: { tokens: token(NOW + 1) },
    backup: { tokens: token(NOW + 1) },
  },
]

test.each(KEPT)('of $what no stricter decision is lost', ({ present, backup }) => {
  expect(lossesOf({ ...NONE, ...present }, { ...NONE, ...backup }, NOW)).toEqual([])
})
