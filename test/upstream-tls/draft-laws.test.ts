/** Laws of drafts under any sequence of them; the dice are seeded, so a failure repeats. */
import { expect, test } from 'vitest'
import { applyDraft, draftWarnings, WARNING_CODES } from '../../src/upstream-tls/apply-draft.ts'
import { COLUMNS, offeredItems, type Column } from '../../src/upstream-tls/catalogue.ts'
import { effectiveSelection, initialSettings } from '../../src/upstream-tls/draft-result.ts'
import { readDraft } from '../../src/upstream-tls/read-draft.ts'
import { selectionFaults } from '../../src/upstream-tls/selection.ts'
import {
  DEFAULT_STORES,
  effectiveVerification,
  verificationFaults,
} from '../../src/upstream-tls/verification.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { anInput, RULES, type Sent } from './small-runtime.ts'

const { catalogue } = RULES
const CA = mintCa({ name: 'Internal' })

/** Park and Miller's generator: enough to wander with. */
function random(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 48_271) % 2_147_483_647
    return state % sides
  }
}

type Roll = ReturnType<typeof random>

/** Half of the time what was rolled, and else nothing, which follows the default. */
const perhaps = <Value>(roll: Roll, value: Value): Value | undefined =>
  roll(2) === 0 ? value : undefined

/** Some names in any order and either spelling; seldom one that is impossible or unknown. */
function someNames(column: Column, roll: Roll): readonly string[] {
  const items = roll(8) === 0 ? catalogue.items[column] : offeredItems(catalogue, column)
  const names = items
    .filter(() => roll(4) > 0)
    .map(({ name, standardName }) => (roll(2) === 0 ? name : standardName))
  const place = roll(names.length + 1)
  return [...names.slice(place), ...names.slice(0, place), ...(roll(16) === 0 ? ['ROT13'] : [])]
}

const aDraft = (roll: Roll): Sent => ({
  mode: roll(3) > 0 ? 'custom' : 'default',
  protocols: perhaps(roll, someNames('protocols', roll)),
  suites: perhaps(roll, someNames('suites', roll)),
  groups: perhaps(roll, someNames('groups', roll)),
  strict: perhaps(roll, roll(2) === 0),
  allowAndLog: perhaps(roll, roll(2) === 0),
  defaultStore: perhaps(roll, DEFAULT_STORES[roll(DEFAULT_STORES.length)] ?? 'off'),
  customStore: perhaps(roll, {
    enabled: roll(2) === 0,
    certificates: [CA.pem].filter(() => roll(2) === 0),
  }),
  sni: perhaps(roll, ['off', 'on', 'core.internal', 'not a name'][roll(4)] ?? 'on'),
})

test('whatever is drafted, what is applied can connect and trusts a certificate, and nothing is applied unread', () => {
  const roll = random(20_261_122)
  let settings = initialSettings(RULES)
  const outcomes = new Map<string, number>()
  const count = (kind: string) => outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
  for (let turns = 0; turns < 3_000; turns += 1) {
    const sent = anInput(aDraft(roll))
    const draft = readDraft(settings.draft, sent, RULES)
    if (!draft.ok) {
      expect(draft.failure).not.toEqual([])
      count('refused')
      continue
    }
    // What was drafted before leaves no trace: a draft is put as a whole.
    expect(readDraft(initialSettings(RULES).draft, sent, RULES)).toEqual(draft)
    for (const column of COLUMNS) {
      const offered = offeredItems(catalogue, column).map(({ name }) => name)
      const selected: readonly string[] = draft.value.selection[column]
      expect(selected.filter((name) => !offered.includes(name))).toEqual([])
      expect(new Set(selected).size).toBe(selected.length)
    }
    settings = { ...settings, draft: draft.value }
    const read = WARNING_CODES.filter(() => roll(4) > 0)
    const unread = draftWarnings(settings, RULES).filter(({ kind }) => !read.includes(kind))
    const applied = applyDraft(settings, read, RULES)
    if (!applied.ok) {
      count(applied.failure[0]?.kind ?? 'none')
      continue
    }
    expect(unread).toEqual([])
    settings = applied.value.settings
    count('applied')
    expect(selectionFaults(effectiveSelection(settings.applied, RULES), catalogue)).toEqual([])
    const { verification, faults } = effectiveVerification(settings.chosen, RULES.file)
    expect([...faults, ...verificationFaults(verification)]).toEqual([])
  }
  // Each outcome was met often, or the law would be cheap.
  expect([...outcomes.keys()].toSorted()).toEqual([
    'applied',
    'not-acknowledged',
    'nothing-to-apply',
    'refused',
  ])
  expect(outcomes.get('applied')).toBeGreaterThan(100)
})
