import { expect, test } from 'vitest'
import { explainStore } from '../../../src/store/explain.ts'
import { HISTORY_KINDS } from '../../../src/fleet/history.ts'
import type { HistoryQuestion } from '../../../src/store/history/read-points.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Backend } from '../../support/store/backends.ts'
import { aRing, opened, testClock } from '../../support/store/backends.ts'
import { ADMIN, DAY, unwrapFailure, unwrap } from '../../support/store/sightings.ts'
import { fill } from './transfer.ts'

type Asking = (store: Store) => Promise<unknown>
const NEGATIVE_REQUESTS = `insert into would_refuse (day, listener, route, code, requests, named, last_seen)
  values (1, 'l', 'r', 'c', -1, 0, 1)`
const FIRST_DAY: HistoryQuestion = {
  kinds: HISTORY_KINDS,
  from: 0 as Instant,
  until: DAY as Instant,
  step: 'hour',
}
const LIST = { filter: {}, order: 'first-seen', limit: 10, minimums: [] } as const

/** Rows and schemas that this program did not write. */
export function unverifiedDevices(backend: Backend): void {
  test.each<[string, string, { readonly table: string; readonly column: string }, Asking]>([
    [
      'a standing',
      `update enrollment_settings set standing = 'beloved' where name = 'first'`,
      { table: 'enrollment_settings', column: 'standing' },
      (store) => store.enrollment.list(),
    ],
    [
      'a retirement without its time',
      `update enrollment_settings set retired_at = null`,
      { table: 'enrollment_settings', column: 'retired_at' },
      (store) => store.enrollment.list(),
    ],
    [
      'an approval',
      `update devices set approval = 'maybe'`,
      { table: 'devices', column: 'approval' },
      (store) => store.devices.list(LIST),
    ],
    [
      'an approval in the overlay',
      `update devices set approval = ''`,
      { table: 'devices', column: 'approval' },
      (store) => store.feed.since(0),
    ],
    [
      'an approval in the charts',
      `update devices set approval = 'Approved'`,
      { table: 'devices', column: 'approval' },
      (store) => store.devices.charts([]),
    ],
    [
      'an enforcement',
      `update enforcement set state = 'sometimes', glass_broken = glass_broken + 1`,
      { table: 'enforcement', column: 'state' },
      (store) => store.enforcement.current(),
    ],
    [
      'a flag',
      `update devices set awaiting = 2`,
      { table: 'devices', column: 'awaiting' },
      (store) => store.devices.list(LIST),
    ],
    [
      'a role',
      `update admins set role = 'emperor'`,
      { table: 'admins', column: 'role' },
      (store) => store.admins.list(),
    ],
    [
      'a deny entry',
      `update deny_entries set kind = 'subject'`,
      { table: 'deny_entries', column: 'kind' },
      (store) => store.denials.list(),
    ],
    [
      'a serial',
      `update deny_entries set kind = 'serial', value = 'x:y'`,
      { table: 'deny_entries', column: 'value' },
      (store) => store.denials.list(),
    ],
    [
      'an OAuth state',
      `update oauth set legacy = 'half'`,
      { table: 'oauth', column: 'legacy' },
      (store) => store.oauth.current(),
    ],
    [
      'a port',
      `update ports set state = 'ajar'`,
      { table: 'ports', column: 'state' },
      (store) => store.ports.list(),
    ],
    [
      'a document',
      `update documents set body = '{'`,
      { table: 'documents', column: 'body' },
      (store) => store.documents.list(),
    ],
    [
      'an audit row',
      `update audit set after = 'x' where action = 'deny.add'`,
      { table: 'audit', column: 'after' },
      (store) => store.audit.list({ limit: 100 }),
    ],
    [
      'a topic',
      `update changes set topic = 'weather'`,
      { table: 'changes', column: 'topic' },
      (store) => store.feed.since(0),
    ],
    [
      'requests of unknown devices',
      NEGATIVE_REQUESTS,
      { table: 'would_refuse', column: 'requests' },
      (store) => store.unknownCallers.requests(0 as Instant),
    ],
    [
      'a day of such requests',
      NEGATIVE_REQUESTS,
      { table: 'would_refuse', column: 'requests' },
      (store) => store.unknownCallers.days(0 as Instant),
    ],
    [
      'an id without a certificate',
      `insert into uncertified_ids (id, listener, route, code, in_inventory, requests, first_seen, last_seen)
        values ('other', 'l', 'r', 'c', 0, 1, -5, 1)`,
      { table: 'uncertified_ids', column: 'first_seen' },
      (store) => store.unknownCallers.ids(0 as Instant, { limit: 10 }),
    ],
    [
      'a caller of a sync port',
      `insert into sync_port_callers
        (listener, caller, address, connections, octets_in, octets_out, first_seen, last_seen)
        values ('sync', 'x', '', 1, 1, -1, 1, 1)`,
      { table: 'sync_port_callers', column: 'octets_out' },
      (store) => store.syncPortCallers.list('sync', 0 as Instant),
    ],
    [
      'a count of an hour',
      `insert into history (hour, kind, name, amount) values (0, 'requests', 'admit', -1)`,
      { table: 'history', column: 'amount' },
      (store) => store.history.points(FIRST_DAY),
    ],
    [
      'results of an hour',
      `insert into tallies (hour, authentication, sightings) values (0, 'failed', -1)`,
      { table: 'tallies', column: 'amount' },
      (store) => store.history.points(FIRST_DAY),
    ],
  ])(
    '%s that this program does not know is refused by name',
    async (_what, statement, where, ask) => {
      await using place = await backend.place()
      await using store = await opened(place)
      await fill(store)
      await place.damage(statement)
      const why = unwrapFailure(
        (await ask(store)) as Awaited<ReturnType<Store['enrollment']['list']>>,
      )
      expect(why).toMatchObject({ kind: 'unknown-row', ...where })
      expect(explainStore(why).sentence).toContain(`table ${where.table}`)
    },
  )

  test('a sighting under a setting whose standing is unknown changes nothing', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fill(store)
    await place.damage(`update enrollment_settings set standing = 'beloved' where name = 'first'`)
    expect(unwrapFailure(await store.sightings.record([])).kind).toBe('unknown-row')
  })

  test('a schema newer than this program is refused by its number', async () => {
    await using place = await backend.place()
    await (await opened(place)).close()
    await place.damage('insert into schema_versions (version, applied_at) values (99, 0)')
    const opening = { clock: testClock(), ring: aRing(1), initialSettings: undefined }
    const why = unwrapFailure(await openStore(place.settings, opening))
    expect(why).toEqual({ kind: 'schema-newer', found: 99, known: 3, copies: [] })
  })

  test('the tables of another program are left alone', async () => {
    await using place = await backend.place()
    await place.damage('create table customers (id int)')
    const opening = {
      clock: testClock(),
      ring: aRing(1),
      initialSettings: { enforcement: 'required' },
    } as const
    expect(unwrapFailure(await openStore(place.settings, opening)).kind).toBe('not-a-store')
  })

  test('a store that should be there and is not is a fault, and none is made', async () => {
    await using place = await backend.place()
    const opening = { clock: testClock(), ring: aRing(1), initialSettings: undefined }
    expect(unwrapFailure(await openStore(place.settings, opening)).kind).toBe('store-absent')
    expect(unwrapFailure(await openStore(place.settings, opening)).kind).toBe('store-absent')
  })

  test('a store keeps its name over a restart, and two are told apart', async () => {
    await using place = await backend.place()
    await using elsewhere = await backend.place()
    const first = await opened(place)
    await first.close()
    await using again = await opened(place)
    await using other = await opened(elsewhere)
    expect([first.created, again.created]).toEqual([true, false])
    expect(again.id).toBe(first.id)
    expect(other.id).not.toBe(first.id)
  })

  test('a closed store says so', async () => {
    await using place = await backend.place()
    const store = await opened(place)
    await store.close()
    expect(unwrapFailure(await store.enforcement.current()).kind).toBe('store-closed')
    expect(unwrapFailure(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0)).kind).toBe(
      'store-closed',
    )
    expect(unwrapFailure(await store.sightings.record([])).kind).toBe('store-closed')
  })

  test('two programs that make the same store at once make one', async () => {
    await using place = await backend.place()
    const stores = await Promise.all([opened(place), opened(place), opened(place)])
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1)
    expect(stores.filter(({ created }) => created)).toHaveLength(1)
    for (const store of stores) await store.close()
    await using last = await opened(place)
    expect(unwrap(await last.feed.revision())).toBe(0)
  })
}
