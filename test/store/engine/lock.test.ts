/** Who serves from a store, and who has it alone; on both backends. */
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { explainStoreLock, lockStore, type StoreLock } from '../../../src/store/engine/lock.ts'
import type { StoreSettings } from '../../../src/store/store.ts'
import { Program } from '../../support/programs/program.ts'
import { findPostgres } from '../../support/store/postgres.ts'
import { postgresBackend, sqliteBackend } from '../../support/store/backends.ts'

const postgres = await findPostgres()
if (postgres.kind === 'missing') console.warn(`skipped on PostgreSQL: ${postgres.why}`)
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})
const backends = [
  sqliteBackend,
  ...(postgres.kind === 'found' ? [postgresBackend(postgres.url)] : []),
]

async function held(settings: StoreSettings, kind: 'shared' | 'exclusive'): Promise<StoreLock> {
  const hold = await lockStore(settings, kind)
  if (!hold.ok) throw new Error(JSON.stringify(hold.failure))
  return hold.value
}

for (const backend of backends) {
  describe(backend.name, () => {
    test('any number share the lock, and none has it exclusively meanwhile', async () => {
      await using place = await backend.place()
      const one = await held(place.settings, 'shared')
      const two = await held(place.settings, 'shared')
      expect(await lockStore(place.settings, 'exclusive')).toEqual({
        ok: false,
        failure: { kind: 'locked-elsewhere', by: 'shared' },
      })
      await one.release()
      expect((await lockStore(place.settings, 'exclusive')).ok).toBe(false)
      await two.release()
      await (await held(place.settings, 'exclusive')).release()
    })

    test('while one has the lock exclusively, none shares it', async () => {
      await using place = await backend.place()
      const alone = await held(place.settings, 'exclusive')
      expect(await lockStore(place.settings, 'shared')).toEqual({
        ok: false,
        failure: { kind: 'locked-elsewhere', by: 'exclusive' },
      })
      await alone.release()
      await (await held(place.settings, 'shared')).release()
    })

    test('of two that want it alone, the second is told that the first has it so', async () => {
      await using place = await backend.place()
      const alone = await held(place.settings, 'exclusive')
      expect(await lockStore(place.settings, 'exclusive')).toEqual({
        ok: false,
        failure: { kind: 'locked-elsewhere', by: 'exclusive' },
      })
      await alone.release()
    })

    test('a killed process holds nothing', async () => {
      await using place = await backend.place()
      const script = `
        const { lockStore } = await import(${JSON.stringify(join(import.meta.dirname, '../../../src/store/engine/lock.ts'))})
        const hold = await lockStore(${JSON.stringify(place.settings)}, 'shared')
        console.log(hold.ok)
        setInterval(() => {}, 1000)`
      const holder = new Program(process.execPath, ['--input-type=module', '-e', script])
      await holder.until(/^true$/m)
      expect((await lockStore(place.settings, 'exclusive')).ok).toBe(false)
      await holder.end('SIGKILL')
      // A database notices a moment after the system does.
      await expect.poll(async () => (await lockStore(place.settings, 'exclusive')).ok).toBe(true)
    })
  })
}

describe('the file that is locked', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tfe-lock-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => ({ kind: 'sqlite', path: join(folder, name) }) as const

  test('is tried again, since an attempt that is refused holds it for a moment, too', async () => {
    const attempt = await held(at('store.db'), 'exclusive')
    const asking = [lockStore(at('store.db'), 'shared'), lockStore(at('store.db'), 'shared')]
    await attempt.release()
    expect((await Promise.all(asking)).map(({ ok }) => ok)).toEqual([true, true])
  })

  test('stays locked for other processes when this one asks for it again', async () => {
    const lock = await held(at('store.db'), 'exclusive')
    expect((await lockStore(at('store.db'), 'shared')).ok).toBe(false)
    const script = `
      const { lockStore } = await import(${JSON.stringify(join(import.meta.dirname, '../../../src/store/engine/lock.ts'))})
      console.log((await lockStore(${JSON.stringify(at('store.db'))}, 'shared')).ok)`
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', script])
    expect(other.stdout.toString()).toBe('false\n')
    await lock.release()
  })

  test('is the same one before there is a store where a symbolic link leads to', async () => {
    mkdirSync(join(folder, 'volume'))
    symlinkSync('volume/store.db', join(folder, 'link.db'))
    const lock = await held(at('link.db'), 'exclusive')
    expect((await lockStore(at('volume/store.db'), 'shared')).ok).toBe(false)
    await lock.release()
  })

  test.skipIf(process.getuid?.() !== 0)(
    'belongs to the account of the store where the superuser makes it',
    async () => {
      chownSync(folder, 65_534, 65_533)
      await (await held(at('store.db'), 'exclusive')).release()
      expect(statSync(join(folder, 'store.db.lock'))).toMatchObject({ uid: 65_534, gid: 65_533 })
    },
  )
})

