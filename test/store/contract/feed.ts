import { expect, test } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  SEEN,
  unwrap,
  keysOf,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

/** The next revision that a store is told of. */
function nextRevision(store: Store, from: number, pollEvery: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const stop = store.feed.watch(
      {
        revision(revision) {
          stop()
          resolve(revision)
        },
        trouble: (why) => reject(new Error(JSON.stringify(why))),
      },
      { from, pollEvery },
    )
  })
}

/** What snapshots follow. */
export function feed(backend: Backend): void {
  test('an answer names what changed, and no more', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record(['a', 'b'].map((key) => aSighting(aCertificate(key)))))
    const start = unwrap(await store.feed.revision())
    const none = unwrap(await store.feed.since(start))
    expect(none).toMatchObject({ kind: 'changes', revision: start, approvals: [], forgotten: [] })
    const [one] = await keysOf(store, 'unapproved')
    unwrap(await store.approvals.block(ADMIN, [{ id: one?.device ?? '' }]))
    unwrap(await store.denials.add(ADMIN, { kind: 'key', key: aKey('x') }, ''))
    const since = unwrap(await store.feed.since(start))
    if (since.kind !== 'changes') throw new Error(since.kind)
    expect(since.approvals).toEqual([{ ...one, approval: 'blocked' }])
    expect([...since.changed.keys()].sort()).toEqual(['approval', 'deny'])
    expect(since.changed.get('deny')).toEqual([`key:${aKey('x')}`])
  })

  test('sightings that change no approval leave the revision alone', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const before = unwrap(await store.feed.revision())
    for (const at of [SEEN, SEEN])
      unwrap(await store.sightings.record([aSighting(aCertificate('a'), { at })]))
    expect(unwrap(await store.feed.revision())).toBe(before)
    unwrap(await store.sightings.record([aSighting(aCertificate('a'), { approvesItself: true })]))
    expect(unwrap(await store.feed.revision())).toBe(before + 1)
  })

  test('a new key of a blocked device is in the feed', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const signedIds = ['udid']
    unwrap(await store.sightings.record([aSighting(aCertificate('a', { signedIds }))]))
    const [one] = await keysOf(store, 'unapproved')
    unwrap(await store.approvals.block(ADMIN, [{ id: one?.device ?? '' }]))
    const before = unwrap(await store.feed.revision())
    unwrap(await store.sightings.record([aSighting(aCertificate('b', { signedIds }))]))
    const since = unwrap(await store.feed.since(before))
    if (since.kind !== 'changes') throw new Error(since.kind)
    expect(since.approvals.map(({ key, approval }) => [key, approval])).toEqual([
      [aKey('a'), 'blocked'],
      [aKey('b'), 'blocked'],
    ])
  })

  test('the signed ids of a device are in the feed when it is approved, blocked, gains one, goes free, and is forgotten', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const record = async (key: string, ...signedIds: readonly string[]) =>
      unwrap(await store.sightings.record([aSighting(aCertificate(key, { signedIds }))]))
    await record('a', 'urn:sn:1')
    await record('other', 'urn:sn:9')
    const id =
      (await keysOf(store, 'unapproved')).find(({ key }) => key === aKey('a'))?.device ?? ''
    let seen = unwrap(await store.feed.revision())
    const next = async () => {
      const since = unwrap(await store.feed.since(seen))
      if (since.kind !== 'changes') throw new Error(since.kind)
      seen = since.revision
      return since.signedIds
    }
    const blockedIds = async () =>
      unwrap(await store.approvals.signedIds('blocked', { limit: 100 }))
    const approvedIds = async () =>
      unwrap(await store.approvals.signedIds('approved', { limit: 100 }))
    expect([await blockedIds(), await approvedIds()]).toEqual([[], []])
    unwrap(await store.approvals.approve(ADMIN, [{ id }], SEEN))
    expect(await next()).toEqual([{ id: 'urn:sn:1', approval: 'approved' }])
    expect([await blockedIds(), await approvedIds()]).toEqual([[], ['urn:sn:1']])
    unwrap(await store.approvals.block(ADMIN, [{ id }]))
    expect(await next()).toEqual([{ id: 'urn:sn:1', approval: 'blocked' }])
    await record('a', 'urn:sn:1', 'urn:sn:2')
    expect(await next()).toEqual([
      { id: 'urn:sn:1', approval: 'blocked' },
      { id: 'urn:sn:2', approval: 'blocked' },
    ])
    expect(await blockedIds()).toEqual(['urn:sn:1', 'urn:sn:2'])
    const page = unwrap(await store.approvals.signedIds('blocked', { after: 'urn:sn:1', limit: 1 }))
    expect(page).toEqual(['urn:sn:2'])
    unwrap(await store.approvals.unblock(ADMIN, [{ id }]))
    expect(await next()).toEqual([
      { id: 'urn:sn:1', approval: 'unapproved' },
      { id: 'urn:sn:2', approval: 'unapproved' },
    ])
    expect([await blockedIds(), await approvedIds()]).toEqual([[], []])
    unwrap(await store.devices.forget(ADMIN, id, 'any'))
    expect(await next()).toEqual([
      { id: 'urn:sn:1', approval: 'unapproved' },
      { id: 'urn:sn:2', approval: 'unapproved' },
    ])
  })

  test('an id whose approved device was forgotten approves no key until another device proves it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const signedIds = ['urn:sn:1']
    const record = async (key: string, approvesItself: boolean) =>
      unwrap(
        await store.sightings.record([
          aSighting(aCertificate(key, { signedIds }), { approvesItself }),
        ]),
      )
    await record('a', true)
    const [one] = await keysOf(store, 'approved')
    const before = unwrap(await store.feed.revision())
    unwrap(await store.devices.forget(ADMIN, one?.device ?? '', 'any'))
    const told = async () => {
      const since = unwrap(await store.feed.since(before))
      return since.kind === 'changes' ? since.signedIds : since.kind
    }
    expect(await told()).toEqual([{ id: 'urn:sn:1', approval: 'unapproved' }])
    await record('b', true)
    expect(await told()).toEqual([{ id: 'urn:sn:1', approval: 'approved' }])
  })

  test('a forgotten device is named as such', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record([aSighting(aCertificate('a'), { approvesItself: true })]))
    const [one] = await keysOf(store, 'approved')
    const before = unwrap(await store.feed.revision())
    unwrap(await store.devices.forget(ADMIN, one?.device ?? '', 'any'))
    expect(unwrap(await store.feed.since(before))).toMatchObject({
      forgotten: [one?.device],
      approvals: [],
    })
  })

  test('a key whose device was forgotten belongs to no device until it comes back as a new one', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record([aSighting(aCertificate('a'), { approvesItself: true })]))
    const [one] = await keysOf(store, 'approved')
    const before = unwrap(await store.feed.revision())
    unwrap(await store.devices.forget(ADMIN, one?.device ?? '', 'any'))
    expect(unwrap(await store.feed.since(before))).toMatchObject({ orphanedKeys: [aKey('a')] })
    unwrap(await store.sightings.record([aSighting(aCertificate('a'))]))
    expect(unwrap(await store.feed.since(before))).toMatchObject({
      orphanedKeys: [],
      approvals: [{ key: aKey('a'), approval: 'unapproved' }],
    })
  })

  test('a caller that asks from before the pruned changes, or from another store, reads everything anew', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    for (const name of ['a', 'b', 'c'])
      unwrap(await store.documents.put(ADMIN, { name, body: 1 }, 0))
    unwrap(await store.feed.prune(2))
    expect(unwrap(await store.feed.since(1)).kind).toBe('everything')
    expect(unwrap(await store.feed.since(2))).toMatchObject({ kind: 'changes', revision: 3 })
    expect(unwrap(await store.feed.since(4)).kind).toBe('everything')
  })

  test('a change of this process is told at once', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const told = nextRevision(store, 0, 3_600_000)
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    expect(await told).toBe(1)
  })

  test('a change of another process is found by the poll', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using other = await opened(place)
    const told = nextRevision(store, 0, 20)
    unwrap(await other.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    expect(await told).toBe(1)
  })
}
