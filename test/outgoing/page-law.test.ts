/** Laws of the page under any sequence of presses; the dice are seeded, so a failure repeats. */
import { expect, test } from 'vitest'
import { COLUMNS, offered, type Column } from '../../src/outgoing/catalogue.ts'
import { columnsOf, freshPage, inForce, press, type Action } from '../../src/outgoing/page.ts'
import { selectionFaults } from '../../src/outgoing/selection.ts'
import { RULES } from './a-runtime.ts'

const { catalogue } = RULES

/** Park and Miller's generator: enough to wander with. */
function dice(seed: number): (sides: number) => number {
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
] as const

function anAction(roll: (sides: number) => number): Action {
  const kind = KINDS[roll(KINDS.length)] ?? 'reset'
  if (kind !== 'select' && kind !== 'deselect' && kind !== 'order') return { kind }
  const column: Column = COLUMNS[roll(COLUMNS.length)] ?? 'suites'
  const items = catalogue.items[column]
  const { name = '', standardName = '' } = items[roll(items.length)] ?? {}
  if (kind === 'order') return { kind, column, name, place: roll(9) }
  return { kind, column, names: [roll(2) === 0 ? name : standardName] }
}

test('whatever is pressed, what is applied can connect, and every item stands in exactly one column', () => {
  const roll = dice(20_261_122)
  let page = freshPage(RULES)
  const effects = new Map<string, number>()
  for (let presses = 0; presses < 20_000; presses += 1) {
    const pressed = press(page, anAction(roll), RULES)
    if (!pressed.ok) continue
    ;({ page } = pressed.value)
    const { kind } = pressed.value.effect
    effects.set(kind, (effects.get(kind) ?? 0) + 1)
    expect(selectionFaults(inForce(page.applied, RULES), catalogue)).toEqual([])
    for (const column of COLUMNS) {
      const { available, selected } = columnsOf(page.draft, column, RULES)
      const all = offered(catalogue, column).map(({ name }) => name)
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
