/** What reading and upgrading an SQLite store leave beside it, and who may read. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { SCHEMA_VERSION } from '../../../src/store/migrate/migrations.ts'
import { explainStore } from '../../../src/store/explain.ts'
import { openStore, readStore } from '../../../src/store/store.ts'
import { aRing, opened, sqliteBackend, testClock } from '../../support/store/backends.ts'
import { backToSchema } from '../../support/store/older-schema.ts'
import { unwrap, unwrapFailure } from '../../support/store/sightings.ts'
import { fill } from '../contract/transfer.ts'

const STORE_FILE = join(import.meta.dirname, '../../../src/store/store.ts')

/** No right of the file system stops the superuser: another account reads. */
function asReader(script: string) {
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const options = { ...account, encoding: 'utf8', cwd: '/' } as const
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], options)
}

test('a reader leaves the file and its folder as they were', async () => {
  await using place = await sqliteBackend.place()
  if (place.settings.kind !== 'sqlite') return
  const { path } = place.settings
  {
    await using store = await opened(place)
    await fill(store)
  }
  await backToSchema(place, 1)
  const [files, { mtimeMs, size }] = [readdirSync(dirname(path)), statSync(path)]
  const reader = unwrap(await readStore(place.settings, testClock()))
  unwrap(await reader.enrollment.list())
  await reader.close()
  expect(readdirSync(dirname(path))).toEqual(files)
  expect(statSync(path)).toMatchObject({ mtimeMs, size })
})

test('the companions of a store that a program serves from stay when a reader goes', async () => {
  await using place = await sqliteBackend.place()
  await using serving = await opened(place)
  await fill(serving)
  if (place.settings.kind !== 'sqlite') return
  const folder = dirname(place.settings.path)
  const files = readdirSync(folder)
  expect(files).toContain('store.db-wal')
  const reader = unwrap(await readStore(place.settings, testClock()))
  expect(unwrap(await reader.admins.list())).toHaveLength(1)
  await reader.close()
  expect(readdirSync(folder)).toEqual(files)
  expect(unwrap(await serving.admins.list())).toHaveLength(1)
})

test('an account that may read a store and not write beside it reads it', async () => {
  await using place = await sqliteBackend.place()
  if (place.settings.kind !== 'sqlite') return
  const { path } = place.settings
  {
    await using store = await opened(place)
    await fill(store)
  }
  await backToSchema(place, 1)
  chmodSync(path, 0o444)
  chmodSync(dirname(path), 0o555)
  const script = `
    const { readStore } = await import(${JSON.stringify(STORE_FILE)})
    const store = await readStore(${JSON.stringify(place.settings)}, { now: () => Date.now() })
    if (!store.ok) { console.log(JSON.stringify(store.failure)); process.exit(1) }
    const settings = await store.value.enrollment.list()
    const lists = await store.value.documents.put({ who: 'a', from: 'b' }, { name: 'n', body: {} }, 0)
    console.log(JSON.stringify([settings.value?.map(({ name }) => name), lists.failure?.kind]))
    await store.value.close()`
  const done = asReader(script)
  chmodSync(dirname(path), 0o755)
  expect(done.stdout.trim()).toBe('[["first","second"],"store-read-only"]')
})

test('an account that cannot make the companions of a store with a journal reads nothing, by a symbolic link either', async () => {
  await using place = await sqliteBackend.place()
  if (place.settings.kind !== 'sqlite') return
  const { path } = place.settings
  const crashed = join(dirname(path), 'crashed.db')
  const link = join(dirname(path), 'link.db')
  {
    await using store = await opened(place)
    await fill(store)
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, crashed + suffix)
  }
  expect(statSync(`${crashed}-wal`).size).toBeGreaterThan(0)
  symlinkSync(crashed, link)
  for (const at of [crashed, `${crashed}-wal`]) chmodSync(at, 0o444)
  chmodSync(dirname(path), 0o555)
  const script = `
    const { readStore } = await import(${JSON.stringify(STORE_FILE)})
    for (const path of ${JSON.stringify([crashed, link])}) {
      const store = await readStore({ kind: 'sqlite', path }, { now: () => Date.now() })
      console.log(store.ok ? 'read' : store.failure.kind)
      if (store.ok) await store.value.close()
    }`
  const done = asReader(script)
  chmodSync(dirname(path), 0o755)
  expect(done.stdout).toBe('store-unavailable\nstore-unavailable\n')
})

test('a store whose copy cannot be written is not upgraded, and the fault says where it was to be', async () => {
  await using place = await sqliteBackend.place()
  if (place.settings.kind !== 'sqlite') return
  const { path } = place.settings
  {
    await using store = await opened(place)
    await fill(store)
  }
  await backToSchema(place, 1)
  const clock = testClock()
  const copy = `${path}.before-schema-${SCHEMA_VERSION}-20261122T000000Z`
  mkdirSync(`${copy}/full`, { recursive: true })
  const why = unwrapFailure(
    await openStore(place.settings, { clock, ring: aRing(1), initialSettings: undefined }),
  )
  expect(why).toMatchObject({ kind: 'copy-failed', from: 1, copy })
  expect(explainStore(why).nextStep).toContain('in its folder')
  const reader = unwrap(await readStore(place.settings, clock))
  expect(reader.schemaFound).toBe(1)
  await reader.close()
})
