/**
 * Loads a configuration from its file, or returns every fault in it. Warnings are apart from faults: they never stop
 * the start, and they are never dropped.
 */
import { openOnThread } from '../handshake/pkcs12/open-on-thread.ts'
import { fail, type Fault, ok, type Result } from '../kernel/types.ts'
import type { LoadedConfig } from './config.ts'
import { diskReader, explainFileFailure, folderOf, readReferences } from './reading/files.ts'
import { openKeystores } from './reading/keystores.ts'
import { type DeepPartial, missing, Place, type ReadContext } from './reading/place.ts'
import { secretPlaces } from './reading/stored-secrets.ts'
import { type ContentReader, NO_SECRETS, type SecretReader } from './secret-reader.ts'
import { type LocatedFault, parseYaml } from './reading/yaml-text.ts'
import { readDocument } from './read-document.ts'
import { type ConfigDocument, configSchema } from './schema.ts'
import { readStore } from './service/store.ts'
import { checkShape, shapeValidator } from './reading/check-shape.ts'

/** Loads a configuration; all faults at once, in the order in which they stand in the file. */
export async function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  files: ContentReader = diskReader,
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
  const unopened = { text, folder, contents, env, keystores: new Map() }
  const secrets = await readSecrets(document, unopened, files.secrets ?? NO_SECRETS)
  const context: ReadContext = {
    ...unopened,
    secrets,
    keystores: await openKeystores(document, { ...unopened, secrets }, open),
    faults: [...text.faults, ...faults],
    warnings: [],
    dangers: [],
  }
  const config = readDocument(new Place(context, [], document), path)
  if (config === missing || context.faults.length > 0) return fail(inFileOrder(context.faults))
  return ok({
    config: deepFreeze(config),
    document: bytes,
    files: stampsOf(contents),
    warnings: inFileOrder(context.warnings),
  })
}

/** Files that could not be read, and were not needed, are not watched. */
const stampsOf = (contents: ReadContext['contents']): LoadedConfig['files'] =>
  new Map(
    [...contents].flatMap(([path, read]) =>
      read.ok && read.value.stamp !== undefined ? [[path, read.value.stamp] as const] : [],
    ),
  )

/** Reads what a document takes from its store; the store's own place in it is read for this, and its faults are told later. */
async function readSecrets(
  document: Readonly<Record<string, unknown>>,
  unopened: Omit<ReadContext, 'dangers' | 'faults' | 'secrets' | 'warnings'>,
  reader: SecretReader,
): Promise<ReadContext['secrets']> {
  const { unread } = reader
  const names = [...new Set(secretPlaces(document).map(({ name }) => name))]
  if (names.length === 0) return { unread, found: { kind: 'read', secrets: new Map() } }
  const found = {
    kind: 'unread',
    why: 'the store of this configuration has faults itself',
  } as const
  const context: ReadContext = {
    ...unopened,
    secrets: { unread, found },
    faults: [],
    warnings: [],
    dangers: [],
  }
  const root = new Place<DeepPartial<ConfigDocument>>(context, [], document)
  const store = readStore(root.at('store'))
  return { unread, found: store === missing ? found : await reader.read(store, names) }
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
