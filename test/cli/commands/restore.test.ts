/**
 * `tfe restore`: what it says before it does anything, what it refuses, and that the old store or the new one is there
 * whole, whenever it ends.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import { lockStore } from '../../../src/store/engine/lock.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { configuredStore } from '../../../src/serve/store-sync/configured-store.ts'
import { planRestore, type StoreFile } from '../../../src/serve/store-sync/restore-store.ts'
import { StoreSession } from '../../../src/serve/store-sync/session.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { sighting, makeCurrent } from '../../support/admin/sightings.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { aRing, testClock } from '../../support/store/backends.ts'
import { unwrap } from '../../support/store/sightings.ts'

let folder: string
let config: string
let path: string
let backup: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-restore-'))
  writeFiles(folder)
  config = join(folder, 'tfe.yaml')
  path = join(folder, 'data/tfe.sqlite')
  backup = join(folder, 'backup.db')
  writeFileSync(
    config,
    productYaml({ upstreamPort: 1, yaml: { store: ' { sqlite: data/tfe.sqlite }' } }),
  )
  mkdirSync(join(folder, 'data'))
  await withStore((store) => change(store, '1'), { enforcement: 'recording' })
  await withStore(async (store) => {
    await makeCurrent(store)
    await store.sightings.record([sighting('a')])
    await store.admins.create(BY, {
      name: 'bob',
      role: 'administrator',
      passwordHash: 'x',
      certificateKey: undefined,
    })
    expect(await store.transfer.backup(BY, backup)).toEqual({ ok: true, value: undefined })
  })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const BY = { who: 'test', from: 'test' }
const change = (store: Store, digit: string) =>
  store.denials.add(BY, { kind: 'key', key: digit.repeat(64) as KeyFingerprint }, `note ${digit}`)

async function withStore<Value>(
  work: (store: Store) => Promise<Value>,
  initialSettings?: { enforcement: 'recording' },
): Promise<Value> {
  const opened = await openStore(
    { kind: 'sqlite', path },
    { clock: testClock(), ring: aRing(1), initialSettings },
  )
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  try {
    return await work(opened.value)
  } finally {
    await opened.value.close()
  }
}

const restore = (...options: readonly string[]): Promise<CommandOutput> =>
  tfe(['restore', backup, '--config', config, ...options])

const denied = (): Promise<number> =>
  withStore(async (store) => {
    const list = await store.denials.list()
    return list.ok ? list.value.length : -1
  })

test('a backup takes the place of the store, which is kept; who did it stands in its audit trail', async () => {
  await withStore((store) => change(store, '2'))
  expect(await denied()).toBe(2)
  const said = await restore('--confirm')
  expect(said).toMatchObject({ code: 0, err: '' })
  expect(said.out).toMatch(/entries of the deny list are lost \(1\)\n {4}key 2{64} \(note 2\)/u)
  const [kept = ''] = readdirSync(join(folder, 'data')).filter((name) =>
    /\.replaced-\d{8}T\d{6}Z$/u.test(name),
  )
  expect(said.out).toContain(kept)
  expect(await denied()).toBe(1)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const { items } = await withStore(async (store) => {
    const rows = await store.audit.list({ limit: 1 })
    return rows.ok ? rows.value : { items: [] }
  })
  expect(items).toMatchObject([
    {
      action: 'store.restore',
      after: {
        file: backup,
        lost: { 'deny-entries': 1 },
        replaced: { revision: expect.any(Number) },
      },
    },
  ])
  const old = new DatabaseSync(join(folder, 'data', kept))
  expect(old.prepare('select count(*) as count from deny_entries').get()).toEqual({ count: 2 })
  old.close()
})

test('a store that a symbolic link leads to is restored where it lies', async () => {
  mkdirSync(join(folder, 'volume'))
  const behind = join(folder, 'volume/tfe.sqlite')
  renameSync(path, behind)
  symlinkSync(behind, path)
  await withStore((store) => change(store, '2'))
  expect(await restore('--confirm')).toMatchObject({ code: 0, err: '' })
  expect(realpathSync(path)).toBe(realpathSync(behind))
  expect(await denied()).toBe(1)
  expect(readdirSync(join(folder, 'volume')).join()).toContain('tfe.sqlite.replaced-')
  // Its volume was lost with it.
  rmSync(behind)
  expect(await restore('--confirm')).toMatchObject({ code: 0, err: '' })
  expect(realpathSync(path)).toBe(realpathSync(behind))
  expect(await denied()).toBe(1)
})

test('--dry-run names what is lost, with exit code 1, and changes nothing', async () => {
  await withStore(async (store) => {
    await change(store, '2')
    const current = await store.enforcement.current()
    if (!current.ok) throw new Error(current.failure.kind)
    const retention = { saveAuthentication: true, saveDecryption: true }
    await store.enforcement.require(BY, retention, current.value.version)
    const carol = { name: 'carol', role: 'administrator', passwordHash: 'x' } as const
    await store.admins.create(BY, { ...carol, certificateKey: undefined })
    await store.admins.remove(BY, 'bob', 'any')
  })
  const before = readFileSync(path)
  const said = await restore('--dry-run', '--json')
  expect(said.code).toBe(1)
  expect(JSON.parse(said.out)).toMatchObject({
    outcome: 'would-lose',
    lost: [
      { kind: 'latch', count: 1 },
      { kind: 'deny-entries', count: 1, items: [`key ${'2'.repeat(64)} (note 2)`] },
      { kind: 'administrators', count: 1, items: ['bob: removed since'] },
    ],
  })
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(await tfe(['restore', backup, '--config', config, '--dry-run'])).toMatchObject({ code: 1 })
})

test('without a stricter decision since the backup --dry-run ends with 0', async () => {
  expect(await restore('--dry-run')).toMatchObject({
    code: 0,
    out: expect.stringContaining('no stricter decision is lost') as string,
  })
})

test('revisions only grow, and whatever was read before is read anew', async () => {
  const before = await withStore(async (store) => {
    for (let turn = 0; turn < 5; turn += 1) await change(store, `${turn + 2}`)
    return await store.feed.revision()
  })
  await restore('--confirm')
  await withStore(async (store) => {
    const after = await store.feed.revision()
    if (!before.ok || !after.ok) throw new Error('no revision')
    expect(after.value).toBeGreaterThan(before.value)
    expect(await store.feed.since(before.value - 2)).toMatchObject({
      value: { kind: 'everything' },
    })
  })
})

test('it asks first, and another answer than yes changes nothing', async () => {
  await withStore((store) => change(store, '2'))
  expect(await restore()).toMatchObject({ code: 2 })
  const said = await tfe(['restore', backup, '--config', config], {}, ['no'])
  expect(said).toMatchObject({ code: 1 })
  expect(said.err).toContain('nothing was changed')
  expect(await denied()).toBe(2)
})

test('while a program serves from the store it is refused', async () => {
  const lock = await lockStore({ kind: 'sqlite', path }, 'shared')
  if (!lock.ok) throw new Error('not locked')
  expect(await restore('--confirm')).toMatchObject({
    code: 1,
    err: expect.stringContaining('stop every `tfe serve`') as string,
  })
  await lock.value.release()
})

test('while a restore has the store, no program opens it, whatever name it has for it', async () => {
  const other = new DatabaseSync(path)
  // Whatever opens the file to write turns that back.
  other.exec('pragma journal_mode = delete')
  other.close()
  const before = readFileSync(path)
  symlinkSync(folder, join(folder, 'elsewhere'))
  const elsewhere = join(folder, 'elsewhere/data/tfe.sqlite')
  const lock = await lockStore({ kind: 'sqlite', path: elsewhere }, 'exclusive')
  if (!lock.ok) throw new Error('not locked')
  const loaded = await loadConfig(config, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const started = await StoreSession.open(
    loaded.value.config,
    openLogTo(new PassThrough(), { level: 'info' } as never),
  )
  expect(JSON.stringify(started)).toContain('has locked this store exclusively (`tfe restore`')
  const typed = ['admin', 'create', 'carol', '--role', 'viewer', '--config', config]
  const created = await tfe(typed, {}, undefined, 'a long password\n')
  expect(created.err).toContain('has locked this store exclusively')
  expect(readFileSync(path).equals(before)).toBe(true)
  await lock.value.release()
})

/** Something else than a backup, and what is said of it. */
const REFUSED: readonly (readonly [string, RegExp, () => void])[] = [
  ['a file that is not there', /found no file there, wanted a backup/u, () => rmSync(backup)],
  [
    'the store itself',
    /found the file of the store itself/u,
    () => {
      rmSync(backup)
      copyFileSync(path, `${path}.own`)
      renameSync(`${path}.own`, backup)
      rmSync(path)
      renameSync(backup, path)
      backup = path
    },
  ],
  [
    'a file that is no database',
    /no store of this program/u,
    () => writeFileSync(backup, 'a letter, and not a database. '.repeat(99)),
  ],
  [
    'a database of another program',
    /no store of this program/u,
    () => {
      rmSync(backup)
      const other = new DatabaseSync(backup)
      other.exec('create table theirs (a)')
      other.close()
    },
  ],
  [
    'a cut backup',
    /the backup is damaged/u,
    () => writeFileSync(backup, readFileSync(backup).subarray(0, 40_960)),
  ],
  [
    'a backup whose index lacks a row',
    /the backup is damaged: .*index/u,
    () => {
      const other = new DatabaseSync(backup)
      const row = other
        .prepare("select rootpage from sqlite_master where name = 'devices_approval'")
        .get()
      other.close()
      const octets = readFileSync(backup)
      octets.set([10, 0, 0, 0, 0, 16, 0], (Number(row?.['rootpage']) - 1) * 4096)
      writeFileSync(backup, octets)
    },
  ],
  [
    'a backup of a newer program',
    /schema 1003/u,
    () => {
      const other = new DatabaseSync(backup)
      other.exec('insert into schema_versions values (1003, 1)')
      other.close()
    },
  ],
  [
    'a backup beside the journal of another file',
    /do not belong together/u,
    () => {
      const other = new DatabaseSync(path)
      other.exec('create table more (a); insert into more values (1)')
      copyFileSync(`${path}-wal`, `${backup}-wal`)
      other.close()
    },
  ],
]
test.each(REFUSED)('%s is refused, and the store stays as it is', async (_, says, spoil) => {
  await withStore((store) => change(store, '2'))
  spoil()
  const before = readFileSync(path)
  const said = await restore('--confirm')
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(says)
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(
    readdirSync(join(folder, 'data')).filter((name) => /restoring|replaced/u.test(name)),
  ).toEqual([])
})

