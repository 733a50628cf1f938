import { expect, test } from 'vitest'
import type { Fingerprint, Instant } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { readDecisions } from '../../../src/serve/store-sync/read-rules.ts'
import { Overlay, signedIdsDelta } from '../../../src/state/overlay.ts'
import type { Store } from '../../../src/store/store.ts'
import { digestOf } from '../../../src/trust/signed-ids.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
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
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant
const VALID_UNTIL = (SEEN + 100 * DAY) as Instant
const signedIds = ['urn:udid:victim']

const record = async (store: Store, ...sightings: readonly Sighting[]) =>
  unwrap(await store.sightings.record(sightings))

async function deviceOf(store: Store, key: string): Promise<string | undefined> {
  const all = await keysOf(store, 'unapproved', 'approved', 'blocked')
  return all.find((one) => one.key === aKey(key))?.device
}

const approvalOf = async (store: Store, key: string): Promise<string | undefined> => {
  const id = await deviceOf(store, key)
  return id === undefined ? undefined : unwrap(await store.devices.find(id))?.device.approval
}

const refusedFor = (code: string): Partial<Sighting> => ({
  verdict: 'refuse',
  code,
  authentication: 'failed',
})

/** The victim under the current CA, the retired one beside it, and what a thief shows under the name of the victim. */
async function victim(store: Store): Promise<string> {
  await makeCurrent(store, 'first')
  await makeCurrent(store, 'second')
  const own = aCertificate('victim', { signedIds, setting: 'second' })
  await record(store, aSighting(own, { approvesItself: true }))
  return (await deviceOf(store, 'victim')) ?? ''
}

const stolen = (setting = 'first') => aCertificate('thief', { signedIds, setting })
/** An ordinary certificate for the same key: with nothing in it that names a device. */
const ordinary = () =>
  aCertificate('thief', { setting: 'second', fingerprint: hex('ordinary') as Fingerprint })

/** Every refusal of a certificate on a sound path of a CA that is current or previously trusted. */
const REFUSED = [
  'issued-after-retirement',
  'denied-issuer',
  'unknown-at-retirement',
  'sunset',
  'revoked',
  'issuer-revoked',
  'denied-key',
  'denied-serial',
  'distrusted',
  'staged',
  'expired',
  'expired-beyond-grace',
  'expired-without-grace',
  'not-yet-valid',
  'issuer-expired',
  'issuer-not-yet-valid',
  'revocation-unknown',
  'revocation-stale',
  'address-not-allowed',
  'blocked',
] as const

