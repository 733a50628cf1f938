/**
 * A PostgreSQL store is dumped and restored by the commands that are printed, with the real tools: the store of before
 * serves again, and what a start asks is there.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { postgresCommands } from '../../../src/store/engine/postgres-commands.ts'
import { hasCommand } from '../../support/commands.ts'
import { opened, postgresBackend } from '../../support/store/backends.ts'
import { onPostgres, startPostgres } from '../../support/store/postgres.ts'
import { ADMIN, unwrap } from '../../support/store/sightings.ts'

const postgres = await startPostgres()
const hasTools = hasCommand('pg_dump', ['--version']) && hasCommand('pg_restore', ['--version'])
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

test.skipIf(postgres.kind === 'missing' || !hasTools)(
  'the printed commands of pg_dump and pg_restore bring a dropped store back whole',
  async () => {
    if (postgres.kind === 'missing') return
    await using place = await postgresBackend(postgres.url).place()
    if (place.settings.kind !== 'postgres') throw new Error('not PostgreSQL')
    const { schema = 'public', url } = place.settings
    const folder = mkdtempSync(join(tmpdir(), 'tfe-pg-dump-'))
    const shell = (command: string) => execFileSync('sh', ['-c', command], { cwd: folder })
    const commands = postgresCommands(url, schema)
    const store = await opened(place)
    const denied = { kind: 'key', key: '1'.repeat(64) as KeyFingerprint } as const
    unwrap(await store.denials.add(ADMIN, denied, 'stolen'))
    const { id } = store
    const latch = unwrap(await store.enforcement.current())
    const retention = { saveAuthentication: true, saveDecryption: true }
    unwrap(await store.enforcement.require(ADMIN, retention, latch.version))
    await store.close()
    shell(commands.backup)
    await onPostgres(url, `drop schema ${schema} cascade`)
    shell(commands.restore)
    await using again = await opened(place, { initialSettings: undefined })
    expect(again.id).toBe(id)
    expect(unwrap(await again.denials.list())).toMatchObject([{ note: 'stolen' }])
    expect(unwrap(await again.enforcement.current()).state).toBe('required')
    // The latch is a trigger of the database: it came along.
    await expect(
      onPostgres(url, `update ${schema}.enforcement set state = 'recording'`),
    ).rejects.toThrow('latched')
    // Numbers that were given out are not given out again.
    unwrap(await again.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    // Over a store that has gone on: what came after the dump is gone.
    await again.close()
    shell(commands.restore)
    await using third = await opened(place, { initialSettings: undefined })
    expect(unwrap(await third.documents.list())).toEqual([])
    rmSync(folder, { recursive: true, force: true })
  },
)

test('the commands name the configured database and schema, and no password', () => {
  const url = 'postgres://tfe:secret@db.example.net:5433/fleet?sslmode=verify-full&ssl=true'
  const { backup, restore } = postgresCommands(url, "our'schema")
  expect(backup + restore).not.toContain('secret')
  expect(backup).toBe(
    `pg_dump --format=custom --no-owner --schema='our'\\''schema' --file=tfe.dump 'postgres://tfe@db.example.net:5433/fleet?sslmode=verify-full'`,
  )
  expect(restore).toContain(
    `--dbname='postgres://tfe@db.example.net:5433/fleet?sslmode=verify-full'`,
  )
})
