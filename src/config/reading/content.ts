/** The content that a document refers to by `file:`, `env:` and `store:`. */
import type { LoadedFile } from '../../handshake/server-identity.ts'
import type { FileExposure } from '../../kernel/file-exposure.ts'
import { unreachable } from '../../kernel/types.ts'
import { explainFileFailure, type FileFailure, resolveReference } from './files.ts'
import { type Maybe, missing, type Place, type ReadContext } from './place.ts'
import { explainStoredSecret, secretName, type StoredSecrets } from './stored-secrets.ts'

/** A secret that the configuration names by reference, read as one line. Never to be printed. */
export interface LoadedSecret {
  readonly at: string
  readonly text: string
}

/** What stands behind a reference, or why nothing does. */
export type Referenced =
  | { readonly kind: 'content'; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: 'variable'; readonly name: string; readonly found: 'is empty' | 'is not set' }
  | { readonly kind: 'file'; readonly path: string; readonly failure: FileFailure }
  /** A secret of the store: a whole sentence says why it is not to be had. */
  | { readonly kind: 'secret'; readonly why: string }
  | { readonly kind: 'secret-unread'; readonly name: string; readonly why: string }
  /** No reference, or one that was not followed because the document is read without its files. */
  | { readonly kind: 'not-read' }

/** Looks a reference up in what was read for a document. */
export function contentOf(
  reference: string,
  { contents, env, folder, secrets }: ContentSources,
): Referenced {
  const secret = secretName(reference)
  if (secret !== undefined) return secretContent(secret, secrets.found)
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length)
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value === undefined || value === '') {
      return { kind: 'variable', name, found: value === '' ? 'is empty' : 'is not set' }
    }
    return { kind: 'content', path: reference, bytes: Buffer.from(value) }
  }
  const path = resolveReference(reference, folder)
  const read = reference.startsWith('file:') ? contents.get(path) : undefined
  if (read === undefined) return { kind: 'not-read' }
  if (!read.ok) return { kind: 'file', path, failure: read.failure }
  return { kind: 'content', path, bytes: read.value.bytes }
}

/** What references are looked up in. */
export type ContentSources = Pick<ReadContext, 'contents' | 'env' | 'folder' | 'secrets'>

function secretContent(name: string, found: StoredSecrets): Referenced {
  if (found.kind === 'unread') return { kind: 'secret-unread', name, why: found.why }
  const secret = found.secrets.get(name) ?? { kind: 'absent' }
  return secret.kind === 'opened'
    ? { kind: 'content', path: `store:${name}`, bytes: secret.bytes }
    : { kind: 'secret', why: explainStoredSecret(name, secret) }
}

/** The content that a reference names. */
export function readContent(place: Place<string>): Maybe<LoadedFile> {
  const { context, written, location: at } = place
  const found: Referenced = written === undefined ? NOT_READ : contentOf(written, context)
  switch (found.kind) {
    case 'content':
      return { at, path: found.path, bytes: found.bytes }
    case 'variable':
      return place.fault(
        `found that the variable ${found.name} ${found.found}, wanted its content: set it before the start`,
      )
    case 'file':
      return place.fault(explainFileFailure(found.path, found.failure))
    case 'secret':
      return place.fault(found.why)
    case 'secret-unread':
      return place.fault(
        `found the secret ${found.name} of a store that could not be looked into, wanted its content: ${found.why}`,
      )
    case 'not-read':
      return missing
    default:
      return unreachable(found)
  }
}

const NOT_READ: Referenced = { kind: 'not-read' }

/** Returns content that only its owner should be able to read (S2-23); warns where others can. */
export function readSecretContent(place: Place<string>): Maybe<LoadedFile> {
  const loaded = readContent(place)
  const read = loaded === missing ? undefined : place.context.contents.get(loaded.path)
  const exposure = read?.ok === true ? read.value.exposure : undefined
  if (loaded !== missing && exposure !== undefined) {
    place.warn(EXPOSURE_TEXTS[exposure](loaded.path))
  }
  return loaded
}

const EXPOSURE_TEXTS: Readonly<Record<FileExposure, (path: string) => string>> = {
  others: (path) =>
    `found that others than its owner can read ${path}, wanted a file of mode 600: chmod 600 ${path}`,
  group: (path) =>
    `found that the group of ${path} can read it, wanted a file of mode 600, or one of root that a group may read: chmod 600 ${path}`,
  owner: (path) =>
    `found that ${path} belongs to another account, which can replace it, wanted it to belong to root or to the account that runs this: chown it`,
}

/** A secret of one line. */
export function readSecretText(place: Place<string>): Maybe<LoadedSecret> {
  const loaded = readSecretContent(place)
  if (loaded === missing) return missing
  return { at: loaded.at, text: secretText(loaded.bytes) }
}

/**
 * A secret of one line. Editors end files with a line break, and some begin them with a byte order mark; no keystore was
 * made with a passphrase that has either, because what asks for one takes a line.
 */
export const secretText = (bytes: Buffer): string =>
  bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
