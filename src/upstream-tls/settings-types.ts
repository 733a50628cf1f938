/** The TLS settings of one upstream as data: what is applied, what is drafted, what the file states. */
import type { Catalogue, TlsPreset, Selection } from './catalogue.ts'
import type { VerificationOverrides, FileTlsSettings, Verification } from './verification.ts'

/** What an upstream uses: "Use Default (recommended)", or "Use Custom Configuration". */
export type AppliedChoice =
  { readonly kind: 'default' } | { readonly kind: 'custom'; readonly selection: Selection }

/** What is edited; no connection obeys it. */
export interface TlsDraft {
  readonly mode: 'default' | 'custom'
  /** The Selected columns; with the default chosen they may differ from it and mean nothing (S3-20). */
  readonly selection: Selection
  /** Strict TLS, trust and SNI, as far as they were set otherwise than the default. */
  readonly chosen: VerificationOverrides
}

/** What is applied, as far as it is not the default. */
export interface AppliedSettings {
  readonly applied: AppliedChoice
  readonly chosen: VerificationOverrides
}

/** What is stored of an upstream: what is applied, and the draft beside it. */
export interface TlsSettings extends AppliedSettings {
  readonly draft: TlsDraft
}

/** What settings are judged by: what the runtime offers, the preset, and what the file states. */
export interface SettingsContext {
  readonly catalogue: Catalogue
  readonly preset: TlsPreset
  readonly file: FileTlsSettings
}

/** What connections offer, and which certificates they trust. */
export interface EffectiveSettings {
  readonly selection: Selection
  readonly verification: Verification
}
