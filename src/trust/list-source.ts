/** Where a revocation list is found: the place is the key by which it is known among those of its setting. */

/** A file that is read again when it changes, a URL that is asked again, or what an administrator uploaded. */
export type ListSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  /** `digest` is the SHA-256 of the octets, in hexadecimal; they are DER or PEM. */
  | { readonly kind: 'upload'; readonly digest: string; readonly octets: Uint8Array }

/** The key of a list among those of its setting. */
export function placeOf(source: ListSource): string {
  switch (source.kind) {
    case 'file':
      return source.path
    case 'url':
      return source.url
    case 'upload':
      return source.digest
  }
}

/** The place as people write it. */
export const placeText = (source: ListSource): string =>
  source.kind === 'upload' ? `upload ${source.digest.slice(0, 12)}` : placeOf(source)
