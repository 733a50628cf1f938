/** What is read of a store for the rules about ids. */
import { expect, test } from 'vitest'
import type { Fingerprint } from '../../../src/kernel/types.ts'
import { readIds } from '../../../src/serve/upgrade/read-ids.ts'
import type { Store } from '../../../src/store/store.ts'
import { opened, sqliteBackend } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  hex,
  keysOf,
  unwrap,
} from '../../support/store/sightings.ts'
import { makeCurrent } from '../../store/contract/enrollment.ts'

const deviceOf = async (store: Store, key: string): Promise<string> =>
  (await keysOf(store, 'unapproved', 'blocked')).find((one) => one.key === aKey(key))?.device ?? ''

test('a free device whose certificate names an id of a blocked one is read, and so is a certificate with eight ids', async () => {
  await using place = await sqliteBackend.place()
  await using store = await opened(place)
  await makeCurrent(store, 'first')
  const eight = Array.from({ length: 8 }, (_, index) => `urn:sn:many-${index}`)
  const second = {
    signedIds: ['urn:sn:free', 'urn:sn:lost'],
    fingerprint: hex('second') as Fingerprint,
  }
  unwrap(
    await store.sightings.record([
      aSighting(aCertificate('lost', { signedIds: ['urn:sn:lost'] })),
      aSighting(aCertificate('free', { signedIds: ['urn:sn:free'] })),
      aSighting(aCertificate('bare')),
      aSighting(aCertificate('seven', { signedIds: eight.slice(1) })),
    ]),
  )
  unwrap(await store.sightings.record([aSighting(aCertificate('free', second))]))
  unwrap(await store.sightings.record([aSighting(aCertificate('eight', { signedIds: eight }))]))
  const nothing = unwrap(await readIds(store))
  expect(nothing).toMatchObject({ blocked: [], namings: [] })

  const lost = await deviceOf(store, 'lost')
  for (const id of [lost, await deviceOf(store, 'bare')]) {
    unwrap(await store.approvals.block(ADMIN, [{ id }]))
  }
  const { blocked, namings, manyIds } = unwrap(await readIds(store))
  expect(blocked).toEqual([{ device: lost, name: 'CN=lost', ids: ['urn:sn:lost'] }])
  expect(namings).toMatchObject([
    {
      certificate: { device: await deviceOf(store, 'free'), fingerprint: hex('second') },
      id: 'urn:sn:lost',
      blocked: { device: lost },
    },
  ])
  expect(manyIds.map(({ fingerprint }) => fingerprint)).toEqual([hex('certificate eight')])
})
