/**
 * The page of one upstream between a call and the store: opened under today's rules, pressed, and asked for.
 */
import { parsePageDocument } from '../config/page-document.ts'
import { fail, ok, type Result } from '../kernel/types.ts'
import type { Column } from '../outgoing/catalogue.ts'
import { openPage, pageName } from '../outgoing/document.ts'
import {
  explainChange,
  explainPage,
  explainUpgrade,
  PROCEED_WARNING,
} from '../outgoing/explain-page.ts'
import { explainNotice } from '../outgoing/explain-selection.ts'
import {
  freshPage,
  press,
  type Action,
  type Effect,
  type Page,
  type Rules,
} from '../outgoing/page.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { CallFailure } from './call.ts'
import { refused } from './refused.ts'
import type { Office } from './server.ts'
import type { ServedUpstream } from './serving.ts'

/** A button as it was sent; what is needed with it depends on its kind. */
export interface Pressed {
  readonly kind: Action['kind']
  readonly column?: Column
  readonly names?: readonly string[]
  readonly name?: string
  readonly place?: number
}

/** The page after all of them. */
export interface Outcome {
  readonly page: Page
  readonly effect: Effect
  readonly tookEffect: boolean
}

/** Presses buttons in turn; the first that is turned down ends it. */
export function pressAll(
  { page, rules }: Opened,
  buttons: readonly Pressed[],
): Result<Outcome, CallFailure> {
  let outcome: Outcome = { page, effect: { kind: 'none' }, tookEffect: false }
  for (const [at, button] of buttons.entries()) {
    const action = actionOf(button)
    if (action === undefined) return malformed(at, button)
    const pressed = press(outcome.page, action, rules)
    if (!pressed.ok) {
      return refused(pressed.failure.map((fault) => ({ code: fault.kind, ...explainPage(fault) })))
    }
    const { page: next, effect } = pressed.value
    outcome = { page: next, effect, tookEffect: outcome.tookEffect || effect.kind === 'apply' }
  }
  return ok(outcome)
}

function actionOf({ kind, column, names, name, place }: Pressed): Action | undefined {
  if (kind === 'select' || kind === 'deselect') {
    return column === undefined || names === undefined ? undefined : { kind, column, names }
  }
  if (kind !== 'order') return { kind }
  return column === undefined || name === undefined || place === undefined
    ? undefined
    : { kind, column, name, place }
}

const malformed = (at: number, { kind }: Pressed) =>
  refused([
    {
      code: 'button-incomplete',
      sentence: `press.${at}: ${kind} does not say what it is about`,
      nextStep: 'send its column with names, or with name and place',
    },
  ])

interface Question {
  question: 'proceed' | 'confirm'
  texts: string[]
}

/** The question that the last button left open; pressing it again with its answer is how it is answered. */
export function questionOf(effect: Effect): Question | null {
  if (effect.kind === 'ask-to-proceed') return { question: 'proceed', texts: [PROCEED_WARNING] }
  if (effect.kind !== 'ask-to-confirm') return null
  const texts = [...effect.changes.map(explainChange), ...effect.notices.map(explainNotice)]
  return { question: 'confirm', texts }
}

/** An upstream that is called with TLS, and so has a page. */
export type WithTls = ServedUpstream & { readonly tls: NonNullable<ServedUpstream['tls']> }

/** The upstream of that name, if it has a page. */
export function withTls({ serving }: Office, name: string): WithTls | undefined {
  const found = serving.upstreams().find((one) => one.name === name)
  return found?.tls === undefined ? undefined : { ...found, tls: found.tls }
}

/** A page as it stands. */
export interface Opened {
  readonly page: Page
  readonly rules: Rules
  readonly report: readonly string[]
  readonly version: number
}

/** The page of an upstream; untouched when nothing is kept. */
export async function openedPage(
  { store, serving }: Office,
  { name, tls }: WithTls,
): Promise<Result<Opened, StoreFailure>> {
  const rules: Rules = { catalogue: serving.catalogue(), preset: tls.preset }
  const key = pageName(name)
  const found = await store.documents.find(key)
  if (!found.ok) return found
  if (found.value === undefined)
    return ok({ page: freshPage(rules), rules, report: [], version: 0 })
  const { body, version } = found.value
  const strange = (places: readonly string[]): StoreFailure => ({
    kind: 'unknown-row',
    table: 'documents',
    key,
    column: 'body',
    found: places.join('; ').slice(0, 200),
    wanted: 'a page that this version wrote',
  })
  const parsed = parsePageDocument(body)
  if (!parsed.ok) return fail(strange(parsed.failure.map(({ at }) => at)))
  const opened = openPage(parsed.value, rules)
  if (!opened.ok) return fail(strange(opened.failure.map(({ at, found: name }) => `${at} ${name}`)))
  const { page, report } = opened.value
  return ok({ page, rules, report: report.map((one) => explainUpgrade(one, name)), version })
}
