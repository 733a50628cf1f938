/**
 * B16: a store behind the real PgBouncer, in each of its modes. The control takes the lock through it as the store did before
 * it looked: the lock is still there when the connection is gone.
 */
import { Client } from 'pg'
import { lockStore } from '../../../src/store/engine/lock.ts'
import { openStore } from '../../../src/store/store.ts'
import { aRing, testClock } from '../../support/store/backends.ts'
import { startPgBouncer, whyNoPgBouncer } from '../../support/store/pgbouncer.ts'
import { startPostgres } from '../../support/store/postgres.ts'
import type { Scene, Seen } from '../case.ts'

const MODES = ['session', 'transaction', 'statement'] as const

async function play(): Promise<readonly Seen[]> {
  const why = whyNoPgBouncer()
  if (why !== undefined) throw new Error(why)
  const cluster = await startPostgres()
  if (cluster.kind === 'missing') throw new Error(cluster.why)
  try {
    const seen: Seen[] = []
    for (const mode of MODES) {
      await using pooler = await startPgBouncer(cluster.url, mode)
      const settings = { kind: 'postgres', url: pooler.url } as const
      const initialSettings = { enforcement: 'recording' } as const
      const store = await openStore(settings, {
        clock: testClock(),
        ring: aRing(),
        initialSettings,
      })
      const lock = await lockStore(settings, 'shared')
      const words = [store, lock].map((one) => (one.ok ? 'taken' : one.failure.kind))
      if (lock.ok) await lock.value.release()
      if (store.ok) await store.value.close()
      const control = await left(pooler.url, cluster.url)
      seen.push({ seen: words.join(', '), control, beside: BESIDE })
    }
    return seen
  } finally {
    await cluster.stop()
  }
}

/** Whether a lock is left behind by a connection that took it and closed. */
async function left(through: string, direct: string): Promise<string> {
  await ask(through, 'select pg_try_advisory_lock(16)')
  const { rowCount } = await ask(direct, 'select 1 from pg_locks where objid = 16')
  return rowCount === 0 ? 'gone' : 'left behind'
}

async function ask(url: string, text: string) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

const BESIDE = 'OpenSSL, nginx and HAProxy have no store'

export const POOLERS: readonly Scene[] = [
  {
    cases: [
      ['session', 'taken, taken', 'gone'],
      ['transaction', 'store-pooled, store-pooled', 'left behind'],
      ['statement', 'store-pooled, store-pooled', 'left behind'],
    ].map(([mode, expected = '', control = '']) => ({
      id: 'B16',
      what: `a store behind PgBouncer with pool_mode = ${mode}, and its lock`,
      expected,
      control,
    })),
    play,
  },
]
