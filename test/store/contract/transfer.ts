import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { explainStore } from '../../../src/store/explain.ts'
import { EXPORTED } from '../../../src/store/schema/exported-tables.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  keysOf,
  unwrapFailure,
  unwrap,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const AGENT_SETTINGS = { saveAuthentication: false, saveDecryption: true }

/** A store with something of each kind. */
export async function fill(store: Store): Promise<void> {
  await makeCurrent(store, 'first')
  await makeCurrent(store, 'second')
  unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-9', name: 'Nine' }]))
  unwrap(
    await store.sightings.record([
      aSighting(aCertificate('a', { signedIds: ['udid-1'] }), { reportedId: 'x' }),
      aSighting(aCertificate('b', { setting: 'second' }), { approvesItself: true }),
      aSighting(undefined, { listener: 'sync' }),
    ]),
  )
  unwrap(await store.denials.add(ADMIN, { kind: 'key', key: aKey('stolen') }, 'note'))
  unwrap(await store.enforcement.require(ADMIN, AGENT_SETTINGS, 'any'))
  unwrap(await store.oauth.set(ADMIN, { mutual: 'enabled', legacy: 'disabled' }, 'any'))
  unwrap(await store.ports.open(ADMIN, 'sync', 'any'))
  unwrap(await store.queries.save(ADMIN, { name: 'q', origin: 'operator', query: {} }))
  const admin = {
    name: 'alice',
    role: 'administrator',
    passwordHash: 'h',
    certificateKey: undefined,
  } as const
  unwrap(await store.admins.create(ADMIN, admin))
  unwrap(await store.secrets.put(ADMIN, { name: 's', secret: Buffer.from('secret') }, 0))
  unwrap(await store.documents.put(ADMIN, { name: 'd', body: { a: 1 } }, 0))
}

export async function exported(store: Store): Promise<readonly string[]> {
  const lines: string[] = []
  unwrap(await store.transfer.export(ADMIN, async (line) => void lines.push(line)))
  return lines
}

export async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

/** The rows of an export, the audit row of the import apart. */
const rowsOf = (lines: readonly string[]): readonly string[] =>
  lines.slice(1, -1).filter((line) => !line.includes('store.import'))

/** A row in each table that is exported and that nothing above writes. */
const REST = [
  `update setting_revocation set failure = 'hard-fail' where setting = 'first'`,
  `insert into setting_lists values ('first', 0, 'url', 'http://lists.example/a.crl', null)`,
  `insert into kept_lists select 'first', 'http://lists.example/a.crl', 'd', der, 1 from setting_certificates limit 1`,
  `insert into setting_list_points values ('first', 'http://lists.example/b.crl', 1)`,
  `insert into unidentified values ('sync', 1, 1)`,
  `insert into would_refuse values (20000, 'devices', 'row', 'no-certificate', 3, 1, 1)`,
  `insert into uncertified_ids values ('said', 'devices', 'row', 'no-certificate', 0, 1, 1, 1)`,
  `insert into sync_port_callers values ('sync', '192.0.2.1', null, '192.0.2.1', 1, 1, 1, 1, 1)`,
  `insert into sensitive_results values (20000, 'devices', 'row', 'admit', 'verified', 1)`,
  `insert into history values (480000, 'requests', 'admit', 7)`,
  `insert into history values (480000, 'approval', 'approved', 0)`,
  `insert into silent_devices select id, 'the server itself', 'alice', 1 from devices limit 1`,
  `insert into tokens values ('t', 'h', 'alice', 'viewer', 'label', 1, 2, 0)`,
]