/** Decision 29: what was refused is no evidence. */
export function evidence(backend: Backend): void {
  test('control: a certificate that names a device and is admitted binds its key to that device', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const id = await victim(store)
    await record(store, aSighting(stolen(), { at: later(1) }))
    await record(store, aSighting(ordinary(), { at: later(2) }))
    expect(await deviceOf(store, 'thief')).toBe(id)
    expect(await approvalOf(store, 'thief')).toBe('approved')
  })

  test.each(REFUSED)(
    'a certificate refused as %s binds neither its key nor its id, and says nothing of the device it names',
    async (code) => {
      await using place = await backend.place()
      await using store = await opened(place)
      const id = await victim(store)
      const before = unwrap(await store.devices.find(id))
      await record(store, aSighting(stolen(), { at: later(1), ...refusedFor(code) }))
      await record(store, aSighting(ordinary(), { at: later(2) }))
      expect(await deviceOf(store, 'thief')).not.toBe(id)
      expect(await approvalOf(store, 'thief')).toBe('unapproved')
      expect(unwrap(await store.devices.find(id))).toEqual(before)
    },
  )

  test.each(['unapproved', 'match-rule-unmet'])(
    'a certificate refused as %s was fit, and links like an admitted one',
    async (code) => {
      await using place = await backend.place()
      await using store = await opened(place)
      const id = await victim(store)
      await record(store, aSighting(stolen(), { at: later(1), ...refusedFor(code) }))
      expect(await deviceOf(store, 'thief')).toBe(id)
    },
  )

  test('an id that a refused certificate showed first still belongs to the device that proves it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    await record(store, aSighting(stolen(), refusedFor('denied-issuer')))
    await record(store, aSighting(aCertificate('victim', { signedIds }), { at: later(1) }))
    const id = (await deviceOf(store, 'victim')) ?? ''
    expect(await deviceOf(store, 'thief')).not.toBe(id)
    expect(unwrap(await store.devices.find(id))?.signedIds).toEqual(signedIds)
  })

  test('a refused certificate takes no inventory entry, by its id or by its own word', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const [inventoryId = ''] = signedIds
    unwrap(await store.inventory.import(ADMIN, [{ id: inventoryId, name: 'Phone' }]))
    const facts = { ...refusedFor('issued-after-retirement'), reportedId: inventoryId }
    await record(store, aSighting(stolen(), facts))
    const thief = unwrap(await store.devices.find((await deviceOf(store, 'thief')) ?? ''))
    expect(thief?.device.inventory).toBeUndefined()
    await record(store, aSighting(aCertificate('victim', { signedIds }), { at: later(1) }))
    const owner = unwrap(await store.devices.find((await deviceOf(store, 'victim')) ?? ''))
    expect(owner?.device.inventory?.name).toBe('Phone')
  })

  test('a victim of refused certificates is still approved when an administrator says so', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    await record(store, aSighting(aCertificate('victim', { signedIds })))
    await record(store, aSighting(stolen(), { at: later(1), ...refusedFor('denied-issuer') }))
    const id = (await deviceOf(store, 'victim')) ?? ''
    const done = unwrap(await store.approvals.approve(ADMIN, [{ id }], VALID_UNTIL))
    expect(done).toEqual({ changed: [id], left: [] })
    const thief = (await deviceOf(store, 'thief')) ?? ''
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: thief }], VALID_UNTIL))).toEqual({
      changed: [],
      left: [{ id: thief, why: 'no-valid-certificate' }],
    })
  })

  test('who is refused under a CA depends on it no more than anybody', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await victim(store)
    await record(store, aSighting(stolen(), refusedFor('issued-after-retirement')))
    expect(unwrap(await store.enrollment.dependents('first'))).toBe(0)
    const fit = aCertificate('other', { setting: 'first' })
    await record(store, aSighting(fit, { at: later(1) }))
    expect(unwrap(await store.enrollment.dependents('first'))).toBe(1)
  })

  test('a refused certificate leads to a blocked device, and its key goes free of that when the block is lifted', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const id = await victim(store)
    unwrap(await store.approvals.block(ADMIN, [{ id }]))
    await record(store, aSighting(stolen(), { at: later(1), ...refusedFor('denied-issuer') }))
    expect(unwrap(await store.devices.find(id))?.device.sightings).toBe(2)
    expect(await deviceOf(store, 'thief')).toBeUndefined()
    unwrap(await store.approvals.unblock(ADMIN, [{ id }]))
    await record(store, aSighting(ordinary(), { at: later(2) }))
    expect(await deviceOf(store, 'thief')).not.toBe(id)
  })

  test.each(['not-yet-valid', 'revocation-unknown', 'expired'])(
    'a device whose new certificate was refused as %s at first keeps its approval once it is admitted',
    async (code) => {
      await using place = await backend.place()
      await using store = await opened(place)
      const id = await victim(store)
      const renewed = aCertificate('renewed', { signedIds, setting: 'second' })
      await record(store, aSighting(renewed, { at: later(1), ...refusedFor(code) }))
      const alone = (await deviceOf(store, 'renewed')) ?? ''
      expect(alone).not.toBe(id)
      await record(store, aSighting(renewed, { at: later(2) }))
      expect(await deviceOf(store, 'renewed')).toBe(id)
      expect(await approvalOf(store, 'renewed')).toBe('approved')
      // What it was taken for meanwhile is no second device.
      expect(unwrap(await store.devices.find(alone))).toBeUndefined()
      expect(unwrap(await store.devices.find(id))?.device.sightings).toBe(3)
    },
  )

  test('a device that an administrator decided on keeps its key, whatever id comes with it later', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const id = await victim(store)
    await record(store, aSighting(aCertificate('own', { setting: 'second' })))
    const own = (await deviceOf(store, 'own')) ?? ''
    unwrap(await store.approvals.approve(ADMIN, [{ id: own }], VALID_UNTIL))
    const both = { signedIds, setting: 'second', fingerprint: hex('both') as Fingerprint }
    await record(store, aSighting(aCertificate('own', both), { at: later(1) }))
    expect(await deviceOf(store, 'own')).toBe(own)
    expect(own).not.toBe(id)
  })

  test('an inventory entry that was blocked before it came blocks the device that proves its id, and none that claims it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const [inventoryId = ''] = signedIds
    unwrap(await store.inventory.import(ADMIN, [{ id: inventoryId, name: 'Phone' }]))
    // Known and approved by another certificate before its entry was blocked.
    await record(store, aSighting(aCertificate('victim'), { approvesItself: true }))
    const { items } = unwrap(
      await store.devices.list({ filter: {}, order: 'first-seen', minimums: [], limit: 10 }),
    )
    const id = items.find(({ inventory }) => inventory !== undefined)?.id ?? ''
    const before = unwrap(await store.feed.revision())
    unwrap(await store.approvals.block(ADMIN, [{ id }]))
    expect(unwrap(await store.feed.since(before))).toMatchObject({
      signedIds: [{ id: inventoryId, approval: 'blocked' }],
    })
    expect(unwrap(await store.approvals.blockedEntries({ limit: 10 }))).toEqual([inventoryId])
    const claims = aSighting(aCertificate('claims'), { at: later(1), reportedId: inventoryId })
    await record(store, claims)
    expect(await approvalOf(store, 'claims')).toBe('unapproved')
    const proves = { signedIds, fingerprint: hex('proves') as Fingerprint }
    await record(store, aSighting(aCertificate('victim', proves), { at: later(2) }))
    expect(await deviceOf(store, 'victim')).toBe(id)
    expect(await approvalOf(store, 'victim')).toBe('blocked')
    expect(unwrap(await store.approvals.signedIds('blocked', { limit: 10 }))).toEqual(signedIds)
    const middle = unwrap(await store.feed.revision())
    unwrap(await store.approvals.unblock(ADMIN, [{ id }]))
    expect(unwrap(await store.feed.since(middle))).toMatchObject({
      signedIds: [{ id: inventoryId, approval: 'unapproved' }],
    })
    expect(unwrap(await store.approvals.blockedEntries({ limit: 10 }))).toEqual([])
  })

  test('an entry that is blocked by an id that an approved device proved blocks it in every process, and for good', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const [x, y] = ['urn:sn:x', 'urn:sn:y']
    unwrap(await store.inventory.import(ADMIN, [{ id: x }, { id: y }]))
    const both = { signedIds: [x, y] }
    await record(store, aSighting(aCertificate('a', both), { approvesItself: true }))
    const { items } = unwrap(
      await store.devices.list({ filter: {}, order: 'first-seen', minimums: [], limit: 10 }),
    )
    const entry = items.find(({ inventory }) => inventory?.id === y)?.id ?? ''
    // What a process holds that follows the feed, and one that starts now.
    let seen = 0
    const following = new Overlay()
    const held = async () => {
      const since = unwrap(await store.feed.since(seen))
      if (since.kind !== 'changes') throw new Error(since.kind)
      seen = since.revision
      following.apply(signedIdsDelta(seen, since.signedIds))
      const fresh = new Overlay()
      unwrap(await readDecisions(store, seen, (delta) => fresh.apply(delta)))
      return [following, fresh].map(({ approvedIds, blockedIds }) =>
        [x, y].map((id) =>
          blockedIds.has(digestOf(id))
            ? 'blocked'
            : approvedIds.has(digestOf(id))
              ? 'approved'
              : 'unapproved',
        ),
      )
    }
    const alike = (...of: readonly string[]) => [of, of]
    expect(await held()).toEqual(alike('approved', 'approved'))
    unwrap(await store.approvals.block(ADMIN, [{ id: entry }]))
    expect(await held()).toEqual(alike('approved', 'blocked'))
    unwrap(await store.approvals.unblock(ADMIN, [{ id: entry }]))
    expect(await held()).toEqual(alike('approved', 'approved'))
    unwrap(await store.approvals.block(ADMIN, [{ id: entry }]))
    // Admitted a moment before the block was known: the key goes to the blocked entry, and so does its id.
    await record(store, aSighting(aCertificate('a', both), { at: later(1) }))
    expect(await deviceOf(store, 'a')).toBe(entry)
    expect(await held()).toEqual(alike('approved', 'blocked'))
    const renewed = { signedIds: [y], fingerprint: hex('renewed') as Fingerprint }
    await record(store, aSighting(aCertificate('b', renewed), { at: later(2) }))
    expect(await approvalOf(store, 'b')).toBe('blocked')
  })

  test('what a block of devices would reach is told for all of them, and of an entry without a key by its id', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.inventory.import(ADMIN, [{ id: 'urn:sn:bare' }]))
    const many = Array.from({ length: 64 }, (_, index) => `urn:sn:${index}`)
    const more = Array.from({ length: 64 }, (_, index) => `urn:sn:more-${index}`)
    await record(store, aSighting(aCertificate('a', { signedIds: many })))
    const next = { signedIds: more, fingerprint: hex('next') as Fingerprint }
    await record(store, aSighting(aCertificate('a', next), { at: later(1) }))
    const { items } = unwrap(
      await store.devices.list({ filter: {}, order: 'first-seen', minimums: [], limit: 10 }),
    )
    const bare = items.find(({ inventory }) => inventory !== undefined)
    const id = (await deviceOf(store, 'a')) ?? ''
    const targets = unwrap(await store.devices.blockTargets([id, bare?.id ?? '', 'none']))
    expect(targets.size).toBe(2)
    expect(targets.get(bare?.id ?? '')).toEqual({ version: bare?.version, ids: ['urn:sn:bare'] })
    expect(targets.get(id)?.ids).toEqual([...many, ...more].toSorted())
  })

  test('every id of a certificate binds, the tenth too', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const ten = Array.from({ length: 10 }, (_, index) => `urn:sn:${index}`)
    await record(store, aSighting(aCertificate('a', { signedIds: ten })))
    const renewed = aCertificate('b', { signedIds: ['urn:sn:9'] })
    await record(store, aSighting(renewed, { at: later(1) }))
    expect(await deviceOf(store, 'b')).toBe(await deviceOf(store, 'a'))
  })
}
