/**
 * Loads a configuration from its file, or returns every fault in it. Warnings are apart from faults: they never stop
 * the start, and they are never dropped.
 */
import { openOnThread } from '../handshake/pkcs12/open-on-thread.ts'
import { fail, type Fault, ok, type Result } from '../kernel/types.ts'
import type { LoadedConfig } from './config.ts'
import {
  diskReader,
  explainFileFailure,
  type FileReader,
  folderOf,
  readReferences,
} from './reading/files.ts'
import { openKeystores } from './reading/keystores.ts'
import { missing, Place, type ReadContext } from './reading/place.ts'
import { type LocatedFault, parseYaml } from './reading/yaml-text.ts'
import { readDocument } from './read-document.ts'
import { configSchema } from './schema.ts'
import { checkShape, shapeValidator } from './reading/check-shape.ts'

/** Loads a configuration; all faults at once, in the order in which they stand in the file. */
export async function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  files: FileReader = diskReader,
): Promise<Result<LoadedConfig, readonly Fault[]>> {
  const read = await files.read(path)
  if (!read.ok) return fail([{ at: path, message: explainFileFailure(path, read.failure) }])
  const { bytes } = read.value
  if (bytes.length > MAX_CONFIG_BYTES) {
    const message = `found ${bytes.length} octets, wanted at most ${MAX_CONFIG_BYTES}: is it the right file?`
    return fail([{ at: path, message }])
  }
  const source = decodeUtf8(bytes)
  if (source === undefined) {
    return fail([
      { at: path, message: 'found octets that are not UTF-8, wanted text: save it as UTF-8' },
    ])
  }
  const text = parseYaml(source, path)
  if (text.data === undefined) return fail(inFileOrder(text.faults))
  const { document, faults } = checkShape(validate, text)
  const folder = folderOf(path, files)
  const contents = await readReferences(document, folder, files)
  const open = files.openKeystore ?? openOnThread
  const context: ReadContext = {
    text,
    folder,
    contents,
    env,
    keystores: await openKeystores(document, { folder, contents, env }, open),
    faults: [...text.faults, ...faults],
    warnings: [],
    dangers: [],
  }
  const config = readDocument(new Place(context, [], document), path)
  if (config === missing || context.faults.length > 0) return fail(inFileOrder(context.faults))
  return ok({ config: deepFreeze(config), warnings: inFileOrder(context.warnings) })
}

const validate = shapeValidator(configSchema)

/** 256 KiB: a thousand rows and settings fit ten times over. */
const MAX_CONFIG_BYTES = 256 * 1024

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const inFileOrder = (faults: readonly LocatedFault[]): readonly Fault[] =>
  faults
    .toSorted((one, other) => one.offset - other.offset)
    .map(({ at, message }) => ({ at, message }))

/** Frozen all the way down, but for the octets of files, which JavaScript cannot freeze. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
