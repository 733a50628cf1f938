/** The real PgBouncer in front of the real PostgreSQL, in each of its modes. The last tests are the control. */
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { lockStore } from '../../../src/store/engine/lock.ts'
import { findPooling } from '../../../src/store/engine/pooler.ts'
import { connectionOptions } from '../../../src/store/engine/postgres.ts'
import { explainStore } from '../../../src/store/explain.ts'
import { openStore, readStore } from '../../../src/store/store.ts'
import { aRing, testClock } from '../../support/store/backends.ts'
import { startPgBouncer, whyNoPgBouncer } from '../../support/store/pgbouncer.ts'
import { findPostgres } from '../../support/store/postgres.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})
const why = postgres.kind === 'missing' ? postgres.why : whyNoPgBouncer()
const url = postgres.kind === 'found' ? postgres.url : ''
const on = test.skipIf(why !== undefined)
const promise = (text: string): string => (why === undefined ? text : `${text} (skipped: ${why})`)

const settingsOf = (to: string, schema = 'public') =>
  ({ kind: 'postgres', url: to, schema }) as const

async function sql(to: string, ...texts: readonly string[]): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: to })
  await client.connect()
  try {
    let rows: readonly unknown[] = []
    for (const text of texts) ({ rows } = await client.query(text))
    return rows
  } finally {
    await client.end()
  }
}

const options = () => ({
  clock: testClock(),
  ring: aRing(),
  initialSettings: { enforcement: 'recording' } as const,
})

for (const pooling of ['transaction', 'statement'] as const) {
  on(
    promise(`a store behind a pool of ${pooling}s is refused by name, whatever opens it`),
    async () => {
      await using pooler = await startPgBouncer(url, pooling)
      const failure = { ok: false, failure: { kind: 'store-pooled', pooling } }
      const settings = settingsOf(pooler.url)
      expect(await openStore(settings, options())).toEqual(failure)
      expect(await readStore(settings, testClock())).toEqual(failure)
      expect(await lockStore(settings, 'shared')).toEqual(failure)
      expect(await lockStore(settings, 'exclusive')).toEqual(failure)
      const { sentence, nextStep } = explainStore({ kind: 'store-pooled', pooling })
      expect(sentence).toContain(`pool_mode = ${pooling}`)
      expect(nextStep).toContain('pool_mode=session')
      // Refused before anything was set or made there.
      const tables = `select count(*)::int as n from information_schema.tables where table_name = 'store_meta'`
      expect(await sql(url, tables)).toEqual([{ n: 0 }])
      const locks = `select count(*)::int as n from pg_locks where locktype = 'advisory'`
      expect(await sql(url, locks)).toEqual([{ n: 0 }])
    },
  )
}

on(
  promise(
    'a store behind a pool of sessions is opened, in its own schema, without a setting of the pooler',
  ),
  async () => {
    await using pooler = await startPgBouncer(url, 'session')
    await sql(url, 'create schema behind_sessions')
    const settings = settingsOf(pooler.url, 'behind_sessions')
    const opened = await openStore(settings, options())
    if (!opened.ok) throw new Error(opened.failure.kind)
    await opened.value.close()
    const tables = `select table_schema from information_schema.tables where table_name = 'store_meta'`
    expect(await sql(url, tables)).toEqual([{ table_schema: 'behind_sessions' }])
    const held = await lockStore(settings, 'shared')
    expect((await lockStore(settings, 'exclusive')).ok).toBe(false)
    if (held.ok) await held.value.release()
    await expect
      .poll(async () => {
        const next = await lockStore(settings, 'exclusive')
        if (next.ok) await next.value.release()
        return next.ok
      })
      .toBe(true)
  },
)

on(promise('a direct connection is no pool, beside others that come and go'), async () => {
  const found = await Promise.all(
    Array.from({ length: 5 }, () => findPooling(connectionOptions(settingsOf(url)))),
  )
  expect(found).toEqual([undefined, undefined, undefined, undefined, undefined])
})

on(promise('a pool of transactions is found among the traffic of others'), async () => {
  await using pooler = await startPgBouncer(url, 'transaction')
  const found = await Promise.all(
    Array.from({ length: 5 }, () => findPooling(connectionOptions(settingsOf(pooler.url)))),
  )
  expect(found).toEqual(Array.from({ length: 5 }, () => 'transaction'))
})

on(
  promise('a pool of transactions is found although others leave it no idle session'),
  async () => {
    await using pooler = await startPgBouncer(url, 'transaction', 3)
    const found: unknown[] = []
    const others = Array.from({ length: 4 }, async () => {
      const client = new Client({ connectionString: pooler.url })
      await client.connect()
      while (found.length < 40) await client.query('select pg_sleep(0.002)')
      await client.end()
    })
    while (found.length < 40)
      found.push(await findPooling(connectionOptions(settingsOf(pooler.url))))
    await Promise.all(others)
    expect(new Set(found)).toEqual(new Set(['transaction']))
  },
)

on(
  promise(
    'without the refusal a lock that is taken through a pool of transactions outlives its program',
  ),
  async () => {
    await using pooler = await startPgBouncer(url, 'transaction')
    await sql(pooler.url, 'select pg_try_advisory_lock(7)')
    const locks = `select count(*)::int as n from pg_locks where locktype = 'advisory' and objid = 7`
    expect(await sql(url, locks)).toEqual([{ n: 1 }])
  },
)

on(
  promise(
    'without the change PgBouncer refuses a connection that brings its timeout or its schema along',
  ),
  async () => {
    await using pooler = await startPgBouncer(url, 'session')
    for (const parameters of [{ statement_timeout: 60_000 }, { options: '-c search_path=a' }]) {
      const client = new Client({ connectionString: pooler.url, ...parameters })
      client.on('error', () => {})
      await expect(client.connect()).rejects.toThrow(/unsupported startup parameter/u)
      await client.end().catch(() => {})
    }
  },
)
