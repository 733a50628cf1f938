/**
 * Puts a backup in the place of a store's file, while no program has it open. What is written is written beside it, whole
 * and durable, before one rename makes it the store: whenever this ends early, the old file or the new one is there whole,
 * or none where the old one could not be read. The old one is kept under another name, with its journal.
 */
import { constants, copyFileSync, existsSync, lchownSync, linkSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import { sql } from 'kysely'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import { inTransaction } from '../engine/engine.ts'
import { createPrivateFile } from '../engine/private-file.ts'
import { openSqlite, WITHOUT_LINKS } from '../engine/sqlite.ts'
import type { StoreFailure } from '../failure.ts'
import type { Db, Tx } from '../schema/tables.ts'
import { noteWithin, type Actor } from '../transactions.ts'
import type { Loss } from './losses.ts'
import type { CopyFacts, OpenCopy } from './open-copy.ts'

/** What is restored, over what. */
export interface RestoreOrder {
  readonly path: string
  readonly backup: OpenCopy
  readonly backupFile: string
  /** The store that is there; a failure says why it cannot be read; undefined where there is none. */
  readonly present: Result<OpenCopy, StoreFailure> | undefined
  readonly losses: readonly Loss[]
  readonly actor: Actor
  readonly now: Instant
}

/** What was done. */
export interface Restored {
  /** Where the old store lies now; undefined where there was none. */
  readonly kept: string | undefined
  readonly revision: number
  /** Places whose revocation lists were newer in the old store, and were taken over. */
  readonly listsKept: number
}

/** Files that SQLite has beside the one that it is named after. */
export const COMPANIONS = ['-wal', '-shm', '-journal'] as const

/** Writes the backup beside the store, makes it ready, and puts it there. */
export async function restoreFile(order: RestoreOrder): Promise<Result<Restored, StoreFailure>> {
  const { path, backup, present, now } = order
  const unfinished = `${path}.restoring`
  const clear = async (): Promise<void> => {
    for (const suffix of ['', ...COMPANIONS]) await rm(unfinished + suffix, { force: true })
  }
  try {
    await clear()
    createPrivateFile(unfinished)
    await sql`vacuum into ${unfinished}`.execute(backup.engine.db)
    const ready = await makeReady(unfinished, order)
    if (!ready.ok) return ready
    await flush(unfinished)
    const settled = present?.ok === true ? await settle(path, present.value) : ok(undefined)
    if (!settled.ok) return settled
    giveToOwner(unfinished, path)
    const kept = await keepOld(path, now)
    try {
      await removeOld(path, present)
      await rename(unfinished, path)
    } catch (error) {
      await putBack(kept, path)
      throw error
    }
    await flush(dirname(path))
    return ok({ kept, ...ready.value })
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const trouble = backup.engine.troubleOf(error)
    if (trouble !== undefined) return fail(trouble)
    if (codeOrText(error) === 'ENOSPC') return fail({ kind: 'store-full', detail })
    return fail({ kind: 'store-unavailable', detail })
  } finally {
    await clear()
  }
}

/** What is older than what was in force must not be taken for the newest, and a session must not come back. */
async function makeReady(
  unfinished: string,
  order: RestoreOrder,
): Promise<Result<Omit<Restored, 'kept'>, StoreFailure>> {
  const { backup, backupFile, present, losses, actor, now } = order
  const old = present?.ok === true ? present.value : undefined
  const engine = openSqlite({ kind: 'sqlite', path: unfinished })
  try {
    return await inTransaction<Omit<Restored, 'kept'>, StoreFailure>(engine.db, async (tx) => {
      await tx.deleteFrom('sessions').execute()
      const listsKept = old === undefined ? 0 : await keepLists(tx, old.engine.db, backup.facts)
      const revision = revisionAfter(backup.facts, old?.facts)
      // Whatever was read before a restore is read anew: the feed says nothing of the changes that are gone.
      await tx.deleteFrom('changes').execute()
      await tx.updateTable('store_meta').set({ revision, feed_from: revision }).execute()
      const after = {
        file: backupFile,
        store: backup.facts.storeId,
        schema: backup.facts.schema,
        revision: backup.facts.revision,
        replaced:
          old === undefined ? null : { store: old.facts.storeId, revision: old.facts.revision },
        lost: Object.fromEntries(losses.map(({ kind, items }) => [kind, items.length])),
        listsKept,
      }
      await noteWithin(tx, {
        actor,
        now,
        entry: { action: 'store.restore', subject: 'store', after },
      })
      return ok({ revision: revision + 1, listsKept })
    })
  } finally {
    await engine.close()
  }
}

/**
 * Revisions only grow: what holds one from before must never find the same one again with another content. Of a store that
 * cannot be read it is not known how far it was; a thousand changes a day take it this far in three years.
 */
const revisionAfter = (backup: CopyFacts, old: CopyFacts | undefined): number =>
  old === undefined ? backup.revision + 1_000_000 : Math.max(backup.revision, old.revision)

/** A list with a lower number never takes the place of one with a higher (decision 31), across a restore either. */
async function keepLists(tx: Tx, old: Db, { schema }: CopyFacts): Promise<number> {
  // A backup from before lists were kept in the store; what takes them over from the file begins with the newest.
  if (schema < LISTS_SINCE) return 0
  const newest = async (db: Db): Promise<ReadonlyMap<string, number>> => {
    const rows = await db
      .selectFrom('kept_lists')
      .select(({ fn }) => ['setting', 'place', fn.max('taken_at').as('at')])
      .groupBy(['setting', 'place'])
      .execute()
    return new Map(rows.map(({ setting, place, at }) => [`${setting}\n${place}`, at]))
  }
  const settings = await tx.selectFrom('enrollment_settings').select('name').execute()
  const known = new Set(settings.map(({ name }) => name))
  const restored = await newest(tx)
  let kept = 0
  for (const [key, at] of await newest(old)) {
    const [setting = '', place = ''] = key.split('\n')
    if (!known.has(setting) || at <= (restored.get(key) ?? 0)) continue
    const rows = await old
      .selectFrom('kept_lists')
      .selectAll()
      .where('setting', '=', setting)
      .where('place', '=', place)
      .execute()
    await tx
      .deleteFrom('kept_lists')
      .where('setting', '=', setting)
      .where('place', '=', place)
      .execute()
    for (const row of rows) await tx.insertInto('kept_lists').values(row).execute()
    kept += 1
  }
  return kept
}

const LISTS_SINCE = 2

/** Writes the journal of the old store back, so that its file alone is all of it and one rename replaces it whole. */
async function settle(path: string, present: OpenCopy): Promise<Result<void, StoreFailure>> {
  await present.engine.close()
  const engine = openSqlite({ kind: 'sqlite', path })
  try {
    await sql`pragma wal_checkpoint(truncate)`.execute(engine.db)
  } finally {
    await engine.close()
  }
  return sizeOf(`${path}-wal`) === 0
    ? ok(undefined)
    : fail({ kind: 'store-locked', detail: `${path}-wal is in use by another program` })
}

/** An administrator who restores as root leaves a file that the account of the program opens. */
function giveToOwner(unfinished: string, path: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path))
  // Not what a link leads to that the account of the program put there meanwhile.
  lchownSync(unfinished, uid, gid)
}

