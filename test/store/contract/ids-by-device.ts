import { describe, expect, test } from 'vitest'
import type { Fingerprint } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/store.ts'
import { opened, type Backend } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  hex,
  keysOf,
  unwrap,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const BLOCKED_IDS = ['urn:sn:1', 'urn:sn:2']

/** A device with two ids and one with none that are blocked, a blocked entry of the inventory, and two that are free. */
async function fill(store: Store): Promise<{ readonly idOf: (key: string) => Promise<string> }> {
  await makeCurrent(store, 'first')
  const idOf = async (key: string): Promise<string> =>
    (await keysOf(store, 'unapproved', 'blocked')).find((one) => one.key === aKey(key))?.device ??
    ''
  unwrap(
    await store.inventory.import(ADMIN, [
      { id: 'urn:sn:entry', name: 'Spare' },
      { id: 'urn:sn:free', name: 'Free phone' },
    ]),
  )
  unwrap(
    await store.sightings.record([
      aSighting(aCertificate('blocked', { signedIds: BLOCKED_IDS })),
      aSighting(aCertificate('bare')),
      aSighting(aCertificate('free', { signedIds: ['urn:sn:free'] })),
      aSighting(aCertificate('unsound', { signedIds: ['urn:sn:9'], sound: false })),
    ]),
  )
  const entry = unwrap(
    await store.devices.list({
      filter: { text: 'spare' },
      order: 'first-seen',
      limit: 1,
      minimums: [],
    }),
  ).items[0]
  for (const id of [await idOf('blocked'), await idOf('bare'), entry?.id ?? '']) {
    unwrap(await store.approvals.block(ADMIN, [{ id }]))
  }
  return { idOf }
}

/** Everything, a page of one at a time. */
async function allOf<Item>(
  page: (after: string) => Promise<readonly Item[]>,
  mark: (item: Item) => string,
): Promise<readonly Item[]> {
  const found: Item[] = []
  for (;;) {
    const last = found.at(-1)
    const next = await page(last === undefined ? '' : mark(last))
    if (next.length === 0) return found
    found.push(...next)
  }
}

/** Whose ids are whose, as the rules of an upgrade ask. */
export function idsByDevice(backend: Backend): void {
  describe('ids by device', () => {
    test('blocked devices have their words and their ids, an entry that never came its own, and no other is among them', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const { idOf } = await fill(store)
      const found = await allOf(
        async (after) => unwrap(await store.devices.blocked({ after, limit: 1 })),
        ({ device }) => device,
      )
      expect(found.map(({ name, ids }) => `${name}: ${ids.join(' ')}`).sort()).toEqual([
        'CN=bare: ',
        'CN=blocked: urn:sn:1 urn:sn:2',
        'Spare: urn:sn:entry',
      ])
      expect(found.map(({ device }) => device)).toContain(await idOf('blocked'))
    })

    test('certificates with ids are those of devices that are free, with a sound path alone', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const { idOf } = await fill(store)
      const second = { signedIds: ['urn:sn:free'], fingerprint: hex('second') as Fingerprint }
      unwrap(await store.sightings.record([aSighting(aCertificate('free', second))]))
      const found = await allOf(
        async (after) => unwrap(await store.devices.certificatesWithIds({ after, limit: 1 })),
        ({ fingerprint }) => fingerprint,
      )
      const device = await idOf('free')
      const expected = { device, name: 'Free phone', serial: '0a1b', ids: ['urn:sn:free'] }
      const fingerprints = [hex('certificate free'), hex('second')]
      expect(found).toEqual(fingerprints.map((fingerprint) => ({ fingerprint, ...expected })))
    })
  })
}
