/**
 * The page of one upstream, pressed through: every action in every situation (S3-18 to S3-22). A cell says what
 * comes of it; a fault leaves the page as it was.
 */
import { expect, test } from 'vitest'
import { effectiveSelection } from '../../src/upstream-tls/draft-result.ts'
import { explainSelectionChange, explainActionFault } from '../../src/upstream-tls/explain-page.ts'
import {
  columnsOf,
  initialSettings,
  applyAction,
  type Action,
} from '../../src/upstream-tls/settings-page.ts'
import { CBC, E128, E256, applyAll, RSA, RULES, T128, T256 } from './small-runtime.ts'
import type { TlsSettings } from '../../src/upstream-tls/settings-types.ts'

const CHOOSE_DEFAULT: Action = { kind: 'choose-default' }
const CHOOSE_CUSTOM: Action = { kind: 'choose-custom' }
const PROCEED: Action = { kind: 'proceed' }
const SELECT: Action = { kind: 'select', column: 'suites', names: [CBC] }
const DESELECT: Action = { kind: 'deselect', column: 'suites', names: [T256] }
const ORDER: Action = { kind: 'order', column: 'suites', name: T128, place: 0 }
const RESET: Action = { kind: 'reset' }
const APPLY: Action = { kind: 'apply' }
const CONFIRM: Action = { kind: 'confirm' }
const CANCEL: Action = { kind: 'cancel' }

const ACTIONS = {
  CHOOSE_DEFAULT,
  CHOOSE_CUSTOM,
  PROCEED,
  SELECT,
  DESELECT,
  ORDER,
  RESET,
  APPLY,
  CONFIRM,
  CANCEL,
}

const fresh = initialSettings(RULES)
const MOVE_RSA: Action = { kind: 'select', column: 'suites', names: [RSA] }
const customDrafted = applyAll(fresh, [CHOOSE_CUSTOM, PROCEED, MOVE_RSA])
const customApplied = applyAll(customDrafted, [APPLY, CONFIRM])

/** Every situation an operator can be in. */
const SITUATIONS = {
  'default applied, nothing touched': fresh,
  'default applied, items moved': applyAll(fresh, [MOVE_RSA]),
  'custom chosen, Proceed awaited': applyAll(fresh, [CHOOSE_CUSTOM]),
  'proceeded, nothing moved': applyAll(fresh, [CHOOSE_CUSTOM, PROCEED]),
  'proceeded, items moved': customDrafted,
  'custom waits for confirmation': applyAll(customDrafted, [APPLY]),
  'custom applied, nothing touched': customApplied,
  'custom applied, columns reset': applyAll(customApplied, [RESET]),
  'custom applied, default chosen': applyAll(customApplied, [CHOOSE_DEFAULT]),
  'default waits for confirmation': applyAll(customApplied, [CHOOSE_DEFAULT, APPLY]),
  'custom applied, default chosen, custom chosen again': applyAll(customApplied, [
    CHOOSE_DEFAULT,
    CHOOSE_CUSTOM,
  ]),
} as const satisfies Record<string, TlsSettings>

type Cells = Readonly<Record<keyof typeof ACTIONS, string>>

