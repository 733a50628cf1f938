import { expect, test } from 'vitest'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import { aCertificate, ADMIN, aSighting, SEEN, unwrap } from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const sensitive = (change: Partial<Sighting> = {}): Sighting =>
  aSighting(aCertificate('a'), { row: 'documents', sensitive: true, ...change })

/** What is saved of attempts, once administrators choose (S2-19). */
export function attemptResults(backend: Backend): void {
  test('results of requests for sensitive rows add up by day, row, verdict and code; of other rows none are kept', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const refused = { verdict: 'refuse', code: 'unapproved' } as const
    for (let round = 0; round < 2; round += 1) {
      unwrap(
        await store.sightings.record([
          sensitive({ count: 2 }),
          sensitive(refused),
          sensitive({ sensitive: false, row: 'open' }),
        ]),
      )
    }
    const met = { at: SEEN, listener: 'devices', route: 'documents' }
    expect(unwrap(await store.attemptResults.sensitive(SEEN))).toEqual([
      { ...met, verdict: 'admit', code: 'verified', requests: 4 },
      { ...met, verdict: 'refuse', code: 'unapproved', requests: 2 },
    ])
  })

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])(
    'with save authentication %s and decryption %s both are kept while recording, and those chosen from the latch on',
    async (saveAuthentication, saveDecryption) => {
      await using place = await backend.place()
      await using store = await opened(place)
      await makeCurrent(store, 'first')
      const chosen = { saveAuthentication, saveDecryption }
      unwrap(await store.enforcement.setRetention(ADMIN, chosen, 'any'))
      const kept = async () => {
        const hours = unwrap(await store.attemptCounts.hourly(SEEN))
        const days = unwrap(await store.attemptResults.sensitive(SEEN))
        return [hours[0]?.sightings, days[0]?.requests]
      }
      unwrap(await store.sightings.record([sensitive()]))
      expect(await kept()).toEqual([1, 1])
      unwrap(await store.enforcement.require(ADMIN, chosen, 'any'))
      unwrap(await store.sightings.record([sensitive()]))
      expect(await kept()).toEqual([saveAuthentication ? 2 : 1, saveDecryption ? 2 : 1])
      // What becomes of a device is always kept: approval and migration depend on it.
      const [device] = unwrap(
        await store.devices.list({ filter: {}, order: 'newest', limit: 1, minimums: [] }),
      ).items
      expect(device).toMatchObject({ authentication: 'succeeded', sightings: 2 })
    },
  )
}