test('a damaged store is replaced, and it is said that nothing can be said of what is lost', async () => {
  writeFileSync(path, readFileSync(path).subarray(0, 20_000))
  const said = await restore('--confirm')
  expect(said).toMatchObject({ code: 0 })
  expect(said.out).toContain('cannot be read, so that it cannot be said which decisions are lost')
  expect(await denied()).toBe(1)
})

test('old journals that lie about are kept with the old file, and play no part in the new one', async () => {
  const open = await openStore(
    { kind: 'sqlite', path },
    { clock: testClock(), ring: aRing(1), initialSettings: undefined },
  )
  if (!open.ok) throw new Error(open.failure.kind)
  await change(open.value, '2')
  const journal = readFileSync(`${path}-wal`)
  await open.value.close()
  // As a hurried hand would have it: the backup over the store, the old journal beside it.
  copyFileSync(backup, path)
  writeFileSync(`${path}-wal`, journal)
  writeFileSync(`${path}-shm`, 'old')
  const refused = await tfe(
    ['admin', 'create', 'carol', '--role', 'viewer', '--config', config],
    {},
    undefined,
    'a long password\n',
  )
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.err).toContain('tfe restore')
  expect(await restore('--confirm')).toMatchObject({ code: 0 })
  expect(await denied()).toBe(1)
  const files = readdirSync(join(folder, 'data'))
  const kept = files.find((name) => name.endsWith('-wal') && name.includes('.replaced-')) ?? ''
  expect(readFileSync(join(folder, 'data', kept)).equals(journal)).toBe(true)
})

