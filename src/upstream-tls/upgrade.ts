/**
 * What becomes of a page when the program or its runtime changed (S3-13): who follows the default follows the new
 * one; a custom list survives, without what the runtime no longer has; what is new is in Available. The report says
 * all of it.
 */
import { offeredItems, COLUMNS, type Catalogue, type Column, type Selection } from './catalogue.ts'
import { selectionChanges, type SelectionChange } from './changes.ts'
import { appliedSelection, initialSettings } from './draft-result.ts'
import { selectionFaults, type SelectionFault } from './selection.ts'
import {
  effectiveVerification,
  verificationChanges,
  type VerificationSetting,
  type Verification,
  type VerificationChange,
  type VerificationFault,
} from './verification.ts'
import type { SettingsPart } from './allow-and-log.ts'
import type { AppliedChoice, TlsSettings, SettingsContext } from './settings-types.ts'

/** What was offered and default when the page was last kept. */
export interface OfferBaseline {
  readonly offered: Readonly<Record<Column, readonly string[]>>
  readonly default: Selection
  /** What stood for strict TLS, trust and SNI where nothing was chosen; undefined in a page from before they were on it. */
  readonly settings: VerificationDefaults | undefined
}

/** The defaults that a preset gives; a default is never uploaded, and Allow and Log is never one. */
export type VerificationDefaults = Omit<Verification, 'allowAndLog' | 'customStore'>

/** What an upgrade did to one upstream. */
export type UpgradeNotice =
  | { readonly kind: 'default-changed'; readonly change: SelectionChange }
  | {
      readonly kind: 'no-longer-offered'
      readonly column: Column
      readonly names: readonly string[]
      /** Those of them that were in force. */
      readonly inForce: readonly string[]
    }
  | { readonly kind: 'newly-available'; readonly column: Column; readonly names: readonly string[] }
  /** A custom list of which too little is left to connect with; the default takes its place. */
  | { readonly kind: 'back-to-default'; readonly faults: readonly SelectionFault[] }
  /** Strict TLS, trust or SNI: nothing was chosen, and the default is another one. */
  | { readonly kind: 'setting-default-changed'; readonly change: VerificationChange }
  /** The configuration file states what had been chosen otherwise here; told for as long as the two differ. */
  | { readonly kind: 'overruled'; readonly settings: readonly VerificationSetting[] }
  /** Allow and Log as it was: the signature under strict TLS being off. It is not carried over. */
  | { readonly kind: 'allow-and-log-dropped'; readonly parts: readonly SettingsPart[] }
  /** With what the file states now, the choices cannot be used; the file's words take their place. */
  | { readonly kind: 'settings-set-aside'; readonly faults: readonly VerificationFault[] }

export interface UpgradeResult {
  readonly page: TlsSettings
  readonly seen: OfferBaseline
  readonly report: readonly UpgradeNotice[]
}

/** What to keep beside a page, to compare with after the next upgrade. */
export const currentBaseline = ({ catalogue, preset, file }: SettingsContext): OfferBaseline => ({
  offered: {
    protocols: namesOf(catalogue, 'protocols'),
    suites: namesOf(catalogue, 'suites'),
    groups: namesOf(catalogue, 'groups'),
  },
  default: catalogue.defaults[preset],
  settings: verificationDefaults(file.verification),
})

const verificationDefaults = ({
  strict,
  defaultStore,
  sni,
}: Verification): VerificationDefaults => ({
  strict,
  defaultStore,
  sni,
})

/** Carries a page over to what the runtime offers today; without a difference the page is the same. */
export function upgrade(
  page: TlsSettings,
  seen: OfferBaseline,
  rules: SettingsContext,
): UpgradeResult {
  const columns = upgradeColumns(page, seen, rules)
  // What the file states is followed by a reload, not by an upgrade.
  const told = rules.file.selection === undefined ? columns.report : []
  return { ...columns, report: [...told, ...verificationReport(page, seen, rules)] }
}