/** Export and import. */
export function transfer(backend: Backend): void {
  test('a stranger whose certificate claims to be from before 1970 is shown, and spoils no import', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const old = { sound: false, notBefore: -20 as Instant, notAfter: -10 as Instant }
    unwrap(await store.sightings.record([aSighting(aCertificate('a', old))]))
    const [{ device } = { device: '' }] = await keysOf(store, 'unapproved')
    expect(unwrap(await store.devices.find(device))?.certificates).toMatchObject([
      { notBefore: -20, notAfter: -10 },
    ])
    const lines = await exported(store)
    await using otherPlace = await backend.place()
    await using other = await opened(otherPlace)
    unwrap(await other.transfer.import(ADMIN, each(lines)))
  })

  test('who took the store away, when and how much of it stands in the audit trail before a line is out', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fill(store)
    const revision = unwrap(await store.feed.revision())
    const known = async () =>
      unwrap(await store.audit.list({ limit: 1, action: 'store.export' })).items
    const lines: string[] = []
    const first = Promise.withResolvers<Awaited<ReturnType<typeof known>>>()
    const done = await store.transfer.export(ADMIN, async (line) => {
      if (lines.push(line) === 1) first.resolve(await known())
    })
    const { rows } = unwrap(done)
    expect(rows).toBe(lines.length - 2)
    expect(await first.promise).toMatchObject([
      { who: ADMIN.who, from: ADMIN.from, after: { rows, revision } },
    ])
  })

  test('what went into a store stands in its audit trail, in the transaction that took it in', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fill(store)
    const lines = await exported(store)
    await using otherPlace = await backend.place()
    await using other = await opened(otherPlace, { initialSettings: { enforcement: 'recording' } })
    const audited = async () =>
      unwrap(await other.audit.list({ limit: 9, action: 'store.import' })).items
    unwrapFailure(await other.transfer.import(ADMIN, each(lines.slice(0, -1))))
    expect(await audited()).toEqual([])
    const { rows } = unwrap(await other.transfer.import(ADMIN, each(lines)))
    expect(await audited()).toMatchObject([{ who: ADMIN.who, after: { rows, from: store.id } }])
  })

  test('what was exported is there after the import, row by row', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fill(store)
    await place.damage(...REST)
    const lines = await exported(store)
    await using otherPlace = await backend.place()
    await using other = await opened(otherPlace, { initialSettings: { enforcement: 'recording' } })
    unwrap(await other.transfer.import(ADMIN, each(lines)))
    expect(rowsOf(await exported(other))).toEqual(rowsOf(lines))
    const tables = rowsOf(lines).map(
      (line) => (JSON.parse(line) as { readonly table: string }).table,
    )
    expect(new Set(tables)).toEqual(new Set(EXPORTED))
    expect(unwrap(await other.secrets.open('s'))?.secret.toString()).toBe('secret')
    expect(unwrap(await other.enforcement.current()).state).toBe('required')
    // The next audit row finds a number that no imported one has.
    unwrap(await other.documents.put(ADMIN, { name: 'e', body: 1 }, 0))
  })

  test('an import into a store that has something is refused', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fill(store)
    const lines = await exported(store)
    expect(unwrapFailure(await store.transfer.import(ADMIN, each(lines))).kind).toBe(
      'import-into-used',
    )
  })

  test.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    ['an export without its end', (lines) => lines.slice(0, -1), 'import-malformed'],
    ['an export with a row less', (lines) => lines.toSpliced(3, 1), 'import-malformed'],
    ['a line that is no JSON', (lines) => lines.toSpliced(1, 0, '{'), 'import-malformed'],
    ['another file', () => ['{"hello":1}'], 'import-malformed'],
    ['nothing', () => [], 'import-malformed'],
    [
      'a newer export',
      ([header = '', ...rest]) => [header.replace('"schema":3', '"schema":99'), ...rest],
      'import-other-schema',
    ],
    [
      'a table of a newer schema',
      ([header = '']) => [header, '{"table":"widgets","row":{}}'],
      'import-malformed',
    ],
    [
      'a column of a newer schema',
      ([header = '']) => [
        header,
        '{"table":"tallies","row":{"hour":1,"authentication":"failed","sightings":1,"mood":1}}',
      ],
      'import-malformed',
    ],
    [
      'a word of a newer schema',
      ([header = '']) => [
        header,
        '{"table":"tallies","row":{"hour":1,"authentication":"perhaps","sightings":1}}',
      ],
      'import-malformed',
    ],
    [
      'a row twice',
      ([header = '']) => [
        header,
        ...Array.from({ length: 2 }, () => '{"table":"signed_ids","row":{"id":"a","device":"b"}}'),
      ],
      'import-malformed',
    ],
  ])('%s is refused, and nothing of it stays', async (_what, change, kind) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fill(store)
    const lines = change(await exported(store))
    await using otherPlace = await backend.place()
    await using other = await opened(otherPlace)
    expect(unwrapFailure(await other.transfer.import(ADMIN, each(lines))).kind).toBe(kind)
    await using freshPlace = await backend.place()
    await using fresh = await opened(freshPlace)
    expect(rowsOf(await exported(other))).toEqual(rowsOf(await exported(fresh)))
  })

  test.runIf(backend.name === 'PostgreSQL')(
    'a store that is no file says which tools back it up',
    async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const refused = unwrapFailure(await store.transfer.backup(ADMIN, '/nowhere/copy'))
      expect(explainStore(refused).nextStep).toContain('pg_dump')
    },
  )
}