/** `applied / mode suites... [step]`, with what is asked or applied, or the faults. */
const EXPECTED: Readonly<Record<keyof typeof SITUATIONS, Cells>> = {
  'default applied, nothing touched': {
    CHOOSE_DEFAULT: 'default / default ====',
    CHOOSE_CUSTOM: 'default / default ==== proceed? > ask-to-proceed',
    PROCEED: 'fault nothing-asked',
    SELECT: 'default / default ====+C',
    DESELECT: 'default / default -T256',
    ORDER: 'default / default reordered',
    RESET: 'default / default ====',
    APPLY: 'fault nothing-to-apply',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'default applied, items moved': {
    CHOOSE_DEFAULT: 'default / default ====+R',
    CHOOSE_CUSTOM: 'default / default ====+R proceed? > ask-to-proceed',
    PROCEED: 'fault nothing-asked',
    SELECT: 'default / default ====+RC',
    DESELECT: 'default / default -T256+R',
    ORDER: 'default / default reordered+R',
    RESET: 'default / default ====',
    APPLY: 'fault nothing-to-apply, moved',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'custom chosen, Proceed awaited': {
    CHOOSE_DEFAULT: 'default / default ====',
    CHOOSE_CUSTOM: 'default / default ==== proceed? > ask-to-proceed',
    PROCEED: 'default / custom ====',
    SELECT: 'default / default ====+C proceed?',
    DESELECT: 'default / default -T256 proceed?',
    ORDER: 'default / default reordered proceed?',
    RESET: 'default / default ==== proceed?',
    APPLY: 'fault answer-first',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'default / default ====',
  },
  'proceeded, nothing moved': {
    CHOOSE_DEFAULT: 'default / default ====',
    CHOOSE_CUSTOM: 'default / custom ====',
    PROCEED: 'fault nothing-asked',
    SELECT: 'default / custom ====+C',
    DESELECT: 'default / custom -T256',
    ORDER: 'default / custom reordered',
    RESET: 'default / custom ====',
    APPLY: 'default / custom ==== confirm? > ask-to-confirm',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'proceeded, items moved': {
    CHOOSE_DEFAULT: 'default / default ====+R',
    CHOOSE_CUSTOM: 'default / custom ====+R',
    PROCEED: 'fault nothing-asked',
    SELECT: 'default / custom ====+RC',
    DESELECT: 'default / custom -T256+R',
    ORDER: 'default / custom reordered+R',
    RESET: 'default / custom ====',
    APPLY: 'default / custom ====+R confirm? > ask-to-confirm',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'custom waits for confirmation': {
    CHOOSE_DEFAULT: 'fault answer-first',
    CHOOSE_CUSTOM: 'fault answer-first',
    PROCEED: 'fault answer-first',
    SELECT: 'fault answer-first',
    DESELECT: 'fault answer-first',
    ORDER: 'fault answer-first',
    RESET: 'fault answer-first',
    APPLY: 'fault answer-first',
    CONFIRM: 'custom+R / custom ====+R > apply',
    CANCEL: 'default / custom ====+R',
  },
  'custom applied, nothing touched': {
    CHOOSE_DEFAULT: 'custom+R / default ====+R',
    CHOOSE_CUSTOM: 'custom+R / custom ====+R',
    PROCEED: 'fault nothing-asked',
    SELECT: 'custom+R / custom ====+RC',
    DESELECT: 'custom+R / custom -T256+R',
    ORDER: 'custom+R / custom reordered+R',
    RESET: 'custom+R / custom ====',
    APPLY: 'fault nothing-to-apply',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'custom applied, columns reset': {
    CHOOSE_DEFAULT: 'custom+R / default ====',
    CHOOSE_CUSTOM: 'custom+R / custom ====',
    PROCEED: 'fault nothing-asked',
    SELECT: 'custom+R / custom ====+C',
    DESELECT: 'custom+R / custom -T256',
    ORDER: 'custom+R / custom reordered',
    RESET: 'custom+R / custom ====',
    APPLY: 'custom+R / custom ==== confirm? > ask-to-confirm',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'custom applied, default chosen': {
    CHOOSE_DEFAULT: 'custom+R / default ====+R',
    CHOOSE_CUSTOM: 'custom+R / default ====+R proceed? > ask-to-proceed',
    PROCEED: 'fault nothing-asked',
    SELECT: 'custom+R / default ====+RC',
    DESELECT: 'custom+R / default -T256+R',
    ORDER: 'custom+R / default reordered+R',
    RESET: 'custom+R / default ====',
    APPLY: 'custom+R / default ====+R confirm? > ask-to-confirm',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'fault nothing-asked',
  },
  'default waits for confirmation': {
    CHOOSE_DEFAULT: 'fault answer-first',
    CHOOSE_CUSTOM: 'fault answer-first',
    PROCEED: 'fault answer-first',
    SELECT: 'fault answer-first',
    DESELECT: 'fault answer-first',
    ORDER: 'fault answer-first',
    RESET: 'fault answer-first',
    APPLY: 'fault answer-first',
    CONFIRM: 'default / default ==== > apply',
    CANCEL: 'custom+R / default ====+R',
  },
  'custom applied, default chosen, custom chosen again': {
    CHOOSE_DEFAULT: 'custom+R / default ====+R',
    CHOOSE_CUSTOM: 'custom+R / default ====+R proceed? > ask-to-proceed',
    PROCEED: 'custom+R / custom ====+R',
    SELECT: 'custom+R / default ====+RC proceed?',
    DESELECT: 'custom+R / default -T256+R proceed?',
    ORDER: 'custom+R / default reordered+R proceed?',
    RESET: 'custom+R / default ==== proceed?',
    APPLY: 'fault answer-first',
    CONFIRM: 'fault nothing-asked',
    CANCEL: 'custom+R / default ====+R',
  },
}

for (const [situation, page] of Object.entries(SITUATIONS)) {
  for (const [name, action] of Object.entries(ACTIONS)) {
    const cell = EXPECTED[situation as keyof typeof SITUATIONS][name as keyof typeof ACTIONS]
    test(`${situation}: ${action.kind} gives ${cell}`, () => {
      expect(outcome(page, action)).toBe(cell)
    })
  }
}

/** What a press comes to, in a few letters. */
function outcome(page: TlsSettings, action: Action): string {
  const before = structuredClone(page)
  const result = applyAction(page, action, RULES)
  expect(page).toEqual(before)
  if (!result.ok) {
    const [fault] = result.failure
    for (const one of result.failure)
      expect(explainActionFault(one).sentence).not.toMatch(/undefined/)
    return `fault ${fault?.kind}${fault?.kind === 'nothing-to-apply' && fault.moved ? ', moved' : ''}`
  }
  const { draft, applied } = result.value.page
  const { effect } = result.value
  return [
    applied.kind === 'default' ? 'default' : `custom${extras(applied.selection.suites)}`,
    '/',
    draft.mode,
    `${order(draft.selection.suites)}${extras(draft.selection.suites)}`,
    ...(draft.step.kind === 'editing' ? [] : [draft.step.kind]),
    ...(effect.kind === 'none' ? [] : ['>', effect.kind]),
  ].join(' ')
}

const LETTERS = new Map([
  [RSA, 'R'],
  [CBC, 'C'],
])

function extras(suites: readonly string[]): string {
  const letters = suites.flatMap((name) => LETTERS.get(name) ?? []).join('')
  return letters === '' ? '' : `+${letters}`
}

function order(suites: readonly string[]): string {
  const own = suites.filter((name) => !LETTERS.has(name)).join()
  if (own === [T256, T128, E256, E128].join()) return '===='
  return own === [T128, E256, E128].join()
    ? '-T256'
    : own === [T128, T256, E256, E128].join()
      ? 'reordered'
      : own
}

test('only Yes changes what is applied, whatever else is pressed', () => {
  for (const page of Object.values(SITUATIONS)) {
    for (const action of Object.values(ACTIONS)) {
      const result = applyAction(page, action, RULES)
      if (result.ok && action.kind !== 'confirm')
        expect(result.value.page.applied).toEqual(page.applied)
    }
  }
})

test('Apply asks with the differences and what is weak about them, and Yes hands back what to use', () => {
  const asked = applyAction(customDrafted, APPLY, RULES)
  if (!asked.ok || asked.value.effect.kind !== 'ask-to-confirm') expect.fail('nothing asked')
  expect(asked.value.effect.changes.map(explainSelectionChange)).toEqual([
    `Cipher Suites: adds ${RSA}`,
  ])
  expect(asked.value.effect.notices).toMatchObject([{ kind: 'weak-suites', names: [RSA] }])
  const confirmed = applyAction(asked.value.page, CONFIRM, RULES)
  expect(confirmed).toMatchObject({
    value: {
      effect: { kind: 'apply', next: { selection: { suites: [T256, T128, E256, E128, RSA] } } },
    },
  })
})

test('back to the default is the default, and the columns show it', () => {
  const back = applyAll(customApplied, [CHOOSE_DEFAULT, APPLY, CONFIRM])
  expect(back).toEqual(fresh)
  expect(effectiveSelection(back.applied, RULES)).toEqual(RULES.catalogue.defaults.secure)
})

interface MoveRow {
  readonly promise: string
  readonly actions: readonly Action[]
  readonly faults: readonly object[]
}

const custom = applyAll(fresh, [CHOOSE_CUSTOM, PROCEED])
const move = (
  kind: 'select' | 'deselect',
  column: 'protocols' | 'suites' | 'groups',
  ...names: string[]
): Action => ({ kind, column, names })

const TURNED_DOWN: readonly MoveRow[] = [
  {
    promise: 'what is selected is not selected again',
    actions: [move('select', 'suites', T256)],
    faults: [{ kind: 'already-selected', name: T256 }],
  },
  {
    promise: 'what is available is not moved there',
    actions: [move('deselect', 'suites', RSA)],
    faults: [{ kind: 'not-selected', name: RSA }],
  },
  {
    promise: 'what is available has no order',
    actions: [{ kind: 'order', column: 'suites', name: RSA, place: 0 }],
    faults: [{ kind: 'not-selected' }],
  },
  {
    promise: 'SSLv2Hello cannot be moved',
    actions: [move('select', 'protocols', 'SSLv2Hello')],
    faults: [{ kind: 'impossible-here' }],
  },
  {
    promise: 'a lost suite cannot be moved',
    actions: [move('select', 'suites', 'SSL_RSA_WITH_3DES_EDE_CBC_SHA')],
    faults: [{ kind: 'impossible-here' }],
  },
  {
    promise: 'an unknown name cannot be moved, and all faults are told at once',
    actions: [move('select', 'suites', 'ROT13', 'DES-CBC3-SHA', RSA)],
    faults: [{ kind: 'unknown-name' }, { kind: 'impossible-here' }],
  },
  {
    promise: 'an empty column is not applied',
    actions: [move('deselect', 'groups', 'X25519MLKEM768', 'X25519', 'P-256'), APPLY],
    faults: [{ kind: 'nothing-selected', column: 'groups' }],
  },
  {
    promise: 'a protocol without a suite is not applied',
    actions: [move('deselect', 'suites', T256, T128), APPLY],
    faults: [{ kind: 'no-suite', protocol: 'TLSv1.3' }],
  },
  {
    promise: 'a hole between protocols is not applied',
    actions: [move('select', 'protocols', 'TLSv1'), MOVE_RSA, APPLY],
    faults: [{ kind: 'protocol-gap', missing: ['TLSv1.1'] }],
  },
]

for (const { promise, actions, faults } of TURNED_DOWN) {
  test(promise, () => {
    const page = applyAll(custom, actions.slice(0, -1))
    const last = actions.at(-1)
    if (last === undefined) expect.fail('no action')
    expect(applyAction(page, last, RULES)).toMatchObject({ ok: false, failure: faults })
  })
}

test('either spelling moves the same item', () => {
  const page = applyAll(custom, [
    move('select', 'suites', 'TLS_RSA_WITH_AES_128_CBC_SHA'),
    move('select', 'groups', 'ffdhe2048'),
  ])
  expect(columnsOf(page.draft, 'suites', RULES)).toEqual({
    available: [CBC],
    selected: [T256, T128, E256, E128, RSA],
    default: [T256, T128, E256, E128],
  })
})

test('a selected item is put where the operator wants it, and beyond the end is the end', () => {
  const first = applyAll(custom, [{ kind: 'order', column: 'suites', name: E128, place: 0 }])
  expect(first.draft.selection.suites).toEqual([E128, T256, T128, E256])
  const last = applyAll(first, [{ kind: 'order', column: 'suites', name: E128, place: 99 }])
  expect(last.draft.selection.suites).toEqual([T256, T128, E256, E128])
})

test('Reset to Default resets every column and neither the choice nor what is applied', () => {
  const moved = applyAll(customApplied, [
    move('deselect', 'protocols', 'TLSv1.3'),
    move('select', 'groups', 'ffdhe2048'),
  ])
  const reset = applyAll(moved, [RESET])
  expect(reset.draft).toEqual({
    mode: 'custom',
    selection: RULES.catalogue.defaults.secure,
    chosen: {},
    step: { kind: 'editing' },
  })
  expect(reset.applied).toEqual(customApplied.applied)
})