function upgradeColumns(
  page: TlsSettings,
  seen: OfferBaseline,
  rules: SettingsContext,
): UpgradeResult {
  const now = currentBaseline(rules)
  const appliedBefore = page.applied.kind === 'custom' ? page.applied.selection : seen.default
  const moves = COLUMNS.flatMap((column) =>
    offerChanges(column, { seen, now, before: appliedBefore }),
  )
  const defaults = selectionChanges(seen.default, now.default)
  if (moves.length === 0 && defaults.length === 0) return { page, seen: now, report: [] }
  const { applied, faults } = carryOver(page.applied, rules)
  const draft = upgradeDraft(page, { seen, rules, applied, fellBack: faults.length > 0 })
  return {
    page: { applied, chosen: page.chosen, draft },
    seen: now,
    report: [
      ...(page.applied.kind === 'default'
        ? defaults.map((change): UpgradeNotice => ({ kind: 'default-changed', change }))
        : []),
      ...moves,
      ...(faults.length > 0 ? [{ kind: 'back-to-default' as const, faults }] : []),
    ],
  }
}

function verificationReport(
  { chosen }: TlsSettings,
  seen: OfferBaseline,
  { file }: SettingsContext,
): readonly UpgradeNotice[] {
  const before = { ...file.verification, ...seen.settings }
  const followed = verificationChanges(before, file.verification).filter(
    ({ setting }) => !Object.hasOwn(chosen, setting) && !file.stated.includes(setting),
  )
  const chosenNow = { ...file.verification, ...chosen }
  const overruled = verificationChanges(file.verification, chosenNow)
    .map(({ setting }) => setting)
    .filter((setting) => file.stated.includes(setting))
  const { faults } = effectiveVerification(chosen, file)
  return [
    ...followed.map((change) => ({ kind: 'setting-default-changed' as const, change })),
    ...(overruled.length === 0 ? [] : [{ kind: 'overruled' as const, settings: overruled }]),
    ...(faults.length === 0 ? [] : [{ kind: 'settings-set-aside' as const, faults }]),
  ]
}

interface ColumnComparison {
  readonly seen: OfferBaseline
  readonly now: OfferBaseline
  readonly before: Selection
}

function offerChanges(
  column: Column,
  { seen, now, before }: ColumnComparison,
): readonly UpgradeNotice[] {
  const [old, today] = [seen.offered[column], now.offered[column]]
  const gone = old.filter((name) => !today.includes(name))
  const fresh = today.filter((name) => !old.includes(name))
  const used: readonly string[] = before[column]
  return [
    ...(gone.length === 0
      ? []
      : [
          {
            kind: 'no-longer-offered' as const,
            column,
            names: gone,
            inForce: gone.filter((name) => used.includes(name)),
          },
        ]),
    ...(fresh.length === 0 ? [] : [{ kind: 'newly-available' as const, column, names: fresh }]),
  ]
}

interface CarriedChoice {
  readonly applied: AppliedChoice
  readonly faults: readonly SelectionFault[]
}

/** The default is never weaker than what is left of a custom list that cannot be used; an outage helps no operator. */
function carryOver(applied: AppliedChoice, { catalogue }: SettingsContext): CarriedChoice {
  if (applied.kind === 'default') return { applied, faults: [] }
  const selection = stillOffered(applied.selection, catalogue)
  const faults = selectionFaults(selection, catalogue)
  return faults.length === 0
    ? { applied: { kind: 'custom', selection }, faults }
    : { applied: { kind: 'default' }, faults }
}

interface DraftUpgrade {
  readonly seen: OfferBaseline
  readonly rules: SettingsContext
  readonly applied: AppliedChoice
  readonly fellBack: boolean
}

/** A draft that was the old default becomes the new one; one that an administrator worked on keeps what there still is. */
function upgradeDraft(
  { draft }: TlsSettings,
  { seen, rules, applied, fellBack }: DraftUpgrade,
): TlsSettings['draft'] {
  const fresh = initialSettings(rules).draft
  const untouched =
    draft.mode === 'default' && selectionChanges(seen.default, draft.selection).length === 0
  if (untouched) return { ...fresh, chosen: draft.chosen }
  const selection = stillOffered(draft.selection, rules.catalogue)
  const mode = fellBack ? applied.kind : draft.mode
  return {
    mode,
    selection: fellBack ? appliedSelection(applied, rules) : selection,
    chosen: draft.chosen,
  }
}

function stillOffered(selection: Selection, catalogue: Catalogue): Selection {
  const kept = (column: Column): readonly string[] => {
    const names = namesOf(catalogue, column)
    return (selection[column] as readonly string[]).filter((name) => names.includes(name))
  }
  return {
    protocols: selection.protocols.filter((name) => kept('protocols').includes(name)),
    suites: kept('suites'),
    groups: kept('groups'),
  }
}

const namesOf = (catalogue: Catalogue, column: Column): readonly string[] =>
  offeredItems(catalogue, column).map(({ name }) => name)
