/**
 * From a file's name to a configuration, or to every fault in it. Warnings travel apart from faults: they never
 * stop anybody, and they are never dropped.
 */
import { fail, type Fault, ok, type Result } from '../kernel/types.ts'
import type { Loaded } from './config.ts'
import { diskFiles, type Files, folderOf, readReferences } from './reading/files.ts'
import { readDocument } from './read.ts'
import { type Desk, explainFile, missing } from './reading/read-context.ts'
import { checkShape } from './shape.ts'
import { type PlacedFault, readText } from './reading/yaml-text.ts'

/** Loads a configuration; all faults at once, in the order in which they stand in the file. */
export async function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  files: Files = diskFiles,
): Promise<Result<Loaded, readonly Fault[]>> {
  const read = await files.read(path)
  if (!read.ok) return fail([{ at: path, message: explainFile(path, read.failure) }])
  const { bytes } = read.value
  if (bytes.length > LIMIT) {
    const message = `found ${bytes.length} octets, wanted at most ${LIMIT}: is it the right file?`
    return fail([{ at: path, message }])
  }
  const source = decode(bytes)
  if (source === undefined) {
    return fail([
      { at: path, message: 'found octets that are not UTF-8, wanted text: save it as UTF-8' },
    ])
  }
  const text = readText(source, path)
  if (text.data === undefined) return fail(inOrder(text.faults))
  const { draft, faults } = checkShape(text)
  const folder = folderOf(path, files)
  const desk: Desk = {
    text,
    folder,
    contents: await readReferences(draft, folder, files),
    env,
    faults: [...text.faults, ...faults],
    warnings: [],
  }
  const config = readDocument(desk, draft, path)
  if (config === missing || desk.faults.length > 0) return fail(inOrder(desk.faults))
  return ok({ config: frozen(config), warnings: inOrder(desk.warnings) })
}

/** 256 KiB: a thousand rows and settings fit ten times over. */
const LIMIT = 256 * 1024

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const inOrder = (faults: readonly PlacedFault[]): readonly Fault[] =>
  faults
    .toSorted((one, other) => one.offset - other.offset)
    .map(({ at, message }) => ({ at, message }))

/** Frozen all the way down, but for the octets of files, which JavaScript cannot freeze. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