test('two restores within a second keep what each replaced', async () => {
  const loaded = unwrap(await loadConfig(config, {}))
  const store = unwrap(configuredStore(loaded.config)) as StoreFile
  const now = Date.now() as Instant
  const kept: (string | undefined)[] = []
  for (const digit of ['2', '3']) {
    await withStore((store) => change(store, digit))
    await using planned = unwrap(await planRestore(store, backup, now))
    kept.push(unwrap(await planned.carryOut(BY, now)).kept)
  }
  expect(kept[1]).toBe(`${kept[0]}-2`)
  expect(kept.map((one) => existsSync(one ?? ''))).toEqual([true, true])
})

test('where there is no store, none is asked about', async () => {
  rmSync(path)
  expect(await restore()).toMatchObject({ code: 0 })
  expect(await denied()).toBe(1)
  expect(existsSync(`${path}-wal`)).toBe(false)
})

describe('tfe backup --config', () => {
  const copy = (): string => join(folder, 'copy.db')
  const take = (): Promise<CommandOutput> =>
    tfe(['backup', copy(), '--config', config, '--json'], {
      TFE_DATABASE: 'postgres://tfe:secret@db.example.net/tfe',
    })

  test('copies what a killed program left, its journal included, and changes nothing', async () => {
    const open = unwrap(
      await openStore(
        { kind: 'sqlite', path },
        { clock: testClock(), ring: aRing(1), initialSettings: undefined },
      ),
    )
    await change(open, '2')
    const left = [path, `${path}-wal`].map((file) => readFileSync(file))
    await open.close()
    writeFileSync(path, left[0] ?? '')
    writeFileSync(`${path}-wal`, left[1] ?? '')
    const said = await take()
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(said.out)).toEqual({ file: copy(), octets: statSync(copy()).size })
    expect(statSync(copy()).mode & 0o777).toBe(0o600)
    expect([path, `${path}-wal`].map((file) => readFileSync(file))).toEqual(left)
    const taken = new DatabaseSync(copy())
    expect(taken.prepare('select count(*) as count from deny_entries').get()).toEqual({ count: 2 })
    taken.close()
  })

  /** What is no store to be backed up, and what is said of it. */
  const NO_BACKUP: readonly (readonly [string, RegExp, () => void])[] = [
    ['a store that is not there', /tfe init/u, () => rmSync(path)],
    ['a damaged store', /the store is damaged/u, () => truncateSync(path, 40_960)],
    ['a file that is there', /exists already/u, () => writeFileSync(copy(), 'mine')],
    [
      'a journal of another file',
      /do not belong together/u,
      () => {
        const other = new DatabaseSync(backup)
        other.exec('create table more (a); insert into more values (1)')
        copyFileSync(`${backup}-wal`, `${path}-wal`)
        other.close()
      },
    ],
    [
      'PostgreSQL',
      /pg_dump --format=custom .*postgres:\/\/tfe@db.example.net\/tfe/u,
      () =>
        writeFileSync(
          config,
          productYaml({
            upstreamPort: 1,
            yaml: { store: ' { postgres: env:TFE_DATABASE, keys: file:data/keys }' },
          }),
        ),
    ],
  ]
  test.each(NO_BACKUP)('refuses %s, and leaves no file behind', async (_, says, spoil) => {
    spoil()
    const before = readdirSync(folder)
    const said = await take()
    expect(said).toMatchObject({ code: 1 })
    expect(said.out + said.err).toMatch(says)
    expect(readdirSync(folder)).toEqual(before)
  })
})
