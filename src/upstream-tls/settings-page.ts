/**
 * The page "Outgoing SSL Configuration" of one upstream, as data: what is applied, what is drafted, and what each press
 * of a button makes of them (S3-18 to S3-22). Use Default and Use Custom Configuration speak of the three columns
 * alone; strict TLS, trust and SNI are switches beside them. Nothing here takes effect by itself: whoever keeps the page
 * applies what `confirm` hands back.
 */
import { fail, ok, type Result, unreachable } from '../kernel/types.ts'
import { offeredItems, type Column } from './catalogue.ts'
import {
  columnEditFaults,
  addToColumn,
  removeFromColumn,
  reorderColumn,
  type ColumnEditFault,
} from './column.ts'
import { selectionChanges, type SelectionChange } from './changes.ts'
import {
  hasChanges,
  draftResult,
  effectiveSelection,
  appliedSelection,
  appliedByDraft,
} from './draft-result.ts'
import {
  applyVerificationEdit,
  type EditFault,
  type VerificationEdit,
} from './edit-verification.ts'
import {
  sameSelection,
  selectionNotices,
  type SelectionFault,
  type SelectionNotice,
} from './selection.ts'
import {
  effectiveVerification,
  resolveVerification,
  verificationChanges,
  verificationNotices,
  type VerificationChange,
  type VerificationFault,
  type VerificationNotice,
} from './verification.ts'
import type {
  EffectiveSettings,
  SettingsContext,
  TlsSettings,
  AppliedSettings,
  TlsDraft,
  DraftStep,
} from './settings-types.ts'

/** A press of a button. */
export type Action =
  | { readonly kind: 'choose-default' }
  | { readonly kind: 'choose-custom' }
  | { readonly kind: 'proceed' }
  | { readonly kind: 'select'; readonly column: Column; readonly names: readonly string[] }
  | { readonly kind: 'deselect'; readonly column: Column; readonly names: readonly string[] }
  /** Puts one selected name at a place, 0 being the most preferred. */
  | {
      readonly kind: 'order'
      readonly column: Column
      readonly name: string
      readonly place: number
    }
  /** Reset to Default: the columns. */
  | { readonly kind: 'reset' }
  | VerificationEdit
  /** The same for strict TLS, trust and SNI: they follow the default, and nothing that was uploaded is left. */
  | { readonly kind: 'reset-settings' }
  | { readonly kind: 'apply' }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'cancel' }

/** What follows from an action besides the new page. */
export type Effect =
  | { readonly kind: 'none' }
  /** S3-14: changing the selection may affect performance and security; shown before Proceed. */
  | { readonly kind: 'ask-to-proceed' }
  /** Shown with Yes and No (S3-18). */
  | {
      readonly kind: 'ask-to-confirm'
      readonly changes: readonly SelectionChange[]
      readonly notices: readonly SelectionNotice[]
      readonly verification: {
        readonly changes: readonly VerificationChange[]
        readonly notices: readonly VerificationNotice[]
      }
    }
  /** New connections are to use this from now on; those under way finish. */
  | { readonly kind: 'apply'; readonly next: EffectiveSettings }

/** Why an action is turned down; the page stays as it was. */
export type ActionFault =
  | SelectionFault
  | ColumnEditFault
  | EditFault
  | VerificationFault
  | { readonly kind: 'answer-first'; readonly asked: 'proceed' | 'confirm' }
  | { readonly kind: 'nothing-asked'; readonly answer: 'proceed' | 'confirm' | 'cancel' }
  | { readonly kind: 'nothing-to-apply'; readonly moved: boolean }

/** The page of an upstream nobody has touched. */
export function initialSettings(rules: SettingsContext): TlsSettings {
  return withFreshDraft({ applied: { kind: 'default' }, chosen: {} }, rules)
}

/** The page as it opens: what is applied, ready to be edited. */
const withFreshDraft = (next: AppliedSettings, rules: SettingsContext): TlsSettings => ({
  ...next,
  draft: draftOf(next, rules),
})

/** One column as it is drawn: Available, Selected, and which of both are default (blue, S3-03). */
export function columnsOf(
  draft: Pick<TlsDraft, 'selection'>,
  column: Column,
  rules: SettingsContext,
) {
  const selection = rules.file.selection ?? draft.selection
  const selected = selection[column] as readonly string[]
  const available = offeredItems(rules.catalogue, column).map(({ name }) => name)
  return {
    available: available.filter((name) => !selected.includes(name)),
    selected,
    default: rules.catalogue.defaults[rules.preset][column] as readonly string[],
  }
}

