import { describe, expect, test } from 'vitest'
import type { Fingerprint } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/store.ts'
import { opened, type Backend, type Place } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  DAY,
  hex,
  keysOf,
  SEEN,
  unwrap,
  unwrapFailure,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const ID = 'urn:udid:victim'

async function deviceOf(store: Store, key: string): Promise<string | undefined> {
  const all = await keysOf(store, 'unapproved', 'approved', 'blocked')
  return all.find((one) => one.key === aKey(key))?.device
}

const approvedKeys = async (store: Store): Promise<readonly string[]> =>
  (await keysOf(store, 'approved')).map(({ key }) => key)

/** An approved device, and a key with an ordinary certificate: what the program before joined to it by a refused one. */
async function joined(
  { damage }: Pick<Place, 'damage'>,
  store: Store,
  code: string,
): Promise<string> {
  await makeCurrent(store, 'first')
  await makeCurrent(store, 'second')
  const victim = aCertificate('victim', { signedIds: [ID], setting: 'second' })
  const ordinary = { setting: 'second', fingerprint: hex('ordinary') as Fingerprint }
  unwrap(
    await store.sightings.record([
      aSighting(victim, { approvesItself: true }),
      aSighting(aCertificate('thief', { signedIds: [ID] }), {
        verdict: 'refuse',
        code,
        authentication: 'failed',
      }),
      aSighting(aCertificate('thief', ordinary)),
    ]),
  )
  const id = (await deviceOf(store, 'victim')) ?? ''
  // Now it stands alone, as it should; the rows of before follow.
  const alone = (await deviceOf(store, 'thief')) ?? ''
  expect(alone).not.toBe(id)
  await damage(
    `update device_keys set device = '${id}', first_seen = first_seen + 1 where key = '${aKey('thief')}'`,
    `delete from devices where id = '${alone}'`,
    `delete from search_terms where device = '${alone}'`,
  )
  return id
}

const listed = async (store: Store) => unwrap(await store.links.refused({ limit: 10 })).items

/** Links that a program before decision 29 made of refused certificates. */
export function refusedLinkRows(backend: Backend): void {
  describe('links on refused evidence', () => {
    test.each(['issued-after-retirement', 'denied-issuer', 'unknown-at-retirement'])(
      'a key that a certificate refused as %s joined is listed, and approved no more once that is undone',
      async (code) => {
        await using place = await backend.place()
        await using store = await opened(place)
        const id = await joined(place, store, code)
        // Control: before, the key is approved as the device that it is not.
        expect(await approvedKeys(store)).toContain(aKey('thief'))
        const [link, ...others] = await listed(store)
        expect(others).toEqual([])
        expect(link).toMatchObject({
          kind: 'key',
          value: aKey('thief'),
          certificate: { code, subject: 'CN=thief', setting: 'first' },
          device: { id, approval: 'approved' },
        })
        const before = unwrap(await store.feed.revision())
        const name = { device: id, kind: 'key', value: aKey('thief') } as const
        const done = unwrap(await store.links.undoRefused(ADMIN, [name]))
        expect(done).toEqual({ undone: [name], left: [] })
        expect(await approvedKeys(store)).toEqual([aKey('victim')])
        expect(unwrap(await store.feed.since(before))).toMatchObject({
          approvals: [{ key: aKey('victim'), approval: 'approved' }],
          orphanedKeys: [aKey('thief')],
        })
        expect(await listed(store)).toEqual([])
        const { items } = unwrap(await store.audit.list({ limit: 1 }))
        expect(items).toMatchObject([
          {
            who: ADMIN.who,
            action: 'device.unlink',
            subject: id,
            before: { keys: [aKey('thief')], signed_ids: [] },
          },
        ])
        // The key comes back as a device of its own.
        const ordinary = { setting: 'second', fingerprint: hex('ordinary') as Fingerprint }
        unwrap(
          await store.sightings.record([
            aSighting(aCertificate('thief', ordinary), { at: (SEEN + DAY) as never }),
          ]),
        )
        expect(await deviceOf(store, 'thief')).not.toBe(id)
        expect(await approvedKeys(store)).toEqual([aKey('victim')])
      },
    )

    test('a link that stands on other evidence by now is left, and so is what was never one', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const id = await joined(place, store, 'denied-issuer')
      const proven = { signedIds: [ID], setting: 'second', fingerprint: hex('p') as Fingerprint }
      unwrap(await store.sightings.record([aSighting(aCertificate('thief', proven))]))
      expect(await listed(store)).toEqual([])
      const names = ['thief', 'victim', 'other'].map(
        (key) => ({ device: id, kind: 'key', value: aKey(key) }) as const,
      )
      const revision = unwrap(await store.feed.revision())
      const done = unwrap(await store.links.undoRefused(ADMIN, names))
      expect(done).toEqual({ undone: [], left: names })
      expect(unwrap(await store.feed.revision())).toBe(revision)
      expect(await approvedKeys(store)).toHaveLength(2)
    })

    test('a blocked device keeps its links: they refuse', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const id = await joined(place, store, 'denied-issuer')
      unwrap(await store.approvals.block(ADMIN, [{ id }]))
      expect(await listed(store)).toEqual([])
      const name = { device: id, kind: 'key', value: aKey('thief') } as const
      expect(unwrap(await store.links.undoRefused(ADMIN, [name])).left).toEqual([name])
      expect(await keysOf(store, 'blocked')).toHaveLength(2)
    })

    test('an id and an inventory entry that a refused certificate took go back to the device that proves them', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await makeCurrent(store, 'first')
      unwrap(await store.inventory.import(ADMIN, [{ id: ID, name: 'Phone' }]))
      unwrap(
        await store.sightings.record([
          aSighting(aCertificate('thief', { signedIds: [ID] }), {
            verdict: 'refuse',
            code: 'denied-issuer',
          }),
        ]),
      )
      const thief = (await deviceOf(store, 'thief')) ?? ''
      await place.damage(
        `delete from devices where inventory_id = '${ID}'`,
        `update devices set inventory_id = '${ID}', inventory_name = 'Phone' where id = '${thief}'`,
        `insert into signed_ids (id, device) values ('${ID}', '${thief}')`,
      )
      expect(await listed(store)).toMatchObject([{ kind: 'signed-id', value: ID }])
      const name = { device: thief, kind: 'signed-id', value: ID } as const
      expect(unwrap(await store.links.undoRefused(ADMIN, [name])).undone).toEqual([name])
      const found = unwrap(await store.devices.find(thief))
      expect([found?.device.inventory, found?.signedIds, found?.keys]).toEqual([
        undefined,
        [],
        [aKey('thief')],
      ])
      const own = aCertificate('victim', { signedIds: [ID] })
      unwrap(await store.sightings.record([aSighting(own, { at: (SEEN + DAY) as never })]))
      const victim = (await deviceOf(store, 'victim')) ?? ''
      expect(victim).not.toBe(thief)
      expect(unwrap(await store.devices.find(victim))?.device.inventory?.name).toBe('Phone')
    })

    test('the list comes in pages, and ends', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await joined(place, store, 'denied-issuer')
      const first = unwrap(await store.links.refused({ limit: 1 }))
      expect([first.items.length, first.next]).toEqual([1, undefined])
      expect(unwrapFailure(await store.links.refused({ limit: 1, after: 'x' })).kind).toBe(
        'bad-cursor',
      )
      const many = Array.from({ length: 1001 }, () => ({ device: 'd', kind: 'key', value: 'k' }))
      expect(unwrapFailure(await store.links.undoRefused(ADMIN, many as never)).kind).toBe(
        'too-many',
      )
    })
  })
}
