import { expect, test } from 'vitest'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { CALLERS_PER_LISTENER } from '../../../src/store/callers/sync-port-callers.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import { aCertificate, aSighting, SEEN, unwrap } from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant
const from = (address: string, connections = 1): Partial<Sighting> => ({
  listener: 'sync',
  count: connections,
  exchange: { address, connections, octetsIn: 10, octetsOut: 20 },
})

/** Who a sync port still carries octets for. */
export function syncPortCallers(backend: Backend): void {
  test('only connections that carried octets keep a port open, and each caller is told with its octets', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const device = { ...aSighting(aCertificate('a')), ...from('192.0.2.9') }
    unwrap(
      await store.sightings.record([
        aSighting(undefined, { listener: 'sync' }),
        aSighting(undefined, from('192.0.2.1')),
        // The same connection at its end, and a second one.
        aSighting(undefined, { ...from('192.0.2.1', 0), at: later(5) }),
        aSighting(undefined, { ...from('192.0.2.1'), at: later(3) }),
        device,
      ]),
    )
    const listed = unwrap(
      await store.devices.list({ filter: {}, order: 'newest', limit: 1, minimums: [] }),
    ).items
    const id = listed[0]?.id ?? ''
    const callers = unwrap(await store.syncPortCallers.list('sync', SEEN))
    expect(callers).toEqual([
      {
        device: undefined,
        address: '192.0.2.1',
        connections: 2,
        octetsIn: 30,
        octetsOut: 60,
        firstSeen: SEEN,
        lastSeen: later(5),
      },
      {
        device: id,
        address: '192.0.2.9',
        connections: 1,
        octetsIn: 10,
        octetsOut: 20,
        firstSeen: SEEN,
        lastSeen: SEEN,
      },
    ])
    expect(unwrap(await store.ports.blockers('sync', SEEN)).unidentified).toBe(2)
    expect(unwrap(await store.ports.blockers('sync', later(6))).unidentified).toBe(0)
    expect(unwrap(await store.syncPortCallers.list('sync', later(6)))).toEqual([])
    expect(unwrap(await store.syncPortCallers.list('elsewhere', SEEN))).toEqual([])
    unwrap(await store.devices.forget({ who: 'alice', from: '::1' }, id, 'any'))
    expect(unwrap(await store.syncPortCallers.list('sync', SEEN))).toHaveLength(1)
  })

  test('what a program of schema 2 counted holds as long as it is looked back on', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await place.damage(`insert into unidentified values ('sync', 3, ${SEEN})`)
    expect(unwrap(await store.ports.blockers('sync', SEEN)).unidentified).toBe(3)
    expect(unwrap(await store.ports.blockers('sync', later(1))).unidentified).toBe(0)
  })

  test('a key that was only shown in certificates of no known CA is an unknown caller, by its network', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const selfMade = aCertificate('self-made', { sound: false, setting: undefined })
    const recorded = { verdict: 'refuse', code: 'untrusted-issuer', wouldRefuse: true } as const
    unwrap(
      await store.sightings.record([
        aSighting(selfMade, { ...recorded, ...from('2001:db8::1') }),
        aSighting(selfMade, { ...recorded, ...from('2001:db8::2') }),
        aSighting(aCertificate('known'), from('192.0.2.9')),
      ]),
    )
    expect(unwrap(await store.ports.blockers('sync', SEEN)).unidentified).toBe(2)
    const [unknown, known] = unwrap(await store.syncPortCallers.list('sync', SEEN))
    expect(unknown).toMatchObject({ device: undefined, connections: 2 })
    expect(known).toMatchObject({ connections: 1, address: '192.0.2.9' })
    expect(known?.device).toBeDefined()
  })

  test('a fleet of known devices on the port takes no place from unknown callers', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const fleet = Array.from({ length: CALLERS_PER_LISTENER }, (_, number) =>
      aSighting(aCertificate(`of the fleet ${number}`), from('192.0.2.9')),
    )
    unwrap(await store.sightings.record(fleet))
    unwrap(await store.sightings.record([aSighting(undefined, from('192.0.2.1'))]))
    const [unknown] = unwrap(await store.syncPortCallers.list('sync', SEEN))
    expect(unknown).toMatchObject({ device: undefined, address: '192.0.2.1' })
  })

  test('addresses past the bound share one row, and no connection is lost', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const many = CALLERS_PER_LISTENER + 200
    const calls = Array.from({ length: many }, (_, number) =>
      aSighting(undefined, from(`2001:db8:0:${number.toString(16)}::1`)),
    )
    unwrap(await store.sightings.record(calls))
    unwrap(await store.sightings.record([aSighting(undefined, from('2001:db8:1::1'))]))
    expect(unwrap(await store.ports.blockers('sync', SEEN)).unidentified).toBe(many + 1)
    const all = unwrap(await store.syncPortCallers.list('sync', SEEN, 5000))
    expect(all).toHaveLength(CALLERS_PER_LISTENER + 1)
    expect(all.find(({ address }) => address === '')).toMatchObject({ connections: 201 })
  })
}
