/**
 * What a restore would do, and the restore: the backup is looked through, the store that is there is read as far as it can
 * be, and what would be lost of its decisions is told before anything is touched.
 */
import { realpathSync, statSync } from 'node:fs'
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import { whereItLies } from '../../store/engine/where-it-lies.ts'
import type { StoreFailure } from '../../store/failure.ts'
import { readDecisions } from '../../store/restore/decisions.ts'
import { lossesOf, type Loss } from '../../store/restore/losses.ts'
import { openCopy, type CopyFacts, type OpenCopy } from '../../store/restore/open-copy.ts'
import { restoreFile, type Restored } from '../../store/restore/restore-file.ts'
import { checkValue } from '../../store/secrets/seal.ts'
import type { Actor } from '../../store/transactions.ts'
import { keyRingOf, storeFault, type ConfiguredStore } from './configured-store.ts'

/** A store in a file, as a configuration names it. */
export type StoreFile = Extract<ConfiguredStore, { readonly kind: 'sqlite' }>

/** What is known before a restore. */
export interface RestorePlan extends AsyncDisposable {
  readonly backup: CopyFacts
  /** The store that is there; a fault says why it cannot be read; undefined where there is none. */
  readonly present: Result<CopyFacts, Fault> | undefined
  readonly losses: readonly Loss[]
  /** Whether the key ring of the configuration opens the secrets of the backup. */
  readonly keys: KeyFit
  carryOut(actor: Actor, now: Instant): Promise<Result<Restored, Fault>>
}

/** How the newest sealing key of a backup stands to the key ring; `version` 0: it has none, and no secrets. */
export interface KeyFit {
  readonly version: number
  readonly isHeld: boolean
  readonly secrets: number
}

/** Looks at the backup and at the store; a backup that cannot be relied on is a fault. */
export async function planRestore(
  store: StoreFile,
  backupFile: string,
  now: Instant,
): Promise<Result<RestorePlan, readonly Fault[]>> {
  if (isSameFile(store.path, backupFile)) {
    const message =
      'found the file of the store itself, wanted a backup of it: move it to another name first'
    return fail([{ at: backupFile, message }])
  }
  await using ending = new AsyncDisposableStack()
  const backup = await openCopy(backupFile, 'whole')
  if (!backup.ok) return fail([backupFault(backupFile, backup.failure)])
  ending.use(backup.value)
  const found = await openCopy(store.path, 'at-start')
  const isAbsent = !found.ok && found.failure.kind === 'store-absent'
  const present = isAbsent ? undefined : found
  if (present?.ok === true) ending.use(present.value)
  const losses =
    present?.ok === true
      ? lossesOf(
          await readDecisions(present.value.engine.db),
          await readDecisions(backup.value.engine.db),
          now,
        )
      : []
  const keys = await keyFit(store, backup.value)
  if (!keys.ok) return keys
  const opened = ending.move()
  return ok({
    backup: backup.value.facts,
    present:
      present === undefined
        ? undefined
        : present.ok
          ? ok(present.value.facts)
          : fail(storeFault(store, present.failure)),
    losses,
    keys: keys.value,
    carryOut: async (actor, at) => {
      const done = await restoreFile({
        // A symbolic link stays, and leads to the store that is restored: on its volume, and beside its journal.
        path: whereItLies(store.path),
        backup: backup.value,
        backupFile,
        present,
        losses,
        actor,
        now: at,
      })
      return done.ok ? done : fail(storeFault(store, done.failure))
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  })
}

/** What is wrong with a backup, and a step that is one for a backup. */
function backupFault(at: string, failure: StoreFailure): Fault {
  const message = backupText(failure)
  return message === undefined ? storeFault({ at }, failure) : { at, message }
}

function backupText(failure: StoreFailure): string | undefined {
  if (failure.kind === 'store-absent')
    return 'found no file there, wanted a backup: `tfe backup` writes one'
  if (failure.kind === 'store-corrupt')
    return `the backup is damaged: ${failure.detail}: use an earlier one`
  if (failure.kind === 'journal-foreign')
    return `the backup and the journal beside it do not belong together (${failure.detail}): move the journal away, or use another backup`
  if (failure.kind === 'not-a-store')
    return `found no store of this program, wanted a backup: ${failure.detail}; an export is taken by \`tfe init --from\``
  return undefined
}

async function keyFit(
  store: StoreFile,
  { engine: { db } }: OpenCopy,
): Promise<Result<KeyFit, readonly Fault[]>> {
  const ring = await keyRingOf(store)
  if (!ring.ok) return ring
  const newest = await db
    .selectFrom('key_ring')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const { secrets } = await db
    .selectFrom('secrets')
    .select(({ fn }) => fn.countAll<number>().as('secrets'))
    .executeTakeFirstOrThrow()
  if (newest === undefined) return ok({ version: 0, isHeld: true, secrets })
  const key = ring.value.keys.get(newest.version)
  const isHeld = key !== undefined && checkValue(key) === newest.check_value
  return ok({ version: newest.version, isHeld, secrets })
}

function isSameFile(one: string, other: string): boolean {
  const [here, there] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }))
  if (here === undefined || there === undefined) return false
  return (
    realpathSync(one) === realpathSync(other) || (here.ino === there.ino && here.dev === there.dev)
  )
}
