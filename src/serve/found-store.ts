/**
 * Founds a store: the key ring, the schema, the latch as the profile has it, the enrollment settings of the
 * configuration. Never touches one that is there.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Loaded } from '../config/config.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../kernel/types.ts'
import { buildWorld, type World } from '../state/world.ts'
import type { By } from '../store/book.ts'
import type { NewSetting } from '../store/enrollment.ts'
import type { StoredStanding } from '../store/enrollment-setting.ts'
import { explainHold, holdStore } from '../store/hold.ts'
import { withNewKey, writeKeyRing } from '../store/key-ring.ts'
import type { Store } from '../store/port.ts'
import { openStore } from '../store/store.ts'
import { keptStore, openKept, ringOf, settingsOf, storeFault, type Kept } from './open-store.ts'

/** What was made. */
export interface Founded {
  readonly where: string
  readonly enforcement: 'recording' | 'required'
  /** Names of the enrollment settings that it begins with. */
  readonly settings: readonly string[]
  /** The key ring's file, when it was made too. */
  readonly keyFile: string | undefined
}

/** Makes the store of a configuration, or says why not; then nothing was made but perhaps a key ring. */
export async function foundStore(
  { config }: Loaded,
  by: By,
): Promise<Result<Founded, readonly Fault[]>> {
  const kept = keptStore(config)
  if (!kept.ok) return kept
  const world = buildWorld(config, Date.now() as Instant)
  if (!world.ok) return world
  const absent = await stillAbsent(kept.value)
  if (!absent.ok) return absent
  const keyFile = await madeKeys(kept.value)
  if (!keyFile.ok) return keyFile
  const { enforcement } = config
  const opened = await openKept(kept.value, { enforcement })
  if (!opened.ok) return opened
  await using closing = new AsyncDisposableStack()
  const store = closing.adopt(opened.value, (one) => one.close())
  const seeded = await seed(store, world.value, by)
  if (!seeded.ok) return fail([storeFault(kept.value, seeded.failure)])
  if (kept.value.keys !== undefined) {
    const registered = await store.secrets.rotate(by)
    if (!registered.ok) return fail([storeFault(kept.value, registered.failure)])
  }
  const settings = config.trust.enrollmentSettings.map(({ name }) => name)
  return ok({ where: store.where, enforcement, settings, keyFile: keyFile.value })
}

/** Gives a store that has no enrollment settings those of the configuration; does nothing to any other. */
export const seed = (store: Pick<Store, 'enrollment'>, world: World, by: By) =>
  store.enrollment.seed(by, settingsIn(world))

function settingsIn({
  config,
  chains,
}: World): readonly (NewSetting & { readonly standing: StoredStanding })[] {
  return config.trust.enrollmentSettings.map(({ name, source, standing }) => ({
    name,
    source,
    standing,
    chain: (chains.get(name) ?? []).map(({ der }) => der),
  }))
}

async function stillAbsent(store: Kept): Promise<Result<void, readonly Fault[]>> {
  const exists = (where: string) =>
    fail([
      {
        at: store.at,
        message: `found a store at ${where}, wanted none there: \`tfe serve\` uses it as it is; name another place, or move this one away with care, because it holds the latch and the blocks`,
      },
    ])
  if (store.kind === 'sqlite') {
    if (existsSync(store.path)) return exists(store.path)
    const made = await makeFolder(store.path, store.at)
    if (!made.ok) return made
  }
  const hold = await holdStore(settingsOf(store), 'alone')
  if (!hold.ok) return fail([{ at: store.at, message: explainHold(hold.failure) }])
  try {
    if (store.kind === 'sqlite') return ok(undefined)
    const empty = { keys: new Map<number, Uint8Array>() }
    const found = await openStore(settingsOf(store), {
      clock: { now: () => Date.now() as Instant },
      ring: empty,
      beginnings: undefined,
    })
    if (found.ok) {
      await found.value.close()
      return exists(found.value.where)
    }
    return found.failure.kind === 'store-absent'
      ? ok(undefined)
      : fail([storeFault(store, found.failure)])
  } finally {
    await hold.value.release()
  }
}

/** A ring that is there is used: another replica, or a backup, brought it. */
async function madeKeys(store: Kept): Promise<Result<string | undefined, readonly Fault[]>> {
  const reference = store.keys?.reference
  const path = reference?.startsWith('file:') === true ? reference.slice('file:'.length) : undefined
  if (path === undefined || existsSync(path)) {
    const ring = await ringOf(store)
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
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const message = `cannot make the folder of ${file} (${code}): make it, or grant the right to`
    return fail([{ at, message }])
  }
}
