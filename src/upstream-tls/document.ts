/**
 * The stored form of the settings: one versioned JSON document per upstream, with what was applied, what is drafted and
 * what the runtime offered when it was written.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { COLUMNS, findItem, type Catalogue, type Column, type Selection } from './catalogue.ts'
import { parseOneCertificate } from './custom-certificates.ts'
import { type OfferBaseline, currentBaseline, upgrade, type UpgradeResult } from './upgrade.ts'
import type { VerificationOverrides } from './verification.ts'
import type { AppliedChoice, TlsDraft, TlsSettings, SettingsContext } from './settings-types.ts'

/** Version 2 of what is stored; the first had neither of the `chosen`. */
export interface TlsSettingsDocument {
  readonly version: 2
  readonly applied: AppliedChoice
  readonly chosen: VerificationOverrides
  readonly draft: TlsDraft
  readonly seen: OfferBaseline
}

/** Version 1, which knew protocols, suites and groups only. */
export interface TlsSettingsDocumentV1 {
  readonly version: 1
  readonly applied: AppliedChoice
  readonly draft: Omit<TlsDraft, 'chosen'>
  readonly seen: Omit<OfferBaseline, 'settings'>
}

/** Returns a document of either version as one of today; what is new follows the default. */
export function toCurrentVersion(
  document: TlsSettingsDocument | TlsSettingsDocumentV1,
): TlsSettingsDocument {
  if (document.version === 2) return document
  const { applied, draft, seen } = document
  return {
    version: 2,
    applied,
    chosen: {},
    draft: { ...draft, chosen: {} },
    seen: { ...seen, settings: undefined },
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
export const documentOf = (
  { applied, chosen, draft }: TlsSettings,
  rules: SettingsContext,
): TlsSettingsDocument => ({
  version: 2,
  applied,
  chosen,
  draft,
  seen: currentBaseline(rules),
})

/**
 * Opens a document whose shape was checked, and carries it over to today's runtime. A name that the runtime neither has
 * nor ever had is a fault: what is not understood is not guessed at.
 */
export function openSettings(
  { applied, chosen, draft, seen }: TlsSettingsDocument,
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
  return ok(upgrade({ applied, chosen, draft }, seen, rules))
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
