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
  const clients = [new Client(options), new Client(options)] as const
  const [one, other] = clients
  try {
    for (const client of clients) {
      client.on('error', () => {})
      await client.connect()
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      if (await isLent(one, other)) return 'transaction'
    }
    return undefined
  } catch (error) {
    if (error instanceof Error && STATEMENT_POOLING.test(error.message)) return 'statement'
    throw error
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
  }
}

/** Whether `one` loses its server process while `other` is in a transaction. */
async function isLent(one: Client, other: Client): Promise<boolean> {
  const before = await processOf(one)
  await other.query('begin')
  try {
    if ((await processOf(other)) === before) return true
    return (await processOf(one)) !== before
  } finally {
    await other.query('rollback')
  }
}

async function processOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

/** PgBouncer lends the process that was used last; beside the traffic of others the first round may miss it. */
const ROUNDS = 3

/** What PgBouncer answers to `begin` where it lends sessions for statements. */
const STATEMENT_POOLING = /statement pooling/u
