/** Laws of the page under any sequence of presses; the dice are seeded, so a failure repeats. */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { COLUMNS, offeredItems, type Column } from '../../src/upstream-tls/catalogue.ts'
import type { VerificationEdit } from '../../src/upstream-tls/edit-verification.ts'
import { effectiveSelection } from '../../src/upstream-tls/draft-result.ts'
import {
  columnsOf,
  initialSettings,
  applyAction,
  type Action,
} from '../../src/upstream-tls/settings-page.ts'
import { selectionFaults } from '../../src/upstream-tls/selection.ts'
import {
  DEFAULT_STORES,
  effectiveVerification,
  verificationFaults,
} from '../../src/upstream-tls/verification.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { RULES } from './small-runtime.ts'

const { catalogue } = RULES
const CA = mintCa({ name: 'Internal' })
const CA_SHA256 = hash('sha256', CA.certificate)

/** Park and Miller's generator: enough to wander with. */
function random(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 48_271) % 2_147_483_647
    return state % sides
  }
}

const KINDS = [
  'choose-default',
  'choose-custom',
  'proceed',
  'select',
  'deselect',
  'order',
  'reset',
  'apply',
  'confirm',
  'cancel',
  'set-strict',
  'set-allow-untrusted',
  'set-default-store',
  'set-custom-store',
  'add-certificates',
  'remove-certificate',
  'set-sni',
  'reset-settings',
] as const

function anAction(roll: (sides: number) => number): Action {
  const kind = KINDS[roll(KINDS.length)] ?? 'reset'
  if (isSwitch(kind)) return aSwitch(kind, roll)
  if (kind === 'add-certificates') return { kind, pem: CA.pem }
  if (kind === 'remove-certificate') return { kind, sha256: CA_SHA256 }
  if (kind !== 'select' && kind !== 'deselect' && kind !== 'order') return { kind }
  const column: Column = COLUMNS[roll(COLUMNS.length)] ?? 'suites'
  const items = catalogue.items[column]
  const { name = '', standardName = '' } = items[roll(items.length)] ?? {}
  if (kind === 'order') return { kind, column, name, place: roll(9) }
  return { kind, column, names: [roll(2) === 0 ? name : standardName] }
}

const isSwitch = (kind: Action['kind']): kind is Switch => kind.startsWith('set-')

type Switch = Extract<VerificationEdit['kind'], `set-${string}`>

function aSwitch(kind: Switch, roll: (sides: number) => number): Action {
  const enabled = roll(2) === 0
  if (kind === 'set-default-store') {
    return { kind, store: DEFAULT_STORES[roll(DEFAULT_STORES.length)] ?? 'off' }
  }
  if (kind !== 'set-sni') return { kind, enabled }
  return { kind, sni: ['off', 'on', 'core.internal', 'not a name'][roll(4)] ?? 'on' }
}

test('whatever is pressed, what is applied can connect and believes somebody, and every item stands in exactly one column', () => {
  const roll = random(20_261_122)
  let page = initialSettings(RULES)
  const effects = new Map<string, number>()
  for (let presses = 0; presses < 20_000; presses += 1) {
    const applyAll = applyAction(page, anAction(roll), RULES)
    if (!applyAll.ok) continue
    ;({ page } = applyAll.value)
    const { kind } = applyAll.value.effect
    effects.set(kind, (effects.get(kind) ?? 0) + 1)
    expect(selectionFaults(effectiveSelection(page.applied, RULES), catalogue)).toEqual([])
    const { verification, faults } = effectiveVerification(page.chosen, RULES.file)
    expect([...faults, ...verificationFaults(verification)]).toEqual([])
    for (const column of COLUMNS) {
      const { available, selected } = columnsOf(page.draft, column, RULES)
      const all = offeredItems(catalogue, column).map(({ name }) => name)
      expect([...available, ...selected].toSorted()).toEqual(all.toSorted())
    }
  }
  // The walk came by every door, or the law would be cheap.
  expect([...effects.keys()].toSorted()).toEqual([
    'apply',
    'ask-to-confirm',
    'ask-to-proceed',
    'none',
  ])
})
