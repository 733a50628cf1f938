/**
 * The form in which a page is kept: one versioned JSON document per upstream, with what was applied, what is drafted
 * and what the runtime offered when it was written. An open question is not kept: nobody may be there to answer.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import { COLUMNS, findItem, type Catalogue, type Column, type Selection } from './catalogue.ts'
import { certificateIn } from './edit-verification.ts'
import { type Seen, seenNow, upgrade, type Upgrade } from './upgrade.ts'
import type { Chosen } from './verification.ts'
import type { Applied, Draft, Page, Rules } from './page-types.ts'

/** Version 2 of what is kept; the first had neither of the `chosen`. */
export interface PageDocument {
  readonly version: 2
  readonly applied: Applied
  readonly chosen: Chosen
  readonly draft: Omit<Draft, 'step'>
  readonly seen: Seen
}

/** Version 1, which knew protocols, suites and groups only. */
export interface FirstPageDocument {
  readonly version: 1
  readonly applied: Applied
  readonly draft: Omit<Draft, 'step' | 'chosen'>
  readonly seen: Omit<Seen, 'settings'>
}

/** A document of either version as one of today: nobody had chosen anything of what is new. */
export function todays(document: PageDocument | FirstPageDocument): PageDocument {
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

/** The name under which a store keeps the page of an upstream. */
export const pageName = (upstream: string): string => `outgoing-tls/${upstream}`

/** What a document says in place of something we understand. */
export interface DocumentFault {
  /** Such as `draft.selection.suites[3]`. */
  readonly at: string
  readonly found: string
}

/** The document of a page that is open under these rules. */
export const documentOf = ({ applied, chosen, draft }: Page, rules: Rules): PageDocument => ({
  version: 2,
  applied,
  chosen,
  draft: { mode: draft.mode, selection: draft.selection, chosen: draft.chosen },
  seen: seenNow(rules),
})

/**
 * Opens a document whose shape was checked, and carries it over to today's runtime. A name that neither the runtime
 * has nor ever had is refused by name: a row that nobody understands may not be guessed at.
 */
export function openPage(
  { applied, chosen, draft, seen }: PageDocument,
  rules: Rules,
): Result<Upgrade, readonly DocumentFault[]> {
  const parts: readonly (readonly [string, Selection])[] = [
    ...(applied.kind === 'custom' ? [['applied.selection', applied.selection] as const] : []),
    ['draft.selection', draft.selection],
  ]
  const faults = [
    ...parts.flatMap(([at, selection]) => strangers(selection, { at, seen, rules })),
    ...unreadable(chosen, 'chosen'),
    ...unreadable(draft.chosen, 'draft.chosen'),
  ]
  if (faults.length > 0) return fail(faults)
  const page: Page = { applied, chosen, draft: { ...draft, step: { kind: 'editing' } } }
  return ok(upgrade(page, seen, rules))
}

/** Trust in something that is not there would be trust in less than somebody applied. */
const unreadable = ({ customStore }: Chosen, at: string): readonly DocumentFault[] =>
  (customStore?.certificates ?? []).flatMap((pem, index) =>
    certificateIn(pem) === undefined
      ? [{ at: `${at}.customStore.certificates[${index}]`, found: 'no certificate' }]
      : [],
  )

interface Known {
  readonly at: string
  readonly seen: Seen
  readonly rules: Rules
}

function strangers(selection: Selection, { at, seen, rules }: Known): readonly DocumentFault[] {
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
