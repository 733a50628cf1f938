/**
 * The page of one upstream between a call and the store: opened under today's rules, pressed, and asked for.
 */
import { parsePageDocument } from '../../../config/upstream/stored-document.ts'
import { fail, ok, unreachable, type Result } from '../../../kernel/types.ts'
import type { Column } from '../../../upstream-tls/catalogue.ts'
import { openPage, pageName } from '../../../upstream-tls/document.ts'
import {
  explainChange,
  explainPage,
  explainUpgrade,
  PROCEED_WARNING,
} from '../../../upstream-tls/explain-page.ts'
import { explainNotice } from '../../../upstream-tls/explain-selection.ts'
import {
  explainVerificationChange,
  explainVerificationNotice,
} from '../../../upstream-tls/explain-verification.ts'
import { freshPage, press, type Action, type Effect } from '../../../upstream-tls/settings-page.ts'
import type { Verification } from '../../../upstream-tls/verification.ts'
import type { StoreFailure } from '../../../store/failure.ts'
import type { CallFailure } from '../../define-route.ts'
import { refused } from '../../refused.ts'
import type { ServedUpstream } from '../../front-end.ts'
import type { Page, Rules, Used } from '../../../upstream-tls/page-types.ts'
import type { Office } from '../../context.ts'

/** A button as it was sent; what is needed with it depends on its kind. */
export interface Pressed {
  readonly kind: Action['kind']
  readonly column?: Column
  readonly names?: readonly string[]
  readonly name?: string
  readonly place?: number
  readonly enabled?: boolean
  readonly store?: Verification['defaultStore']
  readonly pem?: string
  readonly sha256?: string
  readonly sni?: string
}

/** The page after all of them. */
export interface Outcome {
  readonly page: Page
  readonly effect: Effect
  /** What was applied on the way, if anything was. */
  readonly used: Used | undefined
}

/** Presses buttons in turn; the first that is turned down ends it. */
export function pressAll(
  { page, rules }: Opened,
  buttons: readonly Pressed[],
): Result<Outcome, CallFailure> {
  let outcome: Outcome = { page, effect: { kind: 'none' }, used: undefined }
  for (const [at, button] of buttons.entries()) {
    const action = actionOf(button)
    if (action === undefined) return malformed(at, button)
    const pressed = press(outcome.page, action, rules)
    if (!pressed.ok) {
      return refused(pressed.failure.map((fault) => ({ code: fault.kind, ...explainPage(fault) })))
    }
    const { page: next, effect } = pressed.value
    outcome = { page: next, effect, used: effect.kind === 'apply' ? effect.next : outcome.used }
  }
  return ok(outcome)
}

/** Nothing when something is missing that its kind needs; what it does not need is left aside. */
function actionOf(pressed: Pressed): Action | undefined {
  const { kind, column, names, name, place } = pressed
  switch (kind) {
    case 'select':
    case 'deselect':
      return column === undefined || names === undefined ? undefined : { kind, column, names }
    case 'order':
      return column === undefined || name === undefined || place === undefined
        ? undefined
        : { kind, column, name, place }
    case 'set-strict':
    case 'set-allow-untrusted':
    case 'set-custom-store':
      return pressed.enabled === undefined ? undefined : { kind, enabled: pressed.enabled }
    case 'set-default-store':
      return pressed.store === undefined ? undefined : { kind, store: pressed.store }
    case 'add-certificates':
      return pressed.pem === undefined ? undefined : { kind, pem: pressed.pem }
    case 'remove-certificate':
      return pressed.sha256 === undefined ? undefined : { kind, sha256: pressed.sha256 }
    case 'set-sni':
      return pressed.sni === undefined ? undefined : { kind, sni: pressed.sni }
    case 'choose-default':
    case 'choose-custom':
    case 'proceed':
    case 'reset':
    case 'reset-settings':
    case 'apply':
    case 'confirm':
    case 'cancel':
      return { kind }
    default:
      return unreachable(kind)
  }
}

const malformed = (at: number, { kind }: Pressed) =>
  refused([
    {
      code: 'button-incomplete',
      sentence: `press.${at}: ${kind} does not say what it is about`,
      nextStep: 'send what it needs: see /api/openapi.json',
    },
  ])

interface Question {
  question: 'proceed' | 'confirm'
  texts: string[]
  dangerous: string[]
}

/** The question that the last button left open; pressing it again with its answer is how it is answered. */
export function questionOf(effect: Effect): Question | null {
  if (effect.kind === 'ask-to-proceed') {
    return { question: 'proceed', texts: [PROCEED_WARNING], dangerous: [] }
  }
  if (effect.kind !== 'ask-to-confirm') return null
  const { changes, notices, verification } = effect
  return {
    question: 'confirm',
    texts: [
      ...changes.map(explainChange),
      ...verification.changes.map(explainVerificationChange),
      ...notices.map(explainNotice),
      ...verification.notices.map(explainVerificationNotice),
    ],
    dangerous: [
      ...notices.filter(({ kind }) => kind === 'weak-protocol').map(explainNotice),
      ...verification.notices
        .filter(({ kind }) => kind === 'unverified')
        .map(explainVerificationNotice),
    ],
  }
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
  const rules: Rules = { catalogue: serving.catalogue(), preset: tls.preset, file: tls.file }
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
