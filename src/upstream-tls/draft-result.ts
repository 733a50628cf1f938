/**
 * What of the settings is in force, and what applying their draft would make of it: selection and trust together. What
 * the configuration file states comes first.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import type { Selection } from './catalogue.ts'
import { sameSelection, selectionFaults, type SelectionFault } from './selection.ts'
import {
  resolveVerification,
  verificationChanges,
  choiceFaults,
  type VerificationFault,
} from './verification.ts'
import type {
  AppliedChoice,
  AppliedSettings,
  TlsDraft,
  TlsSettings,
  SettingsContext,
  EffectiveSettings,
} from './settings-types.ts'

/** Returns the settings of an upstream that was never edited. */
export const initialSettings = (context: SettingsContext): TlsSettings =>
  withDraft({ applied: { kind: 'default' }, chosen: {} }, context)

/** Adds a draft that says what is applied. */
export const withDraft = (next: AppliedSettings, context: SettingsContext): TlsSettings => ({
  ...next,
  draft: {
    mode: next.applied.kind,
    selection: appliedSelection(next.applied, context),
    chosen: next.chosen,
  },
})

/** What the connections of an upstream offer; the file's own word is not edited here (decision 20). */
export const effectiveSelection = (applied: AppliedChoice, rules: SettingsContext): Selection =>
  rules.file.selection ?? appliedSelection(applied, rules)

/** The same as if the file left it to the page. */
export const appliedSelection = (
  applied: AppliedChoice,
  { catalogue, preset }: SettingsContext,
): Selection => (applied.kind === 'default' ? catalogue.defaults[preset] : applied.selection)

/** What Apply would make of the draft, or everything that stands in its way; what is tested before it is applied. */
export function draftResult(
  { applied, draft }: TlsSettings,
  rules: SettingsContext,
): Result<EffectiveSettings, readonly (SelectionFault | VerificationFault)[]> {
  const selection = effectiveSelection(appliedByDraft(applied, draft, rules), rules)
  const verification = resolveVerification(draft.chosen, rules.file)
  const faults = [
    ...selectionFaults(selection, rules.catalogue),
    ...choiceFaults(draft.chosen, rules.file),
  ]
  return faults.length > 0 ? fail(faults) : ok({ selection, verification })
}

/** Whether Apply would change anything. */
export function hasChanges(
  { applied, chosen, draft }: TlsSettings,
  rules: SettingsContext,
): boolean {
  const next = appliedByDraft(applied, draft, rules)
  const selection = sameSelection(
    effectiveSelection(applied, rules),
    effectiveSelection(next, rules),
  )
  if (next.kind !== applied.kind || !selection) return true
  // Choices that the file overrules are compared, too: they would count again once it is silent.
  const { verification } = rules.file
  const [before, after] = [
    { ...verification, ...chosen },
    { ...verification, ...draft.chosen },
  ]
  return verificationChanges(before, after).length > 0
}

/** What the draft says of the columns, where they are not the file's. */
export function appliedByDraft(
  applied: AppliedChoice,
  { mode, selection }: TlsDraft,
  { file }: SettingsContext,
): AppliedChoice {
  if (file.selection !== undefined) return applied
  return mode === 'default' ? { kind: 'default' } : { kind: 'custom', selection }
}
