/**
 * Creates a store: the key ring, the schema, the latch as the profile has it, the enrollment settings of the
 * configuration. Never touches one that is there.
 */
import { existsSync } from 'node:fs'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LoadedConfig } from '../../config/config.ts'
import { codeOrText } from '../../kernel/error-code.ts'
import type { CrlSettings, CrlSource } from '../../config/trust/types.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { StoredRevocation } from '../../store/settings/setting-revocation.ts'
import type { ListSource } from '../../trust/list-source.ts'
import { compileConfig, type CompiledConfig } from '../../state/compiled-config.ts'
import type { Actor } from '../../store/transactions.ts'
import { explainStoreLock, lockStore } from '../../store/engine/lock.ts'
import type { StoreFailure } from '../../store/failure.ts'
import { withNewKey, writeKeyRing } from '../../store/secrets/key-ring.ts'
import type { Store } from '../../store/port.ts'
import { readStore } from '../../store/store.ts'
import { importInto } from '../../store/transfer/transfer.ts'
import { SYSTEM_CLOCK } from '../process/system-clock.ts'
import {
  configuredStore,
  openConfiguredStore,
  keyRingOf,
  storeSettingsOf,
  storeFault,
  type ConfiguredStore,
} from './configured-store.ts'

/** What was made. */
export interface CreatedStore {
  readonly where: string
  readonly enforcement: 'recording' | 'required'
  /** Names of the enrollment settings that it begins with. */
  readonly settings: readonly string[]
  /** The key ring's file, when it was made too. */
  readonly keyFile: string | undefined
  /** Rows that came from an export; undefined where it began with the configuration. */
  readonly rows: number | undefined
}

/**
 * Makes the store of a configuration, or says why not; then nothing was made but perhaps a key ring. With the file of an
 * export it begins with that in place of the configuration's enrollment settings.
 */
export async function createStore(
  { config }: LoadedConfig,
  actor: Actor,
  from?: string,
): Promise<Result<CreatedStore, readonly Fault[]>> {
  const configured = configuredStore(config)
  if (!configured.ok) return configured
  // What it takes from the store is sealed there once the store is made.
  const compiled = compileConfig(config, SYSTEM_CLOCK.now(), { sealed: 'left-out' })
  if (!compiled.ok) return compiled
  const absent = await checkAbsent(configured.value)
  if (!absent.ok) return absent
  const keyFile = await ensureKeyRing(configured.value)
  if (!keyFile.ok) return keyFile
  const where = configured.value
  if (from !== undefined) {
    const taken = await createFrom(where, { enforcement: config.enforcement, from, actor })
    return taken.ok ? ok({ ...taken.value, keyFile: keyFile.value }) : taken
  }
  const { enforcement } = config
  const opened = await openConfiguredStore(where, {
    initialSettings: { enforcement },
    lock: 'exclusive',
  })
  if (!opened.ok) return opened
  await using closing = new AsyncDisposableStack()
  const store = closing.adopt(opened.value, (one) => one.close())
  // Another program was quicker.
  if (!store.created) return storeThere(where, store.where)
  const initialised = await initialiseSettings(store, compiled.value, actor)
  if (!initialised.ok) return fail([storeFault(configured.value, initialised.failure)])
  if (configured.value.keys !== undefined) {
    const registered = await store.secrets.rotate(actor)
    if (!registered.ok) return fail([storeFault(configured.value, registered.failure)])
  }
  const settings = config.trust.enrollmentSettings.map(({ name }) => name)
  return ok({ where: store.where, enforcement, settings, keyFile: keyFile.value, rows: undefined })
}

interface ExportOrder {
  readonly enforcement: CreatedStore['enforcement']
  readonly from: string
  readonly actor: Actor
}

/**
 * Everything that an export holds, the latch and the administrators included, in the transaction that makes the store: one
 * that a kill leaves without its deny list would be served from.
 */
