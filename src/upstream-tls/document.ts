/**
 * The stored form of the settings: one versioned JSON document per upstream, with what was applied, what is drafted and
 * what the runtime offered when it was written.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { COLUMNS, findItem, type Catalogue, type Column, type Selection } from './catalogue.ts'
import { parseOneCertificate } from './custom-certificates.ts'
import {
  withoutFormerAllowAndLog,
  type FormerOverrides,
  type SettingsPart,
} from './allow-and-log.ts'
import {
  type OfferBaseline,
  currentBaseline,
  upgrade,
  type UpgradeResult,
  type VerificationDefaults,
} from './upgrade.ts'
import type { VerificationOverrides } from './verification.ts'
import type { AppliedChoice, TlsDraft, TlsSettings, SettingsContext } from './settings-types.ts'

/** A document as it is read today. */
export interface TlsSettingsDocument {
  readonly applied: AppliedChoice
  readonly chosen: VerificationOverrides
  readonly draft: TlsDraft
  readonly seen: OfferBaseline
  /** What of it had Allow and Log on while that was the signature under strict TLS being off. */
  readonly dropped: readonly SettingsPart[]
}

/** Version 2 of what is stored; the first had neither of the `chosen`. */
export interface StoredTlsSettings {
  readonly version: 2
  readonly applied: AppliedChoice
  readonly chosen: FormerOverrides
  readonly draft: Omit<TlsDraft, 'chosen'> & { readonly chosen: FormerOverrides }
  readonly seen: Omit<OfferBaseline, 'settings'> & {
    readonly settings?: (VerificationDefaults & { readonly allowUntrusted?: boolean }) | undefined
  }
}

/** Version 1, which knew protocols, suites and groups only. */
export interface StoredTlsSettingsV1 {
  readonly version: 1
  readonly applied: AppliedChoice
  readonly draft: Omit<TlsDraft, 'chosen'>
  readonly seen: Omit<OfferBaseline, 'settings'>
}

/** Reads a stored document of either version; what is new follows the default, and the former Allow and Log is left out. */
export function toCurrentVersion(
  document: StoredTlsSettings | StoredTlsSettingsV1,
): TlsSettingsDocument {
  const { applied, draft, seen } = document
  if (document.version === 1) {
    return {
      applied,
      chosen: {},
      draft: { ...draft, chosen: {} },
      seen: { ...seen, settings: undefined },
      dropped: [],
    }
  }
  const forApplied = withoutFormerAllowAndLog(document.chosen)
  const forDraft = withoutFormerAllowAndLog(document.draft.chosen)
  const { settings } = document.seen
  return {
    applied,
    chosen: forApplied.chosen,
    draft: { ...draft, chosen: forDraft.chosen },
    seen: {
      ...seen,
      settings:
        settings === undefined
          ? undefined
          : { strict: settings.strict, defaultStore: settings.defaultStore, sni: settings.sni },
    },
    dropped: [
      ...(forApplied.wasOn ? (['applied'] as const) : []),
      ...(forDraft.wasOn ? (['draft'] as const) : []),
    ],
  }
}

/** Returns the key of the document of an upstream. */
export const documentName = (upstream: string): string => `outgoing-tls/${upstream}`

/** What a document says in place of something we understand. */
export interface DocumentFault {
  /** Such as `draft.selection.suites[3]`. */
  readonly at: string
  readonly found: string
}

/** Returns the document that holds these settings, and what is offered today. */
export function documentOf(
  { applied, chosen, draft }: TlsSettings,
  rules: SettingsContext,
): StoredTlsSettings {
  const { settings, ...seen } = currentBaseline(rules)
  return {
    version: 2,
    applied,
    chosen,
    draft,
    // A front end of the version before, beside the same store, does not read a baseline without `allowUntrusted`.
    seen:
      settings === undefined ? seen : { ...seen, settings: { ...settings, allowUntrusted: false } },
  }
}

/**
 * Opens a document whose shape was checked, and carries it over to today's runtime. A name that the runtime neither has
 * nor ever had is a fault: what is not understood is not guessed at.
 */
export function openSettings(
  { applied, chosen, draft, seen, dropped }: TlsSettingsDocument,
  rules: SettingsContext,
): Result<UpgradeResult, readonly DocumentFault[]> {
  const parts: readonly (readonly [string, Selection])[] = [
    ...(applied.kind === 'custom' ? [['applied.selection', applied.selection] as const] : []),
    ['draft.selection', draft.selection],
  ]
  const faults = [
    ...parts.flatMap(([at, selection]) => unknownNames(selection, { at, seen, rules })),
    ...unreadableCertificates(chosen, 'chosen'),
    ...unreadableCertificates(draft.chosen, 'draft.chosen'),
  ]
  if (faults.length > 0) return fail(faults)
  const upgraded = upgrade({ applied, chosen, draft }, seen, rules)
  return ok({
    ...upgraded,
    report: [
      ...upgraded.report,
      ...(dropped.length === 0 ? [] : [{ kind: 'allow-and-log-dropped' as const, parts: dropped }]),
    ],
  })
}

/** To leave an unreadable certificate out would trust less than an administrator applied. */
const unreadableCertificates = (
  { customStore }: VerificationOverrides,
  at: string,
): readonly DocumentFault[] =>
  (customStore?.certificates ?? []).flatMap((pem, index) =>
    parseOneCertificate(pem) === undefined
      ? [{ at: `${at}.customStore.certificates[${index}]`, found: 'no certificate' }]
      : [],
  )

interface KnownNames {
  readonly at: string
  readonly seen: OfferBaseline
  readonly rules: SettingsContext
}

function unknownNames(
  selection: Selection,
  { at, seen, rules }: KnownNames,
): readonly DocumentFault[] {
  return COLUMNS.flatMap((column) =>
    (selection[column] as readonly string[]).flatMap((name, index) =>
      seen.offered[column].includes(name) || isKnown(rules.catalogue, column, name)
        ? []
        : [{ at: `${at}.${column}[${index}]`, found: name }],
    ),
  )
}

/** By its stored name; another spelling was never written by us. */
function isKnown(catalogue: Catalogue, column: Column, name: string): boolean {
  const found = findItem(catalogue, column, name)
  return found.kind === 'offered' && found.item.name === name
}
