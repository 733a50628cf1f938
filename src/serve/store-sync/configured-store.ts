/**
 * The store that a configuration names, opened; every reason why it cannot be, as a fault that says what to do.
 */
import { existsSync, rmSync } from 'node:fs'
import type { Config } from '../../config/config.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { explainStoreLock, lockStore, type StoreLockMode } from '../../store/engine/lock.ts'
import { whereItLies } from '../../store/engine/where-it-lies.ts'
import { explainStore } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import { COMPANIONS } from '../../store/restore/restore-file.ts'
import { readKeyRing } from '../../store/secrets/key-ring.ts'
import { createPrivateFile } from '../../store/engine/private-file.ts'
import type { KeyRing } from '../../store/secrets/seal.ts'
import { SCHEMA_VERSION } from '../../store/migrate/migrations.ts'
import type { InitialSettings } from '../../store/migrate/prepare-schema.ts'
import { openStore, readStore, type Store, type StoreSettings } from '../../store/store.ts'
import type { Actor } from '../../store/transactions.ts'
import { SYSTEM_CLOCK } from '../process/system-clock.ts'

/** A store of the configuration, and not the lack of one. */
export type ConfiguredStore = Exclude<
  NonNullable<Config['store']>,
  { readonly kind: 'dangerous-none' }
>

/** The store that the configuration names; none and "none, in writing" are faults here. */
export function configuredStore({
  store,
  file,
}: Config): Result<ConfiguredStore, readonly Fault[]> {
  if (store === undefined) {
    const message = `found no store, wanted one: add store, such as \`store: { sqlite: data/tfe.sqlite }\`, then run \`tfe init --config ${file}\``
    return fail([{ at: file, message }])
  }
  if (store.kind !== 'dangerous-none') return ok(store)
  return fail([{ at: store.at, message: 'found dangerousNone, wanted a store: name one' }])
}

/** Returns the settings of that store in the form that the `store` module takes. */
export const storeSettingsOf = (store: ConfiguredStore): StoreSettings =>
  store.kind === 'sqlite'
    ? { kind: 'sqlite', path: store.path }
    : {
        kind: 'postgres',
        url: store.url.text,
        ...(store.schema === undefined ? {} : { schema: store.schema }),
      }

/** The key ring that the configuration names; an empty one where it names none. */
export async function keyRingOf({
  keys,
}: ConfiguredStore): Promise<Result<KeyRing, readonly Fault[]>> {
  if (keys === undefined) return ok({ keys: new Map() })
  const ring = await readKeyRing(keys.reference)
  return ring.ok
    ? ring
    : fail(ring.failure.map(({ at, message }) => ({ at: keys.at, message: `${at}: ${message}` })))
}

/** How a configured store is opened. */
export interface OpenConfiguredOptions {
  /** Only for `tfe init`. */
  readonly initialSettings?: InitialSettings
  /** Who opens it, should it be upgraded; the program itself when left out. */
  readonly actor?: Actor
  /** `exclusive`: no process serves from it, and none begins to before it is closed; `shared` when left out. */
  readonly lock?: StoreLockMode
}

/**
 * Opens it, locked until it is closed; one of an older schema is copied and upgraded. It is locked first: what is opened
 * while another process restores it would be written to after it was replaced.
 */
export async function openConfiguredStore(
  store: ConfiguredStore,
  { initialSettings, actor, lock: mode = 'shared' }: OpenConfiguredOptions = {},
): Promise<Result<Store, readonly Fault[]>> {
  const ring = await keyRingOf(store)
  if (!ring.ok) return ring
  const settings = storeSettingsOf(store)
  // A lock is a file beside the store, and there may be no folder yet.
  if (settings.kind === 'sqlite' && initialSettings === undefined && !existsSync(settings.path))
    return fail([storeFault(store, { kind: 'store-absent', where: settings.path })])
  const lock = await lockStore(settings, mode)
  if (!lock.ok) return fail([{ at: store.at, message: explainStoreLock(lock.failure) }])
  await using ending = new AsyncDisposableStack()
  ending.defer(() => lock.value.release())
  await using failing = new AsyncDisposableStack()
  if (settings.kind === 'sqlite' && initialSettings !== undefined)
    failing.defer(removeNew(whereItLies(settings.path)))
  // Hashes of passwords are in it, and who may do what; its companions inherit the mode.
  if (store.kind === 'sqlite' && initialSettings !== undefined) createPrivateFile(store.path)
  const opened = await openStore(settings, {
    clock: SYSTEM_CLOCK,
    ring: ring.value,
    ringFrom: store.keys?.reference,
    initialSettings,
    actor,
  })
  if (!opened.ok) return fail([storeFault(store, opened.failure)])
  failing.move()
  const locked = ending.move()
  const close = async (): Promise<void> => {
    try {
      await opened.value.close()
    } finally {
      await locked.disposeAsync()
    }
  }
  return ok({ ...opened.value, close })
}

/**
 * Removes what there is of a store that could not be made, while it is locked: another program may make one there next. A
 * journal that was there before stays: it may be all that is left of a store.
 */
function removeNew(path: string): () => void {
  const absent = ['', ...COMPANIONS]
    .map((suffix) => path + suffix)
    .filter((one) => !existsSync(one))
  return () => {
    for (const one of absent) rmSync(one, { force: true })
  }
}

/** A store that was upgraded as it was opened: what was done, and the way back. */
export interface UpgradeNote {
  readonly from: number
  readonly to: number
  /** The path of a file, or the name of a schema. */
  readonly copy: string
  readonly nextStep: string
}

/** Says that this opening upgraded the store; undefined where it did not. */
export function upgradeNote(
  { kind }: Pick<ConfiguredStore, 'kind'>,
  { copy, schemaFound }: Store,
): UpgradeNote | undefined {
  if (copy === undefined) return undefined
  const key = kind === 'sqlite' ? 'sqlite' : 'schema'
  const nextStep = `none; to go back, stop every replica, name the copy in the configuration (store: ${key}: ${copy}) and run the program of before. Changes since then are not in it. Remove it when you need no way back: it holds what the store held`
  return { from: schemaFound, to: SCHEMA_VERSION, copy, nextStep }
}

/**
 * Opens it to be read and nothing else, beside a program that serves from it; nothing is made or upgraded, and no secret
 * opens.
 */
export async function readConfiguredStore(
  store: ConfiguredStore,
): Promise<Result<Store, readonly Fault[]>> {
  const opened = await readStore(storeSettingsOf(store), SYSTEM_CLOCK)
  return opened.ok ? opened : fail([storeFault(store, opened.failure)])
}

/** A failure of the store, where the configuration names it. */
export function storeFault({ at }: Pick<ConfiguredStore, 'at'>, failure: StoreFailure): Fault {
  const { sentence, nextStep } = explainStore(failure)
  return { at, message: `${sentence}: ${nextStep}` }
}
