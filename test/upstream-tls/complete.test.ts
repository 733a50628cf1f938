/** What becomes of the columns that a file leaves out. */
import { expect, test } from 'vitest'
import type { TlsPreset, Selection } from '../../src/upstream-tls/catalogue.ts'
import { completeSelection } from '../../src/upstream-tls/complete.ts'
import { selectionFaults } from '../../src/upstream-tls/selection.ts'
import { aCatalogue, CBC, E128, E256, RSA, RULES, T128, T256 } from './small-runtime.ts'

const { catalogue } = RULES

interface Row {
  readonly promise: string
  readonly written: Partial<Selection>
  readonly preset?: TlsPreset
  readonly selection: Partial<Selection>
}

const ROWS: readonly Row[] = [
  { promise: 'nothing written is the default', written: {}, selection: catalogue.defaults.secure },
  {
    promise: 'a protocol less takes its suites along',
    written: { protocols: ['TLSv1.3'] },
    selection: { protocols: ['TLSv1.3'], suites: [T256, T128] },
  },
  {
    promise: 'a protocol for which the default has no suite gets all it can use',
    written: { protocols: ['TLSv1.1'] },
    selection: { suites: [CBC, RSA] },
  },
  {
    promise: 'a protocol for which the default has suites gets no others',
    written: { protocols: ['TLSv1.2'] },
    selection: { suites: [E256, E128] },
  },
  {
    promise: 'older protocols beside a newer one leave its suites strong and preferred',
    written: { protocols: ['TLSv1.2', 'TLSv1.1', 'TLSv1'] },
    selection: { suites: [E256, E128, CBC, RSA] },
  },
  {
    promise: 'a newer protocol than the default has gets its suites',
    written: { protocols: ['TLSv1.3', 'TLSv1.2'] },
    preset: 'sentry-compat',
    selection: { suites: [T256, T128, E256, E128, CBC, RSA], groups: ['X25519', 'P-256'] },
  },
  {
    promise: 'what is written stays as it is',
    written: { protocols: ['TLSv1.2'], suites: [RSA, E128], groups: ['P-256'] },
    selection: { protocols: ['TLSv1.2'], suites: [RSA, E128], groups: ['P-256'] },
  },
]

for (const { promise, written, preset = 'secure', selection } of ROWS) {
  test(promise, () => {
    const made = completeSelection(written, preset, catalogue)
    expect(made).toMatchObject(selection)
    expect(selectionFaults(made, catalogue)).toEqual([])
  })
}

test('a runtime without a suite for a protocol leaves that to be said as a fault', () => {
  const poor = aCatalogue({ suites: ['tls_aes_128_gcm_sha256'] })
  const made = completeSelection({ protocols: ['TLSv1.1'] }, 'secure', poor)
  expect(selectionFaults(made, poor)).toMatchObject([
    { kind: 'nothing-selected', column: 'suites' },
  ])
})
