/**
 * SQLite in trouble: each kind is a value, nothing is half written, and the store works again afterwards.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Millis } from '../../../src/kernel/types.ts'
import { openStore, type StoreSettings } from '../../../src/store/store.ts'
import {
  aRing,
  opened,
  sqliteBackend,
  testClock,
  type Place,
} from '../../support/store/backends.ts'
import { ADMIN, unwrapFailure, unwrap } from '../../support/store/sightings.ts'

const OPENING = {
  clock: testClock(),
  ring: aRing(1),
  initialSettings: { enforcement: 'recording' },
} as const
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-trouble-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const placeOf = (settings: StoreSettings): Place => ({
  settings,
  damage: () => Promise.resolve(),
  copies: () => Promise.resolve([]),
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

test('a store without room says so, and keeps what it had', async () => {
  const path = join(folder, 'store.db')
  await using store = await opened(placeOf({ kind: 'sqlite', path, maxBytes: 512 * 1024 }))
  const body = 'x'.repeat(20_000)
  let written = 0
  let why
  for (; why === undefined && written < 100; written += 1) {
    const done = await store.documents.put(ADMIN, { name: `d${written}`, body }, 0)
    if (!done.ok) why = done.failure
  }
  expect(why?.kind).toBe('store-full')
  const documents = unwrap(await store.documents.list())
  expect(documents).toHaveLength(written - 1)
  expect(unwrap(await store.audit.list({ limit: 1000 })).items).toHaveLength(written - 1)
  // What fits is still taken.
  unwrap(await store.documents.remove(ADMIN, 'd0', 'any'))
  unwrap(await store.documents.put(ADMIN, { name: 'small', body: 1 }, 0))
})

test('a store that another process holds is waited for, and then given up as locked', async () => {
  const path = join(folder, 'store.db')
  await using store = await opened(placeOf({ kind: 'sqlite', path, busyTimeout: 50 as Millis }))
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  expect(unwrapFailure(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0)).kind).toBe(
    'store-locked',
  )
  // Readers are not held up in WAL mode.
  expect(unwrap(await store.documents.list())).toEqual([])
  other.exec('rollback')
  other.close()
  unwrap(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
})

test('a file that is no database is left as it is', async () => {
  const path = join(folder, 'store.db')
  const text =
    'this is a letter, and not a database; it is longer than a header of SQLite is. '.repeat(20)
  writeFileSync(path, text)
  expect(unwrapFailure(await openStore({ kind: 'sqlite', path }, OPENING)).kind).toBe('not-a-store')
  expect(statSync(path).size).toBe(text.length)
})

test('a damaged file is named as damaged', async () => {
  const path = join(folder, 'store.db')
  const first = await opened(placeOf({ kind: 'sqlite', path }))
  for (let turn = 0; turn < 50; turn += 1) {
    unwrap(await first.documents.put(ADMIN, { name: `d${turn}`, body: 'x'.repeat(5000) }, 0))
  }
  await first.close()
  truncateSync(path, 60_000)
  const again = await openStore({ kind: 'sqlite', path }, OPENING)
  const why = again.ok ? unwrapFailure(await again.value.documents.list()) : again.failure
  if (again.ok) await again.value.close()
  expect(why.kind).toBe('store-corrupt')
})

test('a folder that is not there is named', async () => {
  const path = join(folder, 'missing', 'store.db')
  const why = unwrapFailure(await openStore({ kind: 'sqlite', path }, OPENING))
  expect(why).toMatchObject({ kind: 'store-unavailable' })
})

// Root may write whatever the mode says.
test.skipIf(process.getuid?.() === 0)('a store that may not be written says so', async () => {
  const path = join(folder, 'store.db')
  await (await opened(placeOf({ kind: 'sqlite', path }))).close()
  chmodSync(path, 0o400)
  const store = await openStore({ kind: 'sqlite', path }, OPENING)
  const why = store.ok
    ? unwrapFailure(await store.value.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    : store.failure
  if (store.ok) await store.value.close()
  expect(why.kind).toBe('store-read-only')
})

test('a database without a server is unavailable', async () => {
  const settings = { kind: 'postgres', url: `postgres://tfe@localhost/x?host=${folder}` } as const
  expect(unwrapFailure(await openStore(settings, OPENING)).kind).toBe('store-unavailable')
})

test('a backup of a running store is a whole store, and goes on beside changes', async () => {
  await using place = await sqliteBackend.place()
  await using store = await opened(place)
  unwrap(await store.documents.put(ADMIN, { name: 'before', body: 1 }, 0))
  const copy = join(folder, 'copy.db')
  const [backedUp, changed] = await Promise.all([
    store.transfer.backup(ADMIN, copy),
    store.documents.put(ADMIN, { name: 'meanwhile', body: 1 }, 0),
  ])
  unwrap(backedUp)
  unwrap(changed)
  await using restored = await opened(placeOf({ kind: 'sqlite', path: copy }), {
    initialSettings: undefined,
  })
  expect(restored.id).toBe(store.id)
  expect(unwrap(await restored.documents.find('before'))?.version).toBe(1)
})

test('who copied the store, when and how many octets stands in its audit trail', async () => {
  await using place = await sqliteBackend.place()
  await using store = await opened(place)
  const copy = join(folder, 'audited.db')
  unwrap(await store.transfer.backup(ADMIN, copy))
  const { items } = unwrap(await store.audit.list({ limit: 9 }))
  expect(items).toMatchObject([
    { who: ADMIN.who, action: 'store.backup', after: { octets: statSync(copy).size } },
  ])
})

test('a copy or an export that cannot be audited fails', async () => {
  await using place = await sqliteBackend.place()
  const settings = { ...place.settings, patience: 50 as never }
  await using store = await opened(placeOf(settings))
  const other = new DatabaseSync(settings.kind === 'sqlite' ? settings.path : '')
  // Reading goes on, writing does not.
  other.exec('begin immediate')
  const copy = join(folder, 'unwritten.db')
  expect(unwrapFailure(await store.transfer.backup(ADMIN, copy)).kind).toBe('store-locked')
  expect(existsSync(copy)).toBe(false)
  const lines: string[] = []
  const done = await store.transfer.export(ADMIN, async (line) => void lines.push(line))
  expect(unwrapFailure(done).kind).toBe('store-locked')
  expect(lines).toEqual([])
  other.close()
})

test('a backup never writes over a file', async () => {
  await using place = await sqliteBackend.place()
  await using store = await opened(place)
  const copy = join(folder, 'copy.db')
  writeFileSync(copy, 'precious')
  expect(unwrapFailure(await store.transfer.backup(ADMIN, copy)).kind).toBe('backup-refused')
  expect(statSync(copy).size).toBe('precious'.length)
  const nowhere = join(folder, 'missing', 'copy.db')
  expect(unwrapFailure(await store.transfer.backup(ADMIN, nowhere)).kind).toMatch(
    /store-unavailable|backup-refused/,
  )
  expect(existsSync(nowhere)).toBe(false)
})

test('a store that was copied while no process wrote opens as itself', async () => {
  await using place = await sqliteBackend.place()
  const first = await opened(place)
  unwrap(await first.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
  await first.close()
  if (place.settings.kind !== 'sqlite') throw new Error('not SQLite')
  const copy = join(folder, 'copy.db')
  copyFileSync(place.settings.path, copy)
  await using second = await opened(placeOf({ kind: 'sqlite', path: copy }), {
    initialSettings: undefined,
  })
  expect(unwrap(await second.documents.find('a'))?.body).toBe(1)
})
