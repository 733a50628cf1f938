/**
 * The page of one upstream between a call and the store: opened under today's rules, pressed, and asked for.
 */
import { parseTlsSettingsDocument } from '../../../config/upstream/stored-document.ts'
import { fail, ok, unreachable, type Result } from '../../../kernel/types.ts'
import type { Column } from '../../../upstream-tls/catalogue.ts'
import { openSettings, documentName } from '../../../upstream-tls/document.ts'
import {
  explainSelectionChange,
  explainActionFault,
  explainUpgrade,
  PROCEED_WARNING,
} from '../../../upstream-tls/explain-page.ts'
import { explainSelectionNotice } from '../../../upstream-tls/explain-selection.ts'
import {
  explainVerificationChange,
  explainVerificationNotice,
} from '../../../upstream-tls/explain-verification.ts'
import {
  initialSettings,
  applyAction,
  type Action,
  type Effect,
} from '../../../upstream-tls/settings-page.ts'
import type { Verification } from '../../../upstream-tls/verification.ts'
import type { StoreFailure } from '../../../store/failure.ts'
import type { RouteFailure } from '../../define-route.ts'
import { conflict } from '../../refused.ts'
import type { ServedUpstream } from '../../front-end.ts'
import type {
  TlsSettings,
  SettingsContext,
  EffectiveSettings,
} from '../../../upstream-tls/settings-types.ts'
import type { AdminContext } from '../../context.ts'

/** A button as it was sent; what is needed with it depends on its kind. */
export interface ActionInput {
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
  readonly page: TlsSettings
  readonly effect: Effect
  /** What was applied on the way, if anything was. */
  readonly used: EffectiveSettings | undefined
}

/** Presses buttons in turn; the first that is turned down ends it. */
export function applyActions(
  { page, rules }: LoadedSettings,
  inputs: readonly ActionInput[],
): Result<Outcome, RouteFailure> {
  let outcome: Outcome = { page, effect: { kind: 'none' }, used: undefined }
  for (const [at, input] of inputs.entries()) {
    const action = actionOf(input)
    if (action === undefined) return malformed(at, input)
    const applied = applyAction(outcome.page, action, rules)
    if (!applied.ok) {
      return conflict(
        applied.failure.map((fault) => ({ code: fault.kind, ...explainActionFault(fault) })),
      )
    }
    const { page: next, effect } = applied.value
    outcome = { page: next, effect, used: effect.kind === 'apply' ? effect.next : outcome.used }
  }
  return ok(outcome)
}

/** Nothing when something is missing that its kind needs; what it does not need is left aside. */
function actionOf(input: ActionInput): Action | undefined {
  const { kind, column, names, name, place } = input
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
      return input.enabled === undefined ? undefined : { kind, enabled: input.enabled }
    case 'set-default-store':
      return input.store === undefined ? undefined : { kind, store: input.store }
    case 'add-certificates':
      return input.pem === undefined ? undefined : { kind, pem: input.pem }
    case 'remove-certificate':
      return input.sha256 === undefined ? undefined : { kind, sha256: input.sha256 }
    case 'set-sni':
      return input.sni === undefined ? undefined : { kind, sni: input.sni }
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

const malformed = (at: number, { kind }: ActionInput) =>
  conflict([
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
      ...changes.map(explainSelectionChange),
      ...verification.changes.map(explainVerificationChange),
      ...notices.map(explainSelectionNotice),
      ...verification.notices.map(explainVerificationNotice),
    ],
    dangerous: [
      ...notices.filter(({ kind }) => kind === 'weak-protocol').map(explainSelectionNotice),
      ...verification.notices
        .filter(({ kind }) => kind === 'unverified')
        .map(explainVerificationNotice),
    ],
  }
}

/** An upstream that is called with TLS, and so has a page. */
export type UpstreamWithTls = ServedUpstream & { readonly tls: NonNullable<ServedUpstream['tls']> }

/** The upstream of that name, if it has a page. */
export function upstreamWithTls(
  { frontEnd }: AdminContext,
  name: string,
): UpstreamWithTls | undefined {
  const found = frontEnd.upstreams().find((one) => one.name === name)
  return found?.tls === undefined ? undefined : { ...found, tls: found.tls }
}

/** A page as it stands. */
export interface LoadedSettings {
  readonly page: TlsSettings
  readonly rules: SettingsContext
  readonly report: readonly string[]
  readonly version: number
}

/** The page of an upstream; untouched when nothing is kept. */
export async function loadSettings(
  { store, frontEnd }: AdminContext,
  { name, tls }: UpstreamWithTls,
): Promise<Result<LoadedSettings, StoreFailure>> {
  const rules: SettingsContext = {
    catalogue: frontEnd.catalogue(),
    preset: tls.preset,
    file: tls.file,
  }
  const key = documentName(name)
  const found = await store.documents.find(key)
  if (!found.ok) return found
  if (found.value === undefined)
    return ok({ page: initialSettings(rules), rules, report: [], version: 0 })
  const { body, version } = found.value
  const unreadableDocument = (places: readonly string[]): StoreFailure => ({
    kind: 'unknown-row',
    table: 'documents',
    key,
    column: 'body',
    found: places.join('; ').slice(0, 200),
    wanted: 'a page that this version wrote',
  })
  const parsed = parseTlsSettingsDocument(body)
  if (!parsed.ok) return fail(unreadableDocument(parsed.failure.map(({ at }) => at)))
  const loaded = openSettings(parsed.value, rules)
  if (!loaded.ok)
    return fail(unreadableDocument(loaded.failure.map(({ at, found: name }) => `${at} ${name}`)))
  const { page, report } = loaded.value
  return ok({ page, rules, report: report.map((one) => explainUpgrade(one, name)), version })
}
