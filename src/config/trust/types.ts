import type { Millis } from '../../kernel/types.ts'

/** The revocation lists of an enrollment setting. */
export interface CrlSettings {
  readonly lists: readonly [CrlSource, ...CrlSource[]]
  /** What follows while nobody can tell whether a certificate was revoked. */
  readonly failure: 'hard-fail' | 'soft-fail'
  /** How long after its nextUpdate a list still counts. */
  readonly grace: Millis
  /** How often a URL is asked again. */
  readonly refresh: Millis
}

/** Where a list is found. */
export type CrlSource =
  | { readonly kind: 'file'; readonly at: string; readonly path: string }
  | { readonly kind: 'url'; readonly at: string; readonly url: string }

/** The place of a list as people write it; the key by which it is known, too. */
export const crlLocation = (source: CrlSource): string =>
  source.kind === 'file' ? source.path : source.url
