/**
 * A store's file and its log that do not belong together, a file that was swapped under a program that has it open, and a
 * damaged one: each is refused in words, and no deny entry that was acknowledged is missing from what is served. The
 * control asks SQLite alone, which mixes what lies there.
 */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { explainStore } from '../../../src/store/explain.ts'
import { openSqlite } from '../../../src/store/engine/sqlite.ts'
import { openStore, readStore, type Store } from '../../../src/store/store.ts'
import { aRing, testClock } from '../../support/store/backends.ts'
import { ADMIN, unwrap, unwrapFailure } from '../../support/store/sightings.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-swapped-'))
  path = join(folder, 'store.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const OPENING = { clock: testClock(), ring: aRing(1), initialSettings: undefined } as const
const keyOf = (digit: string) => digit.repeat(64) as KeyFingerprint

type Opened = Store & AsyncDisposable

async function opened(at = path, initialSettings?: { enforcement: 'recording' }): Promise<Opened> {
  const store = unwrap(
    await openStore({ kind: 'sqlite', path: at }, { ...OPENING, initialSettings }),
  )
  return { ...store, [Symbol.asyncDispose]: () => store.close() }
}

const made = (at = path) => opened(at, { enforcement: 'recording' })
const failureOf = async (at = path) =>
  unwrapFailure(await openStore({ kind: 'sqlite', path: at }, OPENING))
const deny = async (store: Store, digit: string) =>
  store.denials.add(ADMIN, { kind: 'key', key: keyOf(digit) }, 'stolen')

async function denied(store: Store): Promise<readonly string[]> {
  const entries = unwrap(await store.denials.list())
  return entries.map(({ denied: one }) => (one.kind === 'key' ? (one.key[0] ?? '') : one.serial))
}

/** What a kill would leave: the file and its log as they are while the store is open. */
function left(name: string): string {
  const at = join(folder, name)
  copyFileSync(path, at)
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${at}-wal`)
  return at
}

/** Writes the log back to the file, as every now and then the program does. */
function writeBack(at = path): void {
  const other = new DatabaseSync(at)
  other.exec('pragma wal_checkpoint(truncate)')
  other.close()
}

/** What SQLite makes of it, without our looking first. */
function bySqliteAlone(at: string): string {
  const copy = `${at}.control`
  copyFileSync(at, copy)
  for (const suffix of ['-wal', '-journal'])
    if (existsSync(at + suffix)) copyFileSync(at + suffix, copy + suffix)
  const database = new DatabaseSync(copy)
  try {
    const rows = database.prepare('select value from deny_entries order by value').all()
    return rows.map(({ value }) => String(value)[0]).join('')
  } catch (error) {
    return error instanceof Error ? error.message : 'an error'
  } finally {
    database.close()
  }
}

describe('a log beside the file', () => {
  test('of a program that was killed is played back, whatever lies behind its last change', async () => {
    await using store = await made()
    for (const digit of ['1', '2', '3']) unwrap(await deny(store, digit))
    const killed = left('killed.db')
    const log = openSync(`${killed}-wal`, 'a')
    writeSync(log, Buffer.alloc(5000, 7))
    closeSync(log)
    await using again = await opened(killed)
    expect(await denied(again)).toEqual(['1', '2', '3'])
  })

  test('that was written back while the program ran is played back again', async () => {
    await using store = await made()
    unwrap(await deny(store, '1'))
    writeBack()
    for (const digit of ['2', '3']) unwrap(await deny(store, digit))
    const other = new DatabaseSync(path)
    other.exec('pragma wal_checkpoint(passive)')
    const killed = left('killed.db')
    other.close()
    await using again = await opened(killed)
    expect(await denied(again)).toEqual(['1', '2', '3'])
  })

  test('of changes by another program is played back, too', async () => {
    await using store = await made()
    unwrap(await deny(store, '1'))
    writeBack()
    const other = new DatabaseSync(path)
    other.exec('create table theirs (a); drop table theirs')
    unwrap(await deny(store, '2'))
    const killed = left('killed.db')
    other.close()
    await using again = await opened(killed)
    expect(await denied(again)).toEqual(['1', '2'])
  })

  test('of changes by another program alone is played back, while the store is served and after a kill', async () => {
    await using store = await made()
    for (const digit of ['1', '2']) unwrap(await deny(store, digit))
    const other = new DatabaseSync(path)
    other.exec('pragma wal_checkpoint(truncate)')
    other.exec("update deny_entries set note = 'theirs'")
    const killed = left('killed.db')
    expect(await denied(store)).toEqual(['1', '2'])
    unwrap(await deny(store, '3'))
    other.close()
    await using again = await opened(killed)
    expect(unwrap(await again.denials.list()).map(({ note }) => note)).toEqual(['theirs', 'theirs'])
  })

  interface Swap {
    readonly what: string
    /** What SQLite alone reads of the deny list of 1, 2 and 3. */
    readonly control: string | RegExp
    readonly put: (store: Store, at: string) => Promise<void>
  }
  const SWAPS: readonly Swap[] = [
    {
      what: 'an older copy of the file',
      control: '1',
      async put(store, at) {
        copyFileSync(join(folder, 'older.db'), at)
        expect(await denied(store)).toEqual(['1', '2', '3'])
      },
    },
    {
      what: 'a newer copy of the file',
      control: '123',
      async put(_, at) {
        writeBack()
        copyFileSync(path, at)
        const later = new DatabaseSync(at)
        later.exec(
          'delete from deny_entries; pragma user_version = 77; pragma wal_checkpoint(truncate)',
        )
        later.close()
        copyFileSync(join(folder, 'log'), `${at}-wal`)
      },
    },
    {
      what: 'a backup',
      control: /^(?:123|.*malformed.*)$/u,
      async put(store, at) {
        rmSync(at)
        unwrap(await store.transfer.backup(ADMIN, at))
      },
    },
    {
      what: 'another store',
      control: /./u,
      async put(_, at) {
        rmSync(at)
        const other = await made(join(folder, 'other.db'))
        unwrap(await deny(other, '9'))
        await other.close()
        copyFileSync(join(folder, 'other.db'), at)
      },
    },
  ]
  test.each(SWAPS)('is not played into $what that was put there', async ({ put, control }) => {
    await using store = await made()
    unwrap(await deny(store, '1'))
    writeBack()
    copyFileSync(path, join(folder, 'older.db'))
    unwrap(await deny(store, '2'))
    writeBack()
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    unwrap(await deny(store, '3'))
    const at = left('swapped.db')
    copyFileSync(`${at}-wal`, join(folder, 'log'))
    await put(store, at)
    expect(bySqliteAlone(at)).toMatch(control)
    const before = readFileSync(at)
    for (const why of [
      await failureOf(at),
      unwrapFailure(await readStore({ kind: 'sqlite', path: at }, testClock())),
    ]) {
      expect(why.kind).toBe('journal-foreign')
      expect(explainStore(why).nextStep).toContain('tfe restore')
    }
    expect(readFileSync(at).equals(before)).toBe(true)
    expect(existsSync(`${at}-wal`)).toBe(true)
  })

  test('without its file is not taken away by a store that is made there', async () => {
    const store = await made()
    unwrap(await deny(store, '1'))
    const at = left('gone.db')
    await store.close()
    rmSync(at)
    const why = unwrapFailure(
      await openStore(
        { kind: 'sqlite', path: at },
        { ...OPENING, initialSettings: { enforcement: 'recording' } },
      ),
    )
    expect(why.kind).toBe('journal-foreign')
    expect(existsSync(`${at}-wal`)).toBe(true)
  })
})

describe('a rollback journal beside the file', () => {
  /** What another program leaves that is killed in the middle of a change: the changed file, and the journal that undoes it. */
  function halfChanged(from: string): string {
    const at = `${from}.half`
    const working = `${from}.working`
    copyFileSync(from, working)
    const other = new DatabaseSync(working)
    other.exec('pragma journal_mode = delete; pragma cache_size = 1; begin')
    other.exec('delete from deny_entries')
    other.exec("create table theirs (a); insert into theirs values (printf('%.*c', 90000, 'x'))")
    copyFileSync(working, at)
    copyFileSync(`${working}-journal`, `${at}-journal`)
    other.exec('rollback')
    other.close()
    return at
  }

  async function closed(...digits: readonly string[]): Promise<string> {
    await using store = await made()
    for (const digit of digits) unwrap(await deny(store, digit))
    writeBack()
    const at = join(folder, `${digits.join('')}.db`)
    copyFileSync(path, at)
    return at
  }

  test('of a change that was not finished is played back', async () => {
    await using again = await opened(halfChanged(await closed('1', '2')))
    expect(await denied(again)).toEqual(['1', '2'])
  })

  interface Beside {
    readonly what: string
    /** What SQLite alone reads there of the deny list. */
    readonly control: RegExp
    readonly put: () => Promise<string>
  }
  const BESIDE: readonly Beside[] = [
    {
      what: 'a later state of the store',
      control: /^(?:1|.*malformed.*)$/u,
      async put() {
        const old = halfChanged(await closed('1'))
        const at = await closed('2', '3')
        renameSync(`${old}-journal`, `${at}-journal`)
        return at
      },
    },
    {
      what: 'a backup of the store',
      control: /malformed|no such table|^1?$/u,
      async put() {
        const old = halfChanged(await closed('1'))
        const at = join(folder, 'backup.db')
        await using store = await opened()
        unwrap(await deny(store, '2'))
        unwrap(await store.transfer.backup(ADMIN, at))
        renameSync(`${old}-journal`, `${at}-journal`)
        return at
      },
    },
    {
      what: 'a store, of a file that was empty before,',
      control: /no such table/u,
      async put() {
        const at = await closed('1')
        const journal = Buffer.alloc(512)
        journal.set(Buffer.from('d9d505f920a163d700000000000000000000000000000200', 'hex'))
        journal.writeUInt32BE(4096, 24)
        writeFileSync(`${at}-journal`, journal)
        return at
      },
    },
  ]
  test.each(BESIDE)('is not played into $what', async ({ put, control }) => {
    const at = await put()
    expect(bySqliteAlone(at)).toMatch(control)
    const before = readFileSync(at)
    for (const why of [
      await failureOf(at),
      unwrapFailure(await readStore({ kind: 'sqlite', path: at }, testClock())),
    ])
      expect(why).toMatchObject({
        kind: 'journal-foreign',
        detail: `${at}-journal undoes a change of another file than ${at}`,
      })
    // What a reader that was killed left: the next one takes it away, and undoes nothing by that.
    writeFileSync(`${at}-wal`, '')
    unwrapFailure(await readStore({ kind: 'sqlite', path: at }, testClock()))
    expect(readFileSync(at).equals(before)).toBe(true)
    expect(existsSync(`${at}-journal`)).toBe(true)
  })

  test('of a change that was not finished keeps the file from being read: half of it is no store', async () => {
    const at = halfChanged(await closed('1', '2'))
    const before = readFileSync(at)
    const settings = { kind: 'sqlite', path: at } as const
    expect(unwrapFailure(await readStore(settings, testClock()))).toMatchObject({
      kind: 'store-unavailable',
      detail: expect.stringContaining('that another program did not finish'),
    })
    expect(readFileSync(at).equals(before)).toBe(true)
    await using again = await opened(at)
    expect(await denied(again)).toEqual(['1', '2'])
  })

  test('that is empty, or that SQLite would not play back, is no fault', async () => {
    const at = await closed('1')
    for (const octets of ['', 'a letter, and not a journal']) {
      writeFileSync(`${at}-journal`, octets)
      await using store = await opened(at)
      expect(await denied(store)).toEqual(['1'])
    }
  })
})

describe('a file that is open', () => {
  interface Taken {
    readonly what: string
    readonly says: RegExp
    readonly take: () => void
    /** Undoes it, where that can be undone. */
    readonly undo?: () => void
  }
  const OVERWRITTEN = /was written over while it was open/u
  const TAKEN: readonly Taken[] = [
    {
      what: 'is replaced by a copy of its own',
      says: /is another file now/u,
      take: () => {
        copyFileSync(path, join(folder, 'copy.db'))
        renameSync(path, join(folder, 'kept.db'))
        renameSync(join(folder, 'copy.db'), path)
      },
      undo: () => renameSync(join(folder, 'kept.db'), path),
    },
    {
      what: 'is moved away',
      says: /there is no file/u,
      take: () => renameSync(path, join(folder, 'kept.db')),
      undo: () => renameSync(join(folder, 'kept.db'), path),
    },
    { what: 'is removed', says: /there is no file/u, take: () => rmSync(path) },
    {
      what: 'is written over by an older copy',
      says: OVERWRITTEN,
      take: () => copyFileSync(join(folder, 'older.db'), path),
    },
    {
      what: 'is written over by something else',
      says: OVERWRITTEN,
      take: () => writeFileSync(path, 'a letter, and not a database. '.repeat(400)),
    },
    {
      what: 'is cut',
      says: /was cut to 8192 octets/u,
      take: () => truncateSync(path, 8192),
    },
    {
      what: 'loses its journal',
      says: /the journal .*store\.db-wal was taken away while it was in use/u,
      take: () => renameSync(`${path}-wal`, join(folder, 'kept-wal')),
      undo: () => renameSync(join(folder, 'kept-wal'), `${path}-wal`),
    },
    {
      what: 'loses its folder',
      says: /there is no file/u,
      take: () => renameSync(folder, `${folder}-moved`),
      undo: () => renameSync(`${folder}-moved`, folder),
    },
  ]
  test.each(TAKEN)(
    'and $what takes no change, and says nothing of what is there',
    async ({ take, undo, says }) => {
      const store = await made()
      unwrap(await deny(store, '1'))
      writeBack()
      copyFileSync(path, join(folder, 'older.db'))
      unwrap(await deny(store, '2'))
      writeBack()
      unwrap(await deny(store, '3'))
      take()
      for (const failed of [
        await deny(store, '4'),
        await store.denials.list(),
        await store.transfer.export(ADMIN, () => Promise.resolve()),
        await store.transfer.backup(ADMIN, join(folder, 'backup.db')),
      ]) {
        const why = unwrapFailure(failed)
        expect(why.kind).toBe('store-replaced')
        expect(explainStore(why).sentence).toMatch(says)
      }
      undo?.()
      if (undo !== undefined) {
        unwrap(await deny(store, '5'))
        expect(await denied(store)).toEqual(['1', '2', '3', '5'])
      }
      await store.close()
    },
  )

  test('and was written over is left as what it was written over with, and the log is kept beside it', async () => {
    const store = await made()
    unwrap(await deny(store, '1'))
    writeBack()
    copyFileSync(path, join(folder, 'older.db'))
    unwrap(await deny(store, '2'))
    writeBack()
    unwrap(await deny(store, '3'))
    const log = readFileSync(`${path}-wal`)
    copyFileSync(join(folder, 'older.db'), path)
    await store.close()
    expect(readFileSync(path).equals(readFileSync(join(folder, 'older.db')))).toBe(true)
    const [apart = ''] = readdirSync(folder).filter((name) => name.includes('-wal.of-replaced-'))
    expect(readFileSync(join(folder, apart)).equals(log)).toBe(true)
    await using again = await opened()
    expect(await denied(again)).toEqual(['1'])
  })

  test('and was made shorter by another program is served on', async () => {
    await using store = await made()
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 'x'.repeat(50_000) }, 0))
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 'y' }, 1))
    unwrap(await deny(store, '1'))
    const other = new DatabaseSync(path)
    other.exec('vacuum; pragma wal_checkpoint(truncate)')
    other.close()
    unwrap(await deny(store, '2'))
    expect(await denied(store)).toEqual(['1', '2'])
  })

  test('is found to have lost its journal where its path is a symbolic link, too', async () => {
    await (await made(join(folder, 'behind.db'))).close()
    symlinkSync(join(folder, 'behind.db'), path)
    await using store = await opened()
    unwrap(await deny(store, '1'))
    rmSync(join(folder, 'behind.db-wal'))
    expect(unwrapFailure(await deny(store, '2')).kind).toBe('store-replaced')
  })

  test('is its owner alone, and one descriptor of it serves every connection', async () => {
    await using one = await made()
    await using other = await opened()
    // Closing a descriptor would take the locks of the one that stays.
    await other.close()
    const outside = new DatabaseSync(path, { timeout: 0 })
    unwrap(await deny(one, '1'))
    expect(await denied(one)).toEqual(['1'])
    outside.close()
  })
})

test('a reader on a second connection ends in peace although the first one is closed meanwhile', async () => {
  await (await made()).close()
  const engine = openSqlite({ kind: 'sqlite', path })
  const read = Promise.withResolvers<unknown>()
  const reading = engine
    .consistentRead(async (db) => {
      await sql`select 1`.execute(db)
      await engine.close()
      const rows = await db.selectFrom('store_meta').select('id').execute()
      read.resolve(rows)
    })
    .catch((error: unknown) => read.reject(error))
  expect(await read.promise).toEqual([{ id: 1 }])
  await reading
})

describe('a damaged file', () => {
  /** Where the rows or an index of a table begin. */
  function pageOf(name: string): number {
    const database = new DatabaseSync(path)
    const row = database.prepare('select rootpage from sqlite_master where name = ?').get(name)
    database.close()
    return (Number(row?.['rootpage']) - 1) * 4096
  }

  function overwrite(at: number, octets: Buffer): void {
    const file = openSync(path, 'r+')
    writeSync(file, octets, 0, octets.length, at)
    closeSync(file)
  }

  test.each([
    ['whose deny list is no page of a table any more', 'deny_entries', Buffer.alloc(4096)],
    [
      'whose index of the deny list is gone',
      'sqlite_autoindex_deny_entries_1',
      Buffer.from([10, 0, 0, 0, 0, 16, 0]),
    ],
    ['whose devices are no page of a table any more', 'devices', Buffer.alloc(4096, 255)],
  ])('%s is refused before anything is judged by it', async (_, name, octets) => {
    const store = await made()
    unwrap(await deny(store, '1'))
    await store.close()
    overwrite(pageOf(name), octets)
    const why = await failureOf()
    expect(why.kind).toBe('store-corrupt')
    const { sentence, nextStep } = explainStore(why)
    expect(sentence).toContain(path)
    expect(nextStep).toContain('`tfe restore FILE`')
  })

  test('is refused with the copies that upgrades left beside it', async () => {
    await (await made()).close()
    const copy = `${path}.before-schema-2-20261122T000000Z`
    copyFileSync(path, copy)
    overwrite(pageOf('deny_entries'), Buffer.alloc(4096))
    expect(await failureOf()).toMatchObject({ kind: 'store-corrupt', copies: [copy] })
  })
})
