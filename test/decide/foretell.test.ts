import { expect, test } from 'vitest'
import { foretell, type RetainedLeaf, type RetainedPeer } from '../../src/decide/foretell.ts'
import { isHeldInRecording } from '../../src/decide/judge-approval.ts'
import type { Ask } from '../../src/decide/decide.ts'
import type { KeyFingerprint } from '../../src/kernel/types.ts'
import {
  aCertificate,
  aPath,
  aPolicy,
  at,
  DAY,
  EXPIRY,
  ISSUED,
  type PolicyParts,
} from './builders.ts'

const LEAF: RetainedLeaf = {
  key: 'leaf-key' as KeyFingerprint,
  serial: '07',
  notBefore: at(ISSUED),
  notAfter: at(EXPIRY),
  signedIds: ['urn:sn:1'],
}
const ANCHOR = aPath().anchor
const IN_TIME = EXPIRY - 100 * DAY

const retained = (
  parts: Partial<RetainedPeer & { readonly kind: 'retained' }> = {},
): RetainedPeer => ({
  kind: 'retained',
  leaf: LEAF,
  paths: [{ issuers: [], anchor: ANCHOR }],
  failure: { kind: 'untrusted-issuer' },
  ...parts,
})

interface Asked {
  readonly peer: RetainedPeer
  readonly ask?: Partial<Omit<Ask, 'peer'>>
  readonly policy?: PolicyParts
  readonly now?: number
}

const told = ({ peer, ask, policy, now = IN_TIME }: Asked): string => {
  const { admitted, code } = foretell({ route: 'device', ...ask }, peer, {
    policy: aPolicy(policy),
    now: at(now),
  })
  return `${admitted ? 'admits' : 'refuses'} ${code}`
}

const ROWS: readonly (readonly [string, Asked, string])[] = [
  ['a client without a certificate', { peer: { kind: 'none' } }, 'refuses no-certificate'],
  [
    'a client without a certificate while they are recorded',
    { peer: { kind: 'none' }, policy: { enforcement: 'recording' } },
    'admits no-certificate',
  ],
  [
    'a client without a certificate on an open route',
    { peer: { kind: 'none' }, ask: { route: 'open' } },
    'admits open-route',
  ],
  ['a device in time', { peer: retained() }, 'admits verified'],
  ['a device after its time', { peer: retained(), now: EXPIRY + DAY }, 'refuses expired'],
  [
    'a device after its time that renews',
    { peer: retained(), now: EXPIRY + DAY, ask: { route: 'renewal' } },
    'admits in-grace',
  ],
  [
    'a device after its time while certificates are recorded',
    { peer: retained(), now: EXPIRY + DAY, policy: { enforcement: 'recording' } },
    'admits expired',
  ],
  ['a device without a path', { peer: retained({ paths: [] }) }, 'refuses untrusted-issuer'],
  [
    'a device without a path, for the reason that was kept',
    { peer: retained({ paths: [], failure: { kind: 'budget-exhausted' } }) },
    'refuses budget-exhausted',
  ],
  [
    'a device with a second path that leads to a current CA',
    {
      peer: retained({
        paths: [
          { issuers: [], anchor: aPath({ setting: 'gone' }).anchor },
          { issuers: [], anchor: ANCHOR },
        ],
      }),
    },
    'admits verified',
  ],
  [
    'a device of a CA in between that has expired',
    {
      peer: retained({
        paths: [{ issuers: [aCertificate('middle', { notAfter: IN_TIME - DAY })], anchor: ANCHOR }],
      }),
    },
    'refuses issuer-expired',
  ],
  [
    'a device whose key is blocked',
    { peer: retained(), policy: { approvals: { 'leaf-key': 'blocked' } } },
    'refuses blocked',
  ],
  [
    'a device whose signed id is blocked',
    { peer: retained(), policy: { blockedIds: ['urn:sn:1'] } },
    'refuses blocked',
  ],
  [
    'a device whose serial is denied, by the key of its issuer',
    { peer: retained(), policy: { serials: ['anchor-key:07'] } },
    'refuses denied-serial',
  ],
]

for (const [who, asked, expected] of ROWS) {
  test(`${who}: the judge would say "${expected}"`, () => {
    expect(told(asked)).toBe(expected)
  })
}

test('while certificates are recorded, a client without one is held to approval, whichever key is approved', () => {
  const policy = aPolicy({ enforcement: 'recording', model: 'manual' })
  const everyKey = { ...policy.fleet, approvals: { approvalOf: () => 'approved' as const } }
  const ask = { route: 'device', origin: 'external' } as const
  expect(isHeldInRecording(ask, undefined, { ...policy, fleet: everyKey })).toBe(true)
  expect(isHeldInRecording(ask, LEAF.key, { ...policy, fleet: everyKey })).toBe(false)
})
