import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import { aCertificate, ADMIN, aSighting, SEEN, unwrap } from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const all = { filter: {}, order: 'first-seen', limit: 100, minimums: [] } as const
const devicesOf = async (store: Store) => unwrap(await store.devices.list(all)).items

/** Devices that should be there. */
export function inventory(backend: Backend): void {
  test('a device that only the inventory knows is counted as without authentication info', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const entries = [
      { id: 'udid-1', name: 'Ann iPad', class: 'ios-mdm' },
      { id: 'udid-2', pending: true },
    ]
    expect(unwrap(await store.inventory.import(ADMIN, entries))).toEqual({
      added: 2,
      updated: 0,
      linked: 0,
    })
    expect(unwrap(await store.devices.count({ authentication: 'no-info' }, []))).toBe(2)
    expect(unwrap(await store.devices.count({ migration: 'pending' }, []))).toBe(1)
    expect(unwrap(await store.devices.count({ text: 'ipad' }, []))).toBe(1)
    expect((await devicesOf(store)).every(({ lastSeen }) => lastSeen === undefined)).toBe(true)
  })

  test('an inventory entry becomes the device that shows its signed id', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1', name: 'Ann' }]))
    unwrap(await store.sightings.record([aSighting(aCertificate('a', { signedIds: ['udid-1'] }))]))
    const [device, ...others] = await devicesOf(store)
    expect(others).toEqual([])
    expect(device).toMatchObject({
      inventory: { id: 'udid-1', name: 'Ann' },
      authentication: 'succeeded',
      approval: 'unapproved',
    })
  })

  test('a signed id takes an entry from a device that merely claimed it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1', name: 'Ann' }]))
    unwrap(
      await store.sightings.record([aSighting(aCertificate('claims'), { reportedId: 'udid-1' })]),
    )
    const at = (SEEN + 1) as Instant
    const signed = aCertificate('signed', { signedIds: ['udid-1'] })
    unwrap(await store.sightings.record([aSighting(signed, { at })]))
    const found = await devicesOf(store)
    expect(found).toHaveLength(2)
    const holder = found.find(({ inventory }) => inventory !== undefined)
    const detail = unwrap(await store.devices.find(holder?.id ?? ''))
    expect(detail?.signedIds).toEqual(['udid-1'])
    expect(holder?.inventory?.name).toBe('Ann')
  })

  test('a known device that proves an id takes the waiting entry into itself', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record([aSighting(aCertificate('a'))]))
    unwrap(await store.inventory.import(ADMIN, [{ id: 'udid-1', name: 'Ann' }]))
    expect(await devicesOf(store)).toHaveLength(2)
    const renewed = aCertificate('a', { signedIds: ['udid-1'] })
    unwrap(await store.sightings.record([aSighting(renewed, { at: (SEEN + 1) as Instant })]))
    const [device, ...others] = await devicesOf(store)
    expect(others).toEqual([])
    expect(device?.inventory).toEqual({ id: 'udid-1', name: 'Ann' })
    expect(unwrap(await store.devices.count({ text: 'ann' }, []))).toBe(1)
  })

  test('an import links the devices that proved their ids before', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record([aSighting(aCertificate('a', { signedIds: ['udid-1'] }))]))
    const entries = [{ id: 'udid-1' }, { id: 'udid-2' }, { id: 'udid-2', name: 'twice' }]
    expect(unwrap(await store.inventory.import(ADMIN, entries))).toEqual({
      added: 1,
      updated: 1,
      linked: 1,
    })
    expect(unwrap(await store.inventory.import(ADMIN, entries))).toEqual({
      added: 0,
      updated: 2,
      linked: 0,
    })
    expect(unwrap(await store.devices.count({}, []))).toBe(2)
  })

  test('what a device showed itself is kept over what an inventory says of it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const signedIds = ['udid-1', 'udid-2']
    unwrap(
      await store.sightings.record([
        aSighting(aCertificate('a', { signedIds }), { class: undefined }),
      ]),
    )
    const old = { agent: 'Old', agentVersion: '0.1', agentRank: 0, class: 'win10', pending: true }
    const entries = signedIds.map((id) => ({ id, ...old }))
    expect(unwrap(await store.inventory.import(ADMIN, entries))).toEqual({
      added: 1,
      updated: 1,
      linked: 1,
    })
    const [device] = (await devicesOf(store)).filter(({ lastSeen }) => lastSeen !== undefined)
    expect(device).toMatchObject({
      class: 'win10',
      agent: 'MDM',
      agentRank: 1,
      migration: 'pending',
    })
  })
}
