/**
 * Allow and Log untrusted servers as it was: the signature under strict TLS being off, without effect beside strict TLS. Now
 * it is an option of strict TLS. The old one is dropped, so that strict TLS, once it is turned on, does not begin by handing
 * identities to servers that no trust store vouches for.
 */
import type { Explanation } from '../kernel/explanation.ts'
import type { VerificationOverrides } from './verification.ts'

/** What of the settings in a store had it on. */
export const SETTINGS_PARTS = ['applied', 'draft'] as const
export type SettingsPart = (typeof SETTINGS_PARTS)[number]

/** Where an upstream had it on. */
export interface FormerAllowAndLog {
  readonly upstream: string
  /** Strict TLS is off in the configuration file, and marked so by `dangerousUnverified` alone. */
  readonly file: boolean
  readonly stored: readonly SettingsPart[]
}

/** One place that loses it. */
export interface AllowAndLogDropped {
  readonly kind: 'allow-and-log-dropped'
  readonly upstream: string
  readonly where: SettingsPart | 'file'
}

/** Returns every place that loses it: an upstream can lose it in its file, in what is applied, and in its draft. */
export const allowAndLogDropped = (
  upstreams: readonly FormerAllowAndLog[],
): readonly AllowAndLogDropped[] =>
  upstreams.flatMap(({ upstream, file, stored }) => {
    const places = [...(file ? (['file'] as const) : []), ...stored]
    return places.map((where) => ({ kind: 'allow-and-log-dropped', upstream, where }))
  })

/** Explains what one place loses, and where it is chosen anew. */
export function explainAllowAndLogDropped({ upstream, where }: AllowAndLogDropped): Explanation {
  if (where === 'file') {
    return {
      sentence: `${upstream}: dangerousUnverified in the configuration file was Allow and Log untrusted servers as the signature under strict TLS being off, and says no more than that strict TLS may be off`,
      nextStep:
        'write `dangerousStrictOff: true` in its place; under strict TLS, `dangerousAllowAndLog: true` allows servers that no trust store vouches for',
    }
  }
  const place = where === 'applied' ? 'what is applied' : 'the draft'
  return {
    sentence: `${upstream}: Allow and Log untrusted servers was on in ${place}, as the signature under strict TLS being off, and is off now`,
    nextStep: `strict TLS stays as it is; to allow servers that no trust store vouches for under strict TLS, choose it anew with \`tfe upstream-tls draft ${upstream} --strict on --allow-and-log on\``,
  }
}

/** Choices as they were stored when Allow and Log was that signature. */
export type FormerOverrides = VerificationOverrides & { readonly allowUntrusted?: boolean }

/** Splits stored choices into those that count today, and whether the signature was among them. */
export function withoutFormerAllowAndLog({ allowUntrusted, ...chosen }: FormerOverrides): {
  readonly chosen: VerificationOverrides
  readonly wasOn: boolean
} {
  return { chosen, wasOn: allowUntrusted === true }
}
