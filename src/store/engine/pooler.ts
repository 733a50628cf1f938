/**
 * Whether a connection pooler between us and PostgreSQL lends a session for a transaction only, as PgBouncer does with
 * `pool_mode = transaction`. The store's lock, its notifications and the settings of a connection belong to a session: over
 * such a pooler the lock stays with a session that is lent to others, outlives the program, and says nothing.
 *
 * It is asked by what a pooler does, not by its name: two connections that are open together have two server processes
 * (`pg_backend_pid`), each its own from the first question to the last. A direct connection and a pool of sessions keep
 * that; a pool of transactions lends a process that is idle to whichever connection begins a transaction next.
 */
import { Client, type ClientConfig } from 'pg'

/** What a pooler lends a session for. */
export type Pooling = 'transaction' | 'statement'

/** Looks for a pooler of transactions or statements; rejects as `pg` does where the database cannot be asked. */
export async function findPooling(options: ClientConfig): Promise<Pooling | undefined> {
  const [one, other] = [new Client(options), new Client(options)]
  try {
    for (const client of [one, other]) {
      client.on('error', () => {})
      await client.connect()
    }
    const own = [await processOf(one), await processOf(other)] as const
    if (own[0] === own[1]) return await kindOf(one)
    const keepTheirOwn = async (): Promise<boolean> =>
      (await processOf(one)) === own[0] && (await processOf(other)) === own[1]
    for (let round = 0; round < ROUNDS; round += 1) {
      const busy = round % 2 === 0 ? other : one
      await busy.query('begin')
      const isLent = !(await keepTheirOwn())
      await busy.query('rollback')
      if (isLent) return 'transaction'
    }
    return undefined
  } catch (error) {
    if (error instanceof Error && STATEMENT_POOLING.test(error.message)) return 'statement'
    throw error
  } finally {
    await Promise.all([one, other].map((client) => client.end().catch(() => {})))
  }
}

/** Of a pooler that is there: one of statements refuses `begin`. */
async function kindOf(client: Client): Promise<Pooling> {
  await client.query('begin')
  await client.query('rollback')
  return 'transaction'
}

async function processOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

/**
 * PgBouncer lends the process that was used last, so that an idle pool shows itself at once. In a busy one chance decides
 * which is free, and of few processes each connection may be lent its own again: three rounds that asked one of them missed
 * a saturated pool of three once in ten looks.
 */
const ROUNDS = 12

/** What PgBouncer answers to `begin` where it lends sessions for statements. */
const STATEMENT_POOLING = /statement pooling/u