async function createFrom(
  configured: ConfiguredStore,
  { enforcement, from, actor }: ExportOrder,
): Promise<Result<Omit<CreatedStore, 'keyFile'>, readonly Fault[]>> {
  const fault = (failure: StoreFailure) => fail([storeFault({ at: from }, failure)])
  let rows: number | undefined
  let refused: StoreFailure | undefined
  try {
    await using file = await open(from)
    const opened = await openConfiguredStore(configured, {
      lock: 'exclusive',
      initialSettings: {
        enforcement,
        fill: async (tx, made) => {
          const taken = await importInto(tx, linesOf(file), { ...made, actor })
          if (taken.ok) rows = taken.value.rows
          else refused = taken.failure
          return taken
        },
      },
    })
    if (!opened.ok) return refused === undefined ? opened : fault(refused)
    await using closing = new AsyncDisposableStack()
    const store = closing.adopt(opened.value, (one) => one.close())
    // Another program was quicker.
    if (!store.created) return storeThere(configured, store.where)
    const latch = await store.enforcement.current()
    if (!latch.ok) return fault(latch.failure)
    const settings = await store.enrollment.list()
    if (!settings.ok) return fault(settings.failure)
    const names = settings.value.map(({ name }) => name)
    return ok({ where: store.where, enforcement: latch.value.state, rows, settings: names })
  } catch (error) {
    const code = codeOrText(error)
    return fail([{ at: from, message: `found ${code}, wanted the file of an export` }])
  }
}

/** Begins to read when it is asked: what `readLines` reads before that is lost. */
async function* linesOf(file: FileHandle): AsyncIterable<string> {
  yield* file.readLines()
}

/** Gives a store that has no enrollment settings those of the configuration; does nothing to any other. */
export const initialiseSettings = (
  store: Pick<Store, 'enrollment'>,
  { config, chains }: CompiledConfig,
  actor: Actor,
) =>
  store.enrollment.seed(
    actor,
    config.trust.enrollmentSettings.map(({ name, source, standing, crl }) => ({
      name,
      source,
      standing,
      revocation: crl && revocationOf(crl),
      chain: (chains.get(name) ?? []).map(({ der }) => der),
    })),
  )

/** What a file says of revocation, as the store keeps it. */
export function revocationOf({ failure, grace, refresh, lists }: CrlSettings): StoredRevocation {
  const [first, ...others] = lists
  return { failure, grace, refresh, lists: [withoutPlace(first), ...others.map(withoutPlace)] }
}

function withoutPlace(source: CrlSource): ListSource {
  if (source.kind === 'file') return { kind: 'file', path: source.path }
  if (source.kind === 'url') return { kind: 'url', url: source.url }
  const { kind, digest, octets } = source
  return { kind, digest, octets }
}

async function checkAbsent(store: ConfiguredStore): Promise<Result<void, readonly Fault[]>> {
  if (store.kind === 'sqlite') {
    if (existsSync(store.path) && !(await isEmpty(store))) return storeThere(store, store.path)
    const made = await makeFolder(store.path, store.at)
    if (!made.ok) return made
  }
  const lock = await lockStore(storeSettingsOf(store), 'exclusive')
  if (!lock.ok) return fail([{ at: store.at, message: explainStoreLock(lock.failure) }])
  try {
    if (store.kind === 'sqlite') return ok(undefined)
    const found = await readStore(storeSettingsOf(store), SYSTEM_CLOCK)
    if (found.ok) {
      await found.value.close()
      return storeThere(store, found.value.where)
    }
    return found.failure.kind === 'store-absent'
      ? ok(undefined)
      : fail([storeFault(store, found.failure)])
  } finally {
    await lock.value.release()
  }
}

/** What is left of a `tfe init` that was killed, or a file that was made for a store. */
async function isEmpty(store: ConfiguredStore): Promise<boolean> {
  const found = await readStore(storeSettingsOf(store), SYSTEM_CLOCK)
  if (found.ok) await found.value.close()
  return !found.ok && found.failure.kind === 'store-absent'
}

function storeThere({ at }: ConfiguredStore, where: string): Result<never, readonly Fault[]> {
  const message = `found a store at ${where}, wanted none there: \`tfe serve\` uses it as it is; name another place, or move this one away with care, because it holds the latch and the blocks`
  return fail([{ at, message }])
}

/** A ring that is there is used: another replica, or a backup, brought it. */
async function ensureKeyRing(
  store: ConfiguredStore,
): Promise<Result<string | undefined, readonly Fault[]>> {
  const reference = store.keys?.reference
  const path = reference?.startsWith('file:') === true ? reference.slice('file:'.length) : undefined
  if (path === undefined || existsSync(path)) {
    const ring = await keyRingOf(store)
    return ring.ok ? ok(undefined) : ring
  }
  const made = await makeFolder(path, store.keys?.at ?? store.at)
  if (!made.ok) return made
  await writeKeyRing(path, withNewKey(undefined))
  return ok(path)
}

async function makeFolder(file: string, at: string): Promise<Result<void, readonly Fault[]>> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    return ok(undefined)
  } catch (error) {
    const code = codeOrText(error)
    const message = `cannot make the folder of ${file} (${code}): make it, or grant the right to`
    return fail([{ at, message }])
  }
}
