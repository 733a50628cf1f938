/** What keeps a selection from being applied, what is said of one that can be, and what the library is told. */
import { expect, test } from 'vitest'
import type { Selection } from '../../src/upstream-tls/catalogue.ts'
import { selectionChanges } from '../../src/upstream-tls/changes.ts'
import {
  explainSelectionNotice,
  explainSelection,
} from '../../src/upstream-tls/explain-selection.ts'
import { handshakeOffer } from '../../src/upstream-tls/handshake-offer.ts'
import {
  sameSelection,
  selectionFaults,
  selectionNotices,
} from '../../src/upstream-tls/selection.ts'
import { aSelection, CBC, E128, E256, RSA, RULES, T128, T256 } from './small-runtime.ts'

const { catalogue } = RULES

interface FaultRow {
  readonly promise: string
  readonly change: Partial<Selection>
  readonly faults: readonly object[]
}

const FAULTS: readonly FaultRow[] = [
  { promise: 'the default has no fault', change: {}, faults: [] },
  {
    promise: 'no protocol is a fault',
    change: { protocols: [] },
    faults: [{ kind: 'nothing-selected', column: 'protocols' }],
  },
  {
    promise: 'no suite is a fault',
    change: { suites: [] },
    faults: [{ kind: 'nothing-selected', column: 'suites' }],
  },
  {
    promise: 'no group is a fault',
    change: { groups: [] },
    faults: [{ kind: 'nothing-selected', column: 'groups' }],
  },
  {
    promise: 'everything empty is three faults at once',
    change: { protocols: [], suites: [], groups: [] },
    faults: [{ column: 'protocols' }, { column: 'suites' }, { column: 'groups' }],
  },
  {
    promise: 'SSLv2Hello alone selects no protocol, and needs TLSv1',
    change: { protocols: ['SSLv2Hello'] },
    faults: [{ kind: 'nothing-selected', column: 'protocols' }, { kind: 'hello-without-tlsv1' }],
  },
  {
    promise: 'SSLv2Hello without TLSv1 is a fault beside being impossible',
    change: { protocols: ['TLSv1.2', 'SSLv2Hello'] },
    faults: [{ kind: 'impossible-here', name: 'SSLv2Hello' }, { kind: 'hello-without-tlsv1' }],
  },
  {
    promise: 'SSLv2Hello with TLSv1 is impossible here all the same',
    change: { protocols: ['TLSv1', 'SSLv2Hello'], suites: [RSA] },
    faults: [{ kind: 'impossible-here', name: 'SSLv2Hello' }],
  },
  {
    promise: 'a hole of one version is a fault',
    change: { protocols: ['TLSv1.3', 'TLSv1.1'], suites: [T256, RSA] },
    faults: [{ kind: 'protocol-gap', missing: ['TLSv1.2'] }],
  },
  {
    promise: 'a hole of two versions names both',
    change: { protocols: ['TLSv1', 'TLSv1.3'], suites: [T256, RSA] },
    faults: [{ kind: 'protocol-gap', missing: ['TLSv1.2', 'TLSv1.1'] }],
  },
  {
    promise: 'one protocol has no hole',
    change: { protocols: ['TLSv1.1'], suites: [RSA] },
    faults: [],
  },
  {
    promise: 'the order of protocols makes no hole',
    change: { protocols: ['TLSv1.2', 'TLSv1.3'] },
    faults: [],
  },
  {
    promise: 'TLS 1.3 without a suite of its own is a fault',
    change: { suites: [E256] },
    faults: [{ kind: 'no-suite', protocol: 'TLSv1.3' }],
  },
  {
    promise: 'TLS 1.2 without a suite of its own is a fault',
    change: { suites: [T256] },
    faults: [{ kind: 'no-suite', protocol: 'TLSv1.2' }],
  },
  {
    promise: 'a suite of TLS 1.2 does not serve TLS 1.1',
    change: { protocols: ['TLSv1.2', 'TLSv1.1'], suites: [E128] },
    faults: [{ kind: 'no-suite', protocol: 'TLSv1.1' }],
  },
  {
    promise: 'a hybrid group alone does not serve TLS 1.2',
    change: { groups: ['X25519MLKEM768'] },
    faults: [{ kind: 'no-group', protocol: 'TLSv1.2' }],
  },
  {
    promise: 'a hybrid group alone serves TLS 1.3',
    change: { protocols: ['TLSv1.3'], groups: ['X25519MLKEM768'] },
    faults: [],
  },
  {
    promise: 'RSA key exchange needs no group',
    change: { protocols: ['TLSv1.2'], suites: [E128, RSA], groups: ['X25519MLKEM768'] },
    faults: [],
  },
  {
    promise: 'an unknown suite is a fault even beside known ones',
    change: { suites: [T256, E256, 'ECDHE-RSA-AES256-GCM-SHA348'] },
    faults: [{ kind: 'unknown-name', suggestion: E256 }],
  },
  {
    promise: 'a suite twice is a fault',
    change: { suites: [T256, E256, T256] },
    faults: [{ kind: 'selected-twice', name: T256 }],
  },
]

