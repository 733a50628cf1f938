/**
 * The settings page of one upstream's outgoing TLS as data: what is applied, what is drafted, what the file states.
 */
import type { Catalogue, TlsPreset, Selection } from './catalogue.ts'
import type { VerificationOverrides, FileTlsSettings, Verification } from './verification.ts'

/** What an upstream uses: "Use Default (recommended)", or "Use Custom Configuration". */
export type AppliedChoice =
  { readonly kind: 'default' } | { readonly kind: 'custom'; readonly selection: Selection }

/** What is on the screen; no connection obeys it. */
export interface TlsDraft {
  readonly mode: 'default' | 'custom'
  /** The Selected columns; with the default chosen they may differ from it and mean nothing (S3-20). */
  readonly selection: Selection
  /** Strict TLS, trust and SNI, as far as they were set otherwise than the default. */
  readonly chosen: VerificationOverrides
  readonly step: DraftStep
}

/** Where the operator is: at the columns, asked to proceed to a custom configuration, or asked to confirm. */
export type DraftStep =
  | { readonly kind: 'editing' }
  | { readonly kind: 'proceed?' }
  | { readonly kind: 'confirm?'; readonly next: AppliedSettings }

/** What Yes would apply. */
export interface AppliedSettings {
  readonly applied: AppliedChoice
  readonly chosen: VerificationOverrides
}

export interface TlsSettings extends AppliedSettings {
  readonly draft: TlsDraft
}

/** What the rules of the page are held against; fixed while it is open. */
export interface SettingsContext {
  readonly catalogue: Catalogue
  readonly preset: TlsPreset
  readonly file: FileTlsSettings
}

/** What connections offer, and whom they believe. */
export interface EffectiveSettings {
  readonly selection: Selection
  readonly verification: Verification
}