test('a database that cannot be reached is told as that, and not as having said so', async () => {
  const url = 'postgres://tfe@127.0.0.1:1/postgres'
  const lock = await lockStore({ kind: 'postgres', url }, 'exclusive')
  const said = lock.ok ? 'locked' : explainStoreLock(lock.failure)
  expect(said).toMatch(/the database could not be asked: .*ECONNREFUSED/u)
})

test.skipIf(postgres.kind === 'missing')(
  'a lock of PostgreSQL whose connection breaks is taken again, also after another process had it in between',
  async () => {
    await using place = await postgresBackend(postgres.kind === 'found' ? postgres.url : '').place()
    if (place.settings.kind !== 'postgres') return
    const { url } = place.settings
    const [other, third] = [0, 1].map(() => new Client(url)) as [Client, Client]
    for (const client of [other, third]) await client.connect()
    const locks = async () =>
      (
        await third.query<{ pid: number; key: string; granted: boolean }>(
          `select pid, granted, format('%s, %s', classid::bigint::bit(32)::int, objid::bigint::bit(32)::int) as key
             from pg_locks where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())`,
        )
      ).rows
    // Another test may have left one that ends with its process.
    const known = (await locks()).map((one) => one.pid)
    const lock = await held(place.settings, 'shared')
    const found = (await locks()).filter((one) => !known.includes(one.pid))
    expect(found).toHaveLength(1)
    const [{ pid, key } = { pid: 0, key: '' }] = found
    const ours = async () => (await locks()).filter((one) => one.key === key)
    for (const client of [other, third]) await client.query('select pg_stat_force_next_flush()')
    const number = async (text: string): Promise<number> =>
      Number((await third.query<{ number: string }>(text)).rows[0]?.number)
    const waiting = other.query(`select pg_advisory_lock(${key})`)
    await expect.poll(async () => (await ours()).filter((one) => !one.granted)).toHaveLength(1)
    const sessions =
      'select sessions as number from pg_stat_database where datname = current_database()'
    const before = await number(sessions)
    await third.query('select pg_terminate_backend($1)', [pid])
    await waiting
    // The first attempt to take it again finds it locked; the session that ended just now may be counted only then.
    await expect.poll(() => number(sessions)).toBeGreaterThan(before + 1)
    await other.query(`select pg_advisory_unlock(${key})`)
    await expect.poll(ours).toHaveLength(1)
    expect((await lockStore(place.settings, 'exclusive')).ok).toBe(false)
    await lock.release()
    for (const client of [other, third]) await client.end()
  },
)

test.skipIf(postgres.kind === 'missing')(
  'a schema that is not there is told as that, and not as another process that has the lock',
  async () => {
    const url = postgres.kind === 'found' ? postgres.url : ''
    for (const mode of ['shared', 'exclusive'] as const) {
      const lock = await lockStore({ kind: 'postgres', url, schema: 'not_there' }, mode)
      expect(lock).toEqual({ ok: false, failure: { kind: 'schema-absent', schema: 'not_there' } })
      if (!lock.ok) expect(explainStoreLock(lock.failure)).toContain('no schema not_there')
    }
  },
)
