/** Who serves from a store, and who has it alone; on both backends. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
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

test('a database that cannot be reached is told as that, and not as having said so', async () => {
  const url = 'postgres://tfe@127.0.0.1:1/postgres'
  const lock = await lockStore({ kind: 'postgres', url }, 'exclusive')
  const said = lock.ok ? 'locked' : explainStoreLock(lock.failure)
  expect(said).toMatch(/the database could not be asked: .*ECONNREFUSED/u)
})

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