/**
 * Takes the journals of the old file away before there is a new one that they could be played into. A file that cannot be
 * read goes first: it may be an older copy that only the journal beside it keeps from being served.
 */
async function removeOld(path: string, present: RestoreOrder['present']): Promise<void> {
  for (const suffix of present?.ok === true ? COMPANIONS : ['', ...COMPANIONS])
    await rm(path + suffix, { force: true })
  await flush(dirname(path))
}

/** What is refused leaves the store as it was: the file last, so that it is never there without its journal. */
async function putBack(kept: string | undefined, path: string): Promise<void> {
  if (kept === undefined) return
  for (const suffix of ['-wal', '-journal', ''])
    if (existsSync(kept + suffix)) await rename(kept + suffix, path + suffix)
}

/** Another name for the same files costs no room; where there are no such names, they are copied. */
async function keepOld(path: string, now: Instant): Promise<string | undefined> {
  const kept = freeName(
    `${path}.replaced-${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`,
  )
  // A journal is kept although its file is gone, too: it may be all that is left.
  const suffixes = ['', '-wal', '-journal'].filter((suffix) => sizeOf(path + suffix) > 0)
  for (const suffix of suffixes) {
    try {
      linkSync(path + suffix, kept + suffix)
    } catch (error) {
      if (!WITHOUT_LINKS.has(codeOrText(error))) throw error
      await copyWhole(path + suffix, kept + suffix)
    }
  }
  await flush(dirname(path))
  return suffixes.length === 0 ? undefined : kept
}

async function copyWhole(from: string, to: string): Promise<void> {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL)
    await flush(to)
  } catch (error) {
    // Half a copy would take the room that there is too little of.
    await rm(to, { force: true })
    throw error
  }
}

/** Two restores within a second keep what each replaced. */
function freeName(name: string): string {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`
    if (['', ...COMPANIONS].every((suffix) => !existsSync(free + suffix))) return free
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}
