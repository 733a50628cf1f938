/**
 * Secrets that a document takes from its store, by `store:NAME`. The store is opened by the process that reads the
 * document, and by none that serves by it: what they are given is the content, as with files.
 */
import type { Path } from './yaml-text.ts'

/** A setting that takes a secret from the store. */
export interface SecretUse {
  readonly name: string
  /** `listeners.devices.certificates[0].passphrase`. */
  readonly setting: string
}

/** What becomes of settings whose secret could not be looked at. */
export type UnreadSecrets = 'left-out' | 'refused'

/** What was found of the secrets that a document names. */
export type StoredSecrets =
  /** The store could not be looked into: `why` is a whole sentence. */
  | { readonly kind: 'unread'; readonly why: string }
  | { readonly kind: 'read'; readonly secrets: ReadonlyMap<string, StoredSecret> }

/** One of them. */
export type StoredSecret =
  | { readonly kind: 'absent' }
  /** It is there and does not open, or can be in no store: `why` is a whole sentence. */
  | { readonly kind: 'closed'; readonly why: string }
  | { readonly kind: 'opened'; readonly bytes: Buffer }

/** The settings that may take their content from the store, under the key that holds a certificate. */
const SETTINGS = ['key', 'pkcs12', 'passphrase'] as const

/** Where plain data takes secrets from the store, in the order of the document. */
export function secretPlaces(data: unknown, path: Path = []): readonly SecretPlace[] {
  if (typeof data !== 'object' || data === null) return []
  return Object.entries(data).flatMap(([key, value]: readonly [string, unknown]) => {
    const here = [...path, Array.isArray(data) ? Number(key) : key]
    const name = SETTINGS.some((one) => one === key) ? secretName(value) : undefined
    return name === undefined ? secretPlaces(value, here) : [{ name, path: here }]
  })
}

/** A place of a document that takes a secret. */
export interface SecretPlace {
  readonly name: string
  readonly path: Path
}

/** What a document can name: a pattern without its ends. */
export const SECRET_NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}'

/** The NAME of `store:NAME`. */
export const secretName = (written: unknown): string | undefined =>
  typeof written === 'string' && written.startsWith('store:')
    ? written.slice('store:'.length)
    : undefined

/** `listeners.devices.certificates[0].passphrase` */
export const settingText = (path: Path): string =>
  path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`,
    )
    .join('')

/** Why a secret is not there, as a whole sentence. */
export function explainStoredSecret(
  name: string,
  found: Exclude<StoredSecret, { readonly kind: 'opened' }>,
): string {
  if (found.kind === 'closed') return found.why
  return `found no secret ${name} in the store, wanted it there: seal it with \`tfe secrets seal ${name} --config FILE\`, or \`tfe secrets put ${name}\` where a front end runs`
}
