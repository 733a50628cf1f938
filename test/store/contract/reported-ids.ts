import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import { aCertificate, ADMIN, aSighting, SEEN, unwrap } from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant

/** What a device says of itself: a label, and no more of it than one. */
export function unprovenClaims(backend: Backend): void {
  test.each([
    ['with each batch', (index: number) => later(index)],
    ['in sightings that come late', (index: number) => later(-1 - index)],
  ])('a device that calls itself something else %s leaves one word', async (_how, at) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const sightingSaying = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) =>
        aSighting(aCertificate('a'), {
          at: at(from + index),
          reportedId: `self-${String(from + index).padStart(2, '0')}`,
        }),
      )
    for (const batch of [sightingSaying(0, 1), sightingSaying(1, 17), sightingSaying(17, 33)]) {
      unwrap(await store.sightings.record(batch))
    }
    const found = async (text: string) => unwrap(await store.devices.count({ text }, []))
    const names = Array.from({ length: 33 }, (_, index) => `self-${String(index).padStart(2, '0')}`)
    const hits = await Promise.all(names.map(found))
    expect(hits).toEqual([1, ...names.slice(1).map(() => 0)])
  })

  test('a late sighting that names a device without a name leaves no word', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record([aSighting(aCertificate('a'))]))
    const late = [1, 2, 3].map((ms) =>
      aSighting(aCertificate('a'), { at: later(-ms), reportedId: `late-${ms}` }),
    )
    unwrap(await store.sightings.record(late))
    expect(unwrap(await store.devices.count({ text: 'late' }, []))).toBe(0)
    const named = aSighting(aCertificate('a'), { at: later(1), reportedId: 'Late-4' })
    unwrap(await store.sightings.record([named]))
    expect(unwrap(await store.devices.count({ text: 'late-4' }, []))).toBe(1)
  })

  test.each([
    ['a check-in on the sync port', { listener: 'sync', migration: 'pending' }, 'pending'],
    ['a refused check-in', { verdict: 'refuse', code: 'no-certificate' }, 'none'],
    ['a visit of an open row', { code: 'open-route', authentication: 'no-info' }, 'none'],
    ['a claim to have moved', { migration: 'success' }, 'none'],
    ['a claim to be fit', { approvesItself: true }, 'none'],
  ] as const)(
    '%s without a certificate that gives the id of an entry is no meeting with it',
    async (_what, said, migration) => {
      await using place = await backend.place()
      await using store = await opened(place)
      unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1', class: 'win10' }]))
      const bare = aSighting(undefined, { reportedId: 'udid-1', count: 3, ...said })
      expect(unwrap(await store.sightings.record([bare])).unidentified).toBe(3)
      const [device] = unwrap(await store.devices.list(ALL)).items
      expect(device).toMatchObject({
        class: 'win10',
        agent: 'MDM',
        migration,
        approval: 'unapproved',
        authentication: 'no-info',
        sightings: 0,
        lastSeen: undefined,
        firstSeen: undefined,
        verdict: undefined,
        // A label: what that client met, and no verdict on the device.
        code: 'code' in said && said.code === 'no-certificate' ? said.code : undefined,
      })
      const neverMet = { inInventory: true, notSeenSince: 1 as Instant }
      expect(unwrap(await store.devices.count(neverMet, []))).toBe(1)
    },
  )

  test('an agent that the inventory names is not made newer by what a client says', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const old = { agent: 'Old', agentVersion: '0.1', agentRank: 0, class: 'ios-mdm' }
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1', ...old }]))
    unwrap(await store.sightings.record([aSighting(undefined, { reportedId: 'udid-1' })]))
    const minimums = [{ class: 'ios-mdm', rank: 1 }]
    expect(unwrap(await store.devices.count({ authentication: 'must-upgrade' }, minimums))).toBe(1)
  })

  test('a client that gives the id of a device that has shown a certificate stays unidentified', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1' }]))
    unwrap(await store.sightings.record([aSighting(aCertificate('a', { signedIds: ['udid-1'] }))]))
    const bare = aSighting(undefined, {
      at: later(1),
      listener: 'sync',
      reportedId: 'udid-1',
      migration: 'pending',
      exchange: { address: '192.0.2.1', connections: 1, octetsIn: 1, octetsOut: 1 },
    })
    unwrap(await store.sightings.record([bare]))
    const [device] = unwrap(await store.devices.list(ALL)).items
    expect(device).toMatchObject({ lastSeen: SEEN, listener: 'devices', migration: 'none' })
    expect(unwrap(await store.ports.blockers('sync', SEEN)).unidentified).toBe(1)
  })
}

const ALL = { filter: {}, order: 'first-seen', limit: 10, minimums: [] } as const
