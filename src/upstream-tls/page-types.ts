/**
 * The settings page of one upstream's outgoing TLS as data: what is applied, what is drafted, what the file states.
 */
import type { Catalogue, Preset, Selection } from './catalogue.ts'
import type { Chosen, FileWords, Verification } from './verification.ts'

/** What an upstream uses: "Use Default (recommended)", or "Use Custom Configuration". */
export type Applied =
  { readonly kind: 'default' } | { readonly kind: 'custom'; readonly selection: Selection }

/** What is on the screen; no connection obeys it. */
export interface Draft {
  readonly mode: 'default' | 'custom'
  /** The Selected columns; with the default chosen they may differ from it and mean nothing (S3-20). */
  readonly selection: Selection
  /** Strict TLS, trust and SNI, as far as they were set otherwise than the default. */
  readonly chosen: Chosen
  readonly step: Step
}

/** Where the operator is: at the columns, asked to proceed to a custom configuration, or asked to confirm. */
export type Step =
  | { readonly kind: 'editing' }
  | { readonly kind: 'proceed?' }
  | { readonly kind: 'confirm?'; readonly next: Next }

/** What Yes would apply. */
export interface Next {
  readonly applied: Applied
  readonly chosen: Chosen
}

export interface Page extends Next {
  readonly draft: Draft
}

/** What the rules of the page are held against; fixed while it is open. */
export interface Rules {
  readonly catalogue: Catalogue
  readonly preset: Preset
  readonly file: FileWords
}

/** What connections offer, and whom they believe. */
export interface Used {
  readonly selection: Selection
  readonly verification: Verification
}
