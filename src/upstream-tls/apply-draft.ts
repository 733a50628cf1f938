/**
 * Applies a draft (S3-18 to S3-21): says what it would change and what has to be acknowledged first, and returns what
 * new connections use from then on. Nothing takes effect here: the caller stores and distributes the result.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { selectionChanges, type SelectionChange } from './changes.ts'
import {
  appliedByDraft,
  draftResult,
  effectiveSelection,
  hasChanges,
  withDraft,
} from './draft-result.ts'
import {
  sameSelection,
  selectionNotices,
  type SelectionFault,
  type SelectionNotice,
} from './selection.ts'
import {
  effectiveVerification,
  verificationChanges,
  verificationNotices,
  type VerificationChange,
  type VerificationFault,
  type VerificationNotice,
} from './verification.ts'
import type { EffectiveSettings, SettingsContext, TlsSettings } from './settings-types.ts'

/** What a draft says before it is applied; each kind has to be acknowledged. */
export type DraftWarning =
  /** S3-14: changing the selection may affect performance and security. */
  { readonly kind: 'custom-selection' } | SelectionNotice | VerificationNotice

/** What can be acknowledged. */
export const WARNING_CODES = [
  'custom-selection',
  'weak-protocol',
  'weak-suites',
  'idle-suites',
  'unverified',
  'untrusted-servers-allowed',
  'idle-allow-and-log',
  'idle-certificates',
  'empty-custom-store',
] as const satisfies readonly DraftWarning['kind'][]

/** Why a draft is not applied. */
export type ApplyFault =
  | SelectionFault
  | VerificationFault
  | { readonly kind: 'nothing-to-apply'; readonly moved: boolean }
  | { readonly kind: 'not-acknowledged'; readonly warnings: readonly DraftWarning[] }

/** Returns what applying the draft would change; nothing where it could not be applied. */
export function draftChanges(
  settings: TlsSettings,
  context: SettingsContext,
): readonly (SelectionChange | VerificationChange)[] {
  const used = draftResult(settings, context)
  if (!used.ok) return []
  const { applied, chosen } = settings
  const { verification } = effectiveVerification(chosen, context.file)
  return [
    ...selectionChanges(effectiveSelection(applied, context), used.value.selection),
    ...verificationChanges(verification, used.value.verification),
  ]
}

/** Returns what has to be acknowledged before the draft is applied. */
export function draftWarnings(
  settings: TlsSettings,
  context: SettingsContext,
): readonly DraftWarning[] {
  const used = draftResult(settings, context)
  if (!used.ok) return []
  const { applied, draft } = settings
  const { selection, verification } = used.value
  const isChosenAnew =
    appliedByDraft(applied, draft, context).kind === 'custom' &&
    (applied.kind === 'default' || !sameSelection(applied.selection, selection))
  return [
    ...(isChosenAnew && context.file.selection === undefined
      ? [{ kind: 'custom-selection' as const }]
      : []),
    ...selectionNotices(selection, context.catalogue),
    ...verificationNotices(verification),
  ]
}

/** Applies the draft, provided that each of its warnings is acknowledged by its kind. */
export function applyDraft(
  settings: TlsSettings,
  acknowledged: readonly string[],
  context: SettingsContext,
): Result<
  { readonly settings: TlsSettings; readonly used: EffectiveSettings },
  readonly ApplyFault[]
> {
  const { applied, draft } = settings
  const next = { applied: appliedByDraft(applied, draft, context), chosen: draft.chosen }
  if (!hasChanges(settings, context)) {
    const moved =
      context.file.selection === undefined &&
      !sameSelection(draft.selection, effectiveSelection(next.applied, context))
    return fail([{ kind: 'nothing-to-apply', moved }])
  }
  const used = draftResult(settings, context)
  if (!used.ok) return used
  const warnings = draftWarnings(settings, context).filter(
    ({ kind }) => !acknowledged.includes(kind),
  )
  return warnings.length > 0
    ? fail([{ kind: 'not-acknowledged', warnings }])
    : ok({ settings: withDraft(next, context), used: used.value })
}
