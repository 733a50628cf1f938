/**
 * The `ReadContext` with which a document becomes a configuration: it knows where every value stands in the file, holds
 * the contents of files and variables, and collects what is wrong. A part that cannot be made is `missing`;
 * what needs it is missing too, without a further fault, so that one mistake is one fault.
 */
import { type Result, unreachable } from '../../kernel/types.ts'
import { type FileContent, type FileFailure, resolveReference } from './files.ts'
import type { Path, LocatedFault, YamlText } from './yaml-text.ts'
import type { LoadedFile } from '../../handshake/server-identity.ts'

export const missing: unique symbol = Symbol('missing')

/** A value, or the knowledge that the reason for its absence has been reported. */
export type Maybe<Value> = Value | typeof missing

/** A secret that the configuration names by `file:` or `env:`; a trailing line break is gone. Never to be printed. */
export interface LoadedSecret {
  readonly at: string
  readonly text: string
}

/** What is at hand while a document is read. */
export interface ReadContext {
  readonly text: YamlText
  readonly folder: string
  readonly contents: ReadonlyMap<string, Result<FileContent, FileFailure>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Grows while the document is read; seeded with the faults of its text and shape. */
  readonly faults: LocatedFault[]
  readonly warnings: LocatedFault[]
}

/** Notes something wrong; returns `missing`, so that it can stand where the value would. */
export function fault(
  context: ReadContext,
  path: Path,
  message: string,
  which: 'key' | 'value' = 'value',
): typeof missing {
  context.faults.push(context.text.faultAt(path, message, which))
  return missing
}

/** Notes something that is served all the same, and that the operator should know. */
export function warn(context: ReadContext, path: Path, message: string): void {
  context.warnings.push(context.text.faultAt(path, message))
}

/** `file:line:column path`, for the modules that look into the content later. */
export const locationOf = (context: ReadContext, path: Path): string =>
  context.text.faultAt(path, '').at

/** Whether a fault at this place, or inside it, is known: then its absence means nothing. */
export const isFaulty = ({ faults }: ReadContext, path: Path): boolean =>
  faults.some(
    (known) =>
      known.path.length >= path.length &&
      path.every((step, index) => String(known.path[index]) === String(step)),
  )

/** A value that the schema demands: when it is not there, the shape check has said so. */
export const orMissing = <Value>(value: Value | undefined): Maybe<Value> => value ?? missing

/** An object once all its parts are there. */
export function allOrMissing<Value extends object>(parts: {
  readonly [Key in keyof Value]: Maybe<Value[Key]>
}): Maybe<Value> {
  return Object.values(parts).includes(missing) ? missing : (parts as Value)
}

/** A list once all its items are there. */
export function readEach<Item, Value>(
  items: readonly (Item | undefined)[] | undefined,
  read: (item: Item, index: number) => Maybe<Value>,
): Maybe<readonly Value[]> {
  const values: Value[] = []
  let whole = items !== undefined
  // Every item is read, also after one was missing, so that each reports its own faults.
  for (const [index, item] of (items ?? []).entries()) {
    const value = item === undefined ? missing : read(item, index)
    if (value === missing) whole = false
    else values.push(value)
  }
  return whole ? values : missing
}

/** The same for a list that must not be empty; the shape check reports an empty one. */
export function readNonEmpty<Item, Value>(
  items: readonly (Item | undefined)[] | undefined,
  read: (item: Item, index: number) => Maybe<Value>,
): Maybe<readonly [Value, ...Value[]]> {
  const values = readEach(items, read)
  if (values === missing) return missing
  const [first, ...rest] = values
  return first === undefined ? missing : [first, ...rest]
}

/** The content that a reference names. */
export function readContent(
  context: ReadContext,
  path: Path,
  reference: string | undefined,
): Maybe<LoadedFile> {
  if (reference === undefined) return missing
  const at = locationOf(context, path)
  if (reference.startsWith('env:')) {
    const value = readVariable(context, path, reference)
    return value === missing ? missing : { at, path: reference, bytes: Buffer.from(value) }
  }
  const file = resolveReference(reference, context.folder)
  const read = context.contents.get(file)
  if (read === undefined) return missing
  if (!read.ok) return fault(context, path, explainFileFailure(file, read.failure))
  return { at, path: file, bytes: read.value.bytes }
}

/** Returns content that only its owner should be able to read (S2-23); warns where others can. */
export function readSecretContent(
  context: ReadContext,
  path: Path,
  reference: string | undefined,
): Maybe<LoadedFile> {
  const loaded = readContent(context, path, reference)
  const read = loaded === missing ? undefined : context.contents.get(loaded.path)
  if (loaded !== missing && read?.ok === true && read.value.shared) {
    const advice = `chmod 600 ${loaded.path}`
    warn(
      context,
      path,
      `found that others than its owner can read ${loaded.path}, wanted a file of mode 600: ${advice}`,
    )
  }
  return loaded
}

/** A secret of one line. */
export function readSecretText(
  context: ReadContext,
  path: Path,
  reference: string,
): Maybe<LoadedSecret> {
  const loaded = readSecretContent(context, path, reference)
  if (loaded === missing) return missing
  // Editors end files with a line break; no passphrase does.
  return { at: loaded.at, text: loaded.bytes.toString('utf8').replace(/\r?\n$/, '') }
}

function readVariable(context: ReadContext, path: Path, reference: string): Maybe<string> {
  const name = reference.slice('env:'.length)
  const value = Object.hasOwn(context.env, name) ? context.env[name] : undefined
  if (value !== undefined && value !== '') return value
  const found = value === '' ? 'is empty' : 'is not set'
  return fault(
    context,
    path,
    `found that the variable ${name} ${found}, wanted its content: set it before the start`,
  )
}

/** Why a file is not there, as a whole sentence. */
export function explainFileFailure(file: string, failure: FileFailure): string {
  switch (failure.kind) {
    case 'absent':
      return `found no file ${file}, wanted it there: create it or correct the path (paths start from the folder of the configuration)`
    case 'empty':
      return `found nothing in ${file}, wanted content: write the file again`
    case 'not-a-file':
      return `found something other than a file at ${file}, wanted a file: name the file itself`
    case 'too-large':
      return `found more than ${failure.limit / 1024 / 1024} MiB in ${file}, wanted less: is it the right file?`
    case 'unreadable':
      return `found ${file} but could not read it (${failure.code}), wanted read access: grant it to the account that runs this`
    default:
      return unreachable(failure)
  }
}
