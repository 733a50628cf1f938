/**
 * Which refusals stay when there are too many. Known devices and all other peers have a half each. Within a half the code
 * with the most refusals gives first, and of that code the owner with the most, and of that owner the oldest: a flood
 * pushes out its own, and an owner with few keeps them.
 */
import { sql } from 'kysely'
import type { Tx } from '../schema/tables.ts'

/** One refusal that gave way. */
export interface PushedOut {
  readonly code: string
  readonly known: number
  readonly owner: string
  readonly at: number
}

/** Makes room in both halves of `rows`; what gave way is in the answer. */
export async function makeRoom(tx: Tx, rows: number): Promise<readonly PushedOut[]> {
  const pushedOut: PushedOut[] = []
  const half = Math.max(1, Math.floor(rows / 2))
  for (const known of [0, 1]) {
    const { refusals } = await tx
      .selectFrom('refusals')
      .where('known', '=', known)
      .select(({ fn }) => fn.countAll<number>().as('refusals'))
      .executeTakeFirstOrThrow()
    if (refusals <= half) continue
    pushedOut.push(...(await pushOut(tx, known, Math.floor(half * KEPT_SHARE))))
  }
  return pushedOut
}

/**
 * Deletes what is past `limit` when refusals are dealt out in turns: in each turn every code has one, and within the turns
 * of a code every owner has one, its newest first. Works them out on the index `refusals_shares` alone.
 */
async function pushOut(tx: Tx, known: number, limit: number): Promise<readonly PushedOut[]> {
  const { rows } = await sql<PushedOut>`
    delete from refusals where id in (
      select id from (
        select id, row_number() over (order by turn, id desc) as place from (
          select id, row_number() over (partition by code order by own, id desc) as turn from (
            select id, code, row_number() over (partition by code, owner order by id desc) as own
            from refusals where known = ${known}
          ) as by_owner
        ) as by_code
      ) as dealt where place > ${limit}
    ) returning code, known, owner, at`.execute(tx)
  return rows
}

/** A tenth at once: dealing out 50,000 takes some 0.2 s, and must not be asked for with each batch of a flood. */
const KEPT_SHARE = 0.9
