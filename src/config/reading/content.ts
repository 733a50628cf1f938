/** The content of files and variables that a document refers to by `file:` and `env:`. */
import type { LoadedFile } from '../../handshake/server-identity.ts'
import { explainFileFailure, resolveReference } from './files.ts'
import { type Maybe, missing, type Place } from './place.ts'

/** A secret that the configuration names by `file:` or `env:`; a trailing line break is gone. Never to be printed. */
export interface LoadedSecret {
  readonly at: string
  readonly text: string
}

/** The content that a reference names. */
export function readContent(place: Place<string>): Maybe<LoadedFile> {
  const { context, written: reference, location: at } = place
  if (reference === undefined) return missing
  if (reference.startsWith('env:')) {
    const value = readVariable(place, reference.slice('env:'.length))
    return value === missing ? missing : { at, path: reference, bytes: Buffer.from(value) }
  }
  const file = resolveReference(reference, context.folder)
  const read = context.contents.get(file)
  if (read === undefined) return missing
  if (!read.ok) return place.fault(explainFileFailure(file, read.failure))
  return { at, path: file, bytes: read.value.bytes }
}

/** Returns content that only its owner should be able to read (S2-23); warns where others can. */
export function readSecretContent(place: Place<string>): Maybe<LoadedFile> {
  const loaded = readContent(place)
  const read = loaded === missing ? undefined : place.context.contents.get(loaded.path)
  if (loaded !== missing && read?.ok === true && read.value.shared) {
    const advice = `chmod 600 ${loaded.path}`
    place.warn(
      `found that others than its owner can read ${loaded.path}, wanted a file of mode 600: ${advice}`,
    )
  }
  return loaded
}

/** A secret of one line. */
export function readSecretText(place: Place<string>): Maybe<LoadedSecret> {
  const loaded = readSecretContent(place)
  if (loaded === missing) return missing
  return { at: loaded.at, text: secretText(loaded.bytes) }
}

/** A secret of one line. Editors end files with a line break; no passphrase does. */
export const secretText = (bytes: Buffer): string => bytes.toString('utf8').replace(/\r?\n$/, '')

function readVariable(place: Place<string>, name: string): Maybe<string> {
  const { env } = place.context
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value !== undefined && value !== '') return value
  const found = value === '' ? 'is empty' : 'is not set'
  return place.fault(
    `found that the variable ${name} ${found}, wanted its content: set it before the start`,
  )
}
