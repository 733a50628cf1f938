/** Opens a file that may be put in the place of a store, or the store that it would replace, to be read and nothing else. */
import { existsSync } from 'node:fs'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import { findAnyDamage, findDamage } from '../engine/damage.ts'
import type { Engine } from '../engine/engine.ts'
import { openSqlite } from '../engine/sqlite.ts'
import type { StoreFailure } from '../failure.ts'
import { addMissingTables, readSchema } from '../migrate/read-schema.ts'

/** A store's file that was looked through. */
export interface OpenCopy extends AsyncDisposable {
  readonly engine: Engine
  readonly facts: CopyFacts
}

/** What a store's file says of itself. */
export interface CopyFacts {
  readonly storeId: string
  readonly schema: number
  readonly revision: number
  readonly madeAt: Instant
  /** When something was changed in it last, by its audit trail; undefined where nothing was. */
  readonly changedAt: Instant | undefined
}

/** How far it is looked through: a backup whole, since it is about to be relied on for good. */
export type Scrutiny = 'at-start' | 'whole'

/** Opens and checks it; what is wrong with it is a failure of the store. */
export async function openCopy(
  path: string,
  scrutiny: Scrutiny,
): Promise<Result<OpenCopy, StoreFailure>> {
  if (!existsSync(path)) return fail({ kind: 'store-absent', where: path })
  const engine = openSqlite({ kind: 'sqlite', path }, 'read')
  try {
    const opened = await look(engine, scrutiny)
    if (!opened.ok) await engine.close()
    return opened
  } catch (error) {
    await engine.close()
    const trouble = engine.troubleOf(error)
    if (trouble === undefined) throw error
    return fail(trouble)
  }
}

async function look(engine: Engine, scrutiny: Scrutiny): Promise<Result<OpenCopy, StoreFailure>> {
  const { db, where } = engine
  const damage = await (scrutiny === 'whole' ? findAnyDamage(db) : findDamage(db))
  if (damage !== undefined)
    return fail({ kind: 'store-corrupt', detail: `${damage} (${where})`, copies: [] })
  const found = await readSchema(engine)
  if (!found.ok) return found
  await addMissingTables(engine, found.value.version)
  const meta = await db.selectFrom('store_meta').selectAll().executeTakeFirstOrThrow()
  const last = await db
    .selectFrom('audit')
    .select('at')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const facts = {
    storeId: meta.store_id,
    schema: found.value.version,
    revision: meta.revision,
    madeAt: meta.created_at as Instant,
    changedAt: last?.at as Instant | undefined,
  }
  return ok({ engine, facts, [Symbol.asyncDispose]: () => engine.close() })
}
