import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { ROWS_PER_DAY } from '../../../src/store/callers/day-rows.ts'
import { IDS_PER_LISTENER } from '../../../src/store/callers/write-unknown.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aSighting,
  DAY,
  SEEN,
  unwrap,
  unwrapFailure,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant

/** A request without a certificate that recording let pass. */
const bare = (change: Partial<Sighting> = {}): Sighting =>
  aSighting(undefined, {
    verdict: 'refuse',
    code: 'no-certificate',
    authentication: 'failed',
    wouldRefuse: true,
    row: 'checkin',
    ...change,
  })

const record = async (store: Store, ...sightings: readonly Sighting[]) =>
  unwrap(await store.sightings.record(sightings))

const requestsOf = async (store: Store, since: Instant = SEEN) =>
  unwrap(await store.unknownCallers.requests(since)).map((it) => [
    it.listener,
    it.route,
    it.code,
    it.requests,
    it.named,
  ])

const idsOf = async (store: Store, since: Instant = 0 as Instant) =>
  unwrap(await store.unknownCallers.ids(since, { limit: 1000 })).items

/** Requests that no certificate tells to be a device, and what their clients call themselves. */
export function unknownCallers(backend: Backend): void {
  test('requests of unknown devices that would be refused add up by day, listener, row and code', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using replica = await opened(place)
    await record(
      store,
      bare({ count: 3 }),
      bare({ row: 'apps' }),
      bare({ listener: 'tunnel', row: undefined }),
    )
    await record(
      replica,
      bare({ count: 4, at: later(5) }),
      bare({ at: later(DAY), reportedId: 'x' }),
    )
    expect(await requestsOf(store)).toEqual([
      ['devices', 'checkin', 'no-certificate', 8, 1],
      ['devices', 'apps', 'no-certificate', 1, 0],
      ['tunnel', '', 'no-certificate', 1, 0],
    ])
    expect(unwrap(await store.unknownCallers.days(SEEN))).toEqual([
      { at: SEEN, requests: 9 },
      { at: later(DAY), requests: 1 },
    ])
    expect(await requestsOf(store, later(DAY))).toEqual([
      ['devices', 'checkin', 'no-certificate', 1, 1],
    ])
  })

  test('a request of a known device, an admitted one and a refused one are none of them', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const known = aSighting(aCertificate('a'), { ...bare(), certificate: aCertificate('a') })
    await record(store, known, bare({ wouldRefuse: false }), aSighting(undefined))
    expect(await requestsOf(store)).toEqual([])
  })

  test('a certificate past those that are kept makes no device, and its requests are counted', async () => {
    await using place = await backend.place()
    await using store = await opened(place, { unsoundLimit: 1 })
    const made = (key: string) => ({
      ...bare({ code: 'untrusted-issuer' }),
      certificate: aCertificate(key, { sound: false, setting: undefined }),
    })
    await record(store, made('a'))
    expect((await record(store, made('b'))).dropped).toBe(1)
    expect(await requestsOf(store)).toEqual([['devices', 'checkin', 'untrusted-issuer', 1, 0]])
  })

  test('what a day has no row left for is counted under the name of no listener', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const rows = Array.from({ length: ROWS_PER_DAY + 3 }, (_, number) =>
      bare({ row: `row-${number}` }),
    )
    await record(store, ...rows)
    await record(
      store,
      bare({ row: 'row-0' }),
      bare({ row: 'another' }),
      bare({ row: 'another', at: later(DAY) }),
    )
    const all = await requestsOf(store)
    expect(all).toHaveLength(ROWS_PER_DAY + 2)
    expect(all.filter(([listener]) => listener === '')).toEqual([['', '', '', 4, 0]])
    expect(all).toContainEqual(['devices', 'row-0', 'no-certificate', 2, 0])
    expect(await requestsOf(store, later(DAY))).toEqual([
      ['devices', 'another', 'no-certificate', 1, 0],
    ])
  })

  test('an id labels the entry of the inventory that never showed a certificate, and its last place', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1', name: 'Front desk' }]))
    await record(store, bare({ reportedId: 'udid-1', count: 2 }), bare({ reportedId: 'made-up' }))
    await record(store, bare({ reportedId: 'udid-1', row: 'apps', at: later(9) }))
    // A replica is late.
    await record(store, bare({ reportedId: 'udid-1', row: 'late', at: later(8) }))
    expect(await idsOf(store)).toMatchObject([
      { id: 'made-up', requests: 1, device: undefined },
      {
        id: 'udid-1',
        route: 'apps',
        requests: 4,
        firstSeen: SEEN,
        lastSeen: later(9),
        device: { name: 'Front desk' },
      },
    ])
    const places = { listener: 'devices', route: 'apps', code: 'no-certificate' }
    expect(unwrap(await store.unknownCallers.namedDevices(SEEN))).toEqual([
      { ...places, devices: 1, lastSeen: later(9) },
    ])
    expect(unwrap(await store.unknownCallers.namedDevices(later(10)))).toEqual([])
    const [device] = unwrap(await store.devices.list(ALL)).items
    expect(device).toMatchObject({ authentication: 'no-info', sightings: 0, lastSeen: undefined })
  })

  test('the id of a device that has shown a certificate labels nothing, before and after', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1' }, { id: 'udid-2' }]))
    await record(store, bare({ reportedId: 'udid-1' }), bare({ reportedId: 'plain' }))
    await record(
      store,
      aSighting(aCertificate('a', { signedIds: ['udid-1'] }), { at: later(1) }),
      aSighting(aCertificate('b', { signedIds: ['udid-2'] }), { at: later(1) }),
      aSighting(aCertificate('c'), { at: later(1), reportedId: 'plain' }),
    )
    await record(store, bare({ reportedId: 'udid-2', at: later(2) }))
    expect(await idsOf(store)).toEqual([])
    expect(unwrap(await store.unknownCallers.namedDevices(SEEN))).toEqual([])
  })

  test('a device with a certificate hides no id of others by saying it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    await record(store, aSighting(aCertificate('a'), { reportedId: 'a' }))
    await record(store, bare({ reportedId: 'victim', at: later(1) }))
    await record(store, aSighting(aCertificate('a'), { at: later(2), reportedId: 'victim' }))
    expect((await idsOf(store)).map(({ id }) => id)).toEqual(['victim'])
    expect(unwrap(await store.unknownCallers.countIds(SEEN))).toBe(1)
    // With a key that was new after that it is the device that has its certificate now.
    await record(store, aSighting(aCertificate('b'), { at: later(3), reportedId: 'victim' }))
    expect(await idsOf(store)).toEqual([])
    expect(unwrap(await store.unknownCallers.countIds(SEEN))).toBe(0)
  })

  test('made-up ids have so many places, and leave the inventory its own and other listeners theirs', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1' }]))
    const flood = Array.from({ length: IDS_PER_LISTENER + 500 }, (_, number) =>
      bare({ reportedId: `made-up-${String(number).padStart(5, '0')}` }),
    )
    await record(store, ...flood)
    await record(
      store,
      bare({ reportedId: 'late' }),
      bare({ reportedId: 'udid-1' }),
      bare({ reportedId: 'apart', listener: 'other' }),
    )
    const named = unwrap(
      await store.unknownCallers.saidOf(['late', 'udid-1', 'apart', 'made-up-00000']),
    )
    expect([...named.keys()].toSorted()).toEqual(['apart', 'made-up-00000', 'udid-1'])
    expect((await requestsOf(store))[0]).toEqual([
      'devices',
      'checkin',
      'no-certificate',
      IDS_PER_LISTENER + 502,
      IDS_PER_LISTENER + 502,
    ])
  })

  test('ids come in pages, and end', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await record(store, ...['a', 'b', 'c'].map((id) => bare({ reportedId: id })))
    const first = unwrap(await store.unknownCallers.ids(SEEN, { limit: 2 }))
    const second = unwrap(await store.unknownCallers.ids(SEEN, { limit: 2, after: first.next }))
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(second.next).toBeUndefined()
    const why = unwrapFailure(await store.unknownCallers.ids(SEEN, { limit: 2, after: 'x' }))
    expect(why.kind).toBe('bad-cursor')
  })

  test('forgetting a device takes what was said in its name along', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1' }]))
    await record(store, bare({ reportedId: 'udid-1' }), bare({ reportedId: 'other' }))
    const [device] = unwrap(await store.devices.list(ALL)).items
    unwrap(await store.silentDevices.mark(ADMIN, device?.id ?? '', 'the server itself'))
    unwrap(await store.devices.forget(ADMIN, device?.id ?? '', 'any'))
    expect((await idsOf(store)).map(({ id }) => id)).toEqual(['other'])
    expect(unwrap(await store.silentDevices.among([device?.id ?? ''])).size).toBe(0)
  })

  test('what is older than its time is forgotten, and nothing else', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await record(store, bare({ reportedId: 'old' }), bare({ reportedId: 'new', at: later(DAY) }))
    unwrap(await store.unknownCallers.forget(later(DAY)))
    expect((await idsOf(store)).map(({ id }) => id)).toEqual(['new'])
    expect(await requestsOf(store, 0 as Instant)).toEqual([
      ['devices', 'checkin', 'no-certificate', 1, 1],
    ])
  })

  test('a known host may stay silent: it is told apart, the mark is audited and taken away', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.inventory.import(ADMIN, [{ id: 'core' }, { id: 'phone' }]))
    await record(store, bare({ reportedId: 'core' }))
    const { items } = unwrap(await store.devices.list(ALL))
    const core = items.find(({ inventory }) => inventory?.id === 'core')?.id ?? ''
    const marked = unwrap(await store.silentDevices.mark(ADMIN, core, 'the server itself'))
    expect(marked).toEqual({
      device: core,
      note: 'the server itself',
      markedBy: 'alice',
      markedAt: SEEN,
    })
    const silent = async (is: boolean) => unwrap(await store.devices.count({ silent: is }, []))
    expect([await silent(true), await silent(false)]).toEqual([1, 1])
    expect(unwrap(await store.unknownCallers.namedDevices(SEEN))).toEqual([])
    const [row] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(row).toMatchObject({ action: 'device.mark-silent', subject: core })
    unwrap(await store.silentDevices.unmark(ADMIN, core))
    unwrap(await store.silentDevices.unmark(ADMIN, core))
    expect(await silent(true)).toBe(0)
    expect(unwrapFailure(await store.silentDevices.mark(ADMIN, 'none', '')).kind).toBe('not-found')
    expect(unwrapFailure(await store.silentDevices.unmark(ADMIN, 'none')).kind).toBe('not-found')
  })
}

const ALL = { filter: {}, order: 'first-seen', limit: 10, minimums: [] } as const