/** Presses one button. */
export function applyAction(
  page: TlsSettings,
  action: Action,
  rules: SettingsContext,
): Result<{ readonly page: TlsSettings; readonly effect: Effect }, readonly ActionFault[]> {
  const { step } = page.draft
  if (step.kind === 'confirm?') return answerConfirmation(page, action, { next: step.next, rules })
  if (rules.file.selection !== undefined && COLUMN_ACTIONS.has(action.kind)) {
    return fail([{ kind: 'set-by-configuration-file', what: 'selection' }])
  }
  switch (action.kind) {
    case 'choose-default':
      return withDraft(page, { mode: 'default', step: EDITING })
    case 'choose-custom':
      return page.draft.mode === 'custom'
        ? withDraft(page, {})
        : withDraft(page, { step: { kind: 'proceed?' } }, { kind: 'ask-to-proceed' })
    case 'proceed':
      return step.kind === 'proceed?'
        ? withDraft(page, { mode: 'custom', step: EDITING })
        : fail([{ kind: 'nothing-asked', answer: 'proceed' }])
    case 'select':
    case 'deselect':
    case 'order':
      return editColumn(page, action, rules)
    case 'reset':
      return withDraft(page, { selection: rules.catalogue.defaults[rules.preset] })
    case 'reset-settings':
      return withDraft(page, { chosen: {} })
    case 'apply':
      return requestApply(page, rules)
    case 'confirm':
      return fail([{ kind: 'nothing-asked', answer: 'confirm' }])
    case 'cancel':
      return step.kind === 'proceed?'
        ? withDraft(page, { step: EDITING })
        : fail([{ kind: 'nothing-asked', answer: 'cancel' }])
    case 'set-strict':
    case 'set-allow-untrusted':
    case 'set-default-store':
    case 'set-custom-store':
    case 'add-certificates':
    case 'remove-certificate':
    case 'set-sni': {
      const chosen = applyVerificationEdit(page.draft.chosen, action, rules.file)
      return chosen.ok ? withDraft(page, { chosen: chosen.value }) : chosen
    }
    default:
      return unreachable(action)
  }
}

/** Buttons that the file's own selection locks. */
const COLUMN_ACTIONS: ReadonlySet<Action['kind']> = new Set([
  'choose-default',
  'choose-custom',
  'proceed',
  'select',
  'deselect',
  'order',
  'reset',
])

type ActionResult = ReturnType<typeof applyAction>

function withDraft(
  page: TlsSettings,
  change: Partial<TlsDraft>,
  effect: Effect = { kind: 'none' },
): ActionResult {
  return ok({ page: { ...page, draft: { ...page.draft, ...change } }, effect })
}

type ColumnEdit = Action & { readonly kind: 'select' | 'deselect' | 'order' }

function editColumn(page: TlsSettings, action: ColumnEdit, rules: SettingsContext): ActionResult {
  const { column } = action
  const { selection } = page.draft
  const selected: readonly string[] = selection[column]
  const names = action.kind === 'order' ? [action.name] : action.names
  const faults = names.flatMap((name) =>
    columnEditFaults(name, { column, selected, action: action.kind }, rules.catalogue),
  )
  if (faults.length > 0) return fail(faults)
  const next =
    action.kind === 'select'
      ? addToColumn(selected, names, { column, catalogue: rules.catalogue })
      : action.kind === 'deselect'
        ? removeFromColumn(selected, names, { column, catalogue: rules.catalogue })
        : reorderColumn(selected, action, rules.catalogue)
  return withDraft(page, { selection: { ...selection, [column]: next } })
}

function requestApply(page: TlsSettings, rules: SettingsContext): ActionResult {
  const { applied, chosen, draft } = page
  if (draft.step.kind === 'proceed?') return fail([{ kind: 'answer-first', asked: 'proceed' }])
  const next = { applied: appliedByDraft(applied, draft, rules), chosen: draft.chosen }
  if (!hasChanges(page, rules)) {
    const moved =
      rules.file.selection === undefined &&
      !sameSelection(draft.selection, effectiveSelection(next.applied, rules))
    return fail([{ kind: 'nothing-to-apply', moved }])
  }
  const used = draftResult(page, rules)
  if (!used.ok) return used
  const { selection, verification } = used.value
  return withDraft(
    page,
    { step: { kind: 'confirm?', next } },
    {
      kind: 'ask-to-confirm',
      changes: selectionChanges(effectiveSelection(applied, rules), selection),
      notices: selectionNotices(selection, rules.catalogue),
      verification: {
        changes: verificationChanges(
          effectiveVerification(chosen, rules.file).verification,
          verification,
        ),
        notices: verificationNotices(verification),
      },
    },
  )
}

/** While a confirmation is open only Yes and No count. */
function answerConfirmation(
  page: TlsSettings,
  { kind }: Action,
  { next, rules }: { readonly next: AppliedSettings; readonly rules: SettingsContext },
): ActionResult {
  if (kind === 'cancel') return withDraft(page, { step: EDITING })
  if (kind !== 'confirm') return fail([{ kind: 'answer-first', asked: 'confirm' }])
  const selection = effectiveSelection(next.applied, rules)
  const verification = resolveVerification(next.chosen, rules.file)
  return ok({
    page: withFreshDraft(next, rules),
    effect: { kind: 'apply', next: { selection, verification } },
  })
}

const draftOf = ({ applied, chosen }: AppliedSettings, rules: SettingsContext): TlsDraft => ({
  mode: applied.kind,
  selection: appliedSelection(applied, rules),
  chosen,
  step: EDITING,
})

const EDITING: DraftStep = { kind: 'editing' }