for (const { promise, change, faults } of FAULTS) {
  test(promise, () => {
    const found = selectionFaults(aSelection(change), catalogue)
    expect(found).toHaveLength(faults.length)
    expect(found).toMatchObject(faults)
    for (const fault of found) {
      const { sentence, nextStep } = explainSelection(fault)
      expect(sentence).not.toMatch(/undefined|\.$/)
      expect(nextStep).not.toBe('')
    }
  })
}

test('weak protocols and weak suites are said, and suites without a protocol', () => {
  const notices = selectionNotices(
    aSelection({ protocols: ['TLSv1.2', 'TLSv1.1'], suites: [T128, E128, CBC, RSA] }),
    catalogue,
  )
  expect(notices.map(explainSelectionNotice)).toEqual([
    'TLSv1.1 is weak: deprecated (RFC 8996): its signatures rest on SHA-1',
    `${CBC}: weak, CBC mode, open to padding attacks`,
    `${RSA}: weak, no forward secrecy; CBC mode, open to padding attacks`,
    `${T128}: no effect, no selected protocol can use it`,
  ])
})

test('of the default there is nothing to say', () => {
  expect(selectionNotices(aSelection(), catalogue)).toEqual([])
})

const OFFERED: readonly (readonly [string, Partial<Selection>, object])[] = [
  [
    'the default offers its range, its suites in order, and a key share of each kind',
    {},
    {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: [T256, T128, E256, E128].join(':'),
      ecdhCurve: '*X25519MLKEM768:*X25519:P-256',
    },
  ],
  [
    'TLS 1.2 lowers no security level',
    { protocols: ['TLSv1.2'], suites: [RSA] },
    { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: RSA },
  ],
  [
    'TLS 1.1 lowers it',
    { protocols: ['TLSv1.1', 'TLSv1.2'], suites: [RSA] },
    { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.2', ciphers: `${RSA}:@SECLEVEL=0` },
  ],
  [
    'TLS 1.0 lowers it',
    { protocols: ['TLSv1', 'SSLv2Hello'], suites: [RSA] },
    { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: `${RSA}:@SECLEVEL=0` },
  ],
  [
    'suites without a protocol are not offered',
    { protocols: ['TLSv1.2'] },
    { ciphers: [E256, E128].join(':') },
  ],
  [
    'a classical group first gets the only mark',
    { groups: ['P-256', 'X25519'] },
    { ecdhCurve: '*P-256:X25519' },
  ],
]

for (const [promise, change, offer] of OFFERED) {
  test(promise, () => {
    expect(handshakeOffer(aSelection(change))).toMatchObject(offer)
  })
}

test('what differs is told by column, and the order of protocols is no difference', () => {
  const change = { protocols: ['TLSv1.2', 'TLSv1.3'], suites: [T128, T256, E256, CBC] } as const
  expect(selectionChanges(aSelection(), aSelection(change))).toEqual([
    { column: 'suites', added: [CBC], removed: [E128], reordered: true },
  ])
})

const SAME: readonly (readonly [string, Partial<Selection>, boolean])[] = [
  ['the order of protocols is no difference', { protocols: ['TLSv1.2', 'TLSv1.3'] }, true],
  ['the order of suites is one', { suites: [T128, T256, E256, E128] }, false],
  ['the order of groups is one', { groups: ['X25519', 'X25519MLKEM768', 'P-256'] }, false],
  ['a protocol less is one', { protocols: ['TLSv1.3'] }, false],
]

for (const [promise, change, same] of SAME) {
  test(promise, () => {
    expect(sameSelection(aSelection(), aSelection(change))).toBe(same)
  })
}
