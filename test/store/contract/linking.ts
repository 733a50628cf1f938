import { expect, test } from 'vitest'
import type { Fingerprint, Instant } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  hex,
  unwrapFailure,
  SEEN,
  unwrap,
  keysOf,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant

/** Which device each key belongs to, by the names that the test gave the keys. */
async function deviceOf(store: Store, key: string): Promise<string | undefined> {
  const all = await keysOf(store, 'unapproved', 'approved', 'blocked')
  return all.find((one) => one.key === aKey(key))?.device
}

const approvalOf = async (store: Store, key: string): Promise<string | undefined> => {
  const id = await deviceOf(store, key)
  return id === undefined ? undefined : unwrap(await store.devices.find(id))?.device.approval
}

const record = async (store: Store, ...sightings: readonly Sighting[]) =>
  unwrap(await store.sightings.record(sightings))

/** Decision 9: which certificates are one device, and what approval they inherit. */
export function linking(backend: Backend): void {
  test('a renewed certificate with the same key is the same device', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    await record(store, aSighting(aCertificate('a'), { approvesItself: true }))
    const renewed = aCertificate('a', { fingerprint: hex('renewed') as Fingerprint, serial: '02' })
    const done = await record(store, aSighting(renewed, { at: later(1000) }))
    expect(done.newDevices).toBe(0)
    const device = await deviceOf(store, 'a')
    const detail = unwrap(await store.devices.find(device ?? ''))
    expect(detail?.certificates.map(({ serial }) => serial)).toEqual(['02', '0a1b'])
    expect(detail?.device).toMatchObject({ approval: 'approved', sightings: 2 })
  })

  test('a new key inherits approval through an id that the current CA signed', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const signedIds = ['udid-1']
    await record(store, aSighting(aCertificate('a', { signedIds }), { approvesItself: true }))
    await record(store, aSighting(aCertificate('b', { signedIds }), { at: later(1) }))
    expect(await deviceOf(store, 'b')).toBe(await deviceOf(store, 'a'))
    expect(await approvalOf(store, 'b')).toBe('approved')
  })

  test.each([
    ['the path is not sound', { sound: false, setting: undefined }],
    ['the setting is staged', { setting: 'staged' }],
    ['the setting is distrusted', { setting: 'distrusted' }],
    ['the setting is unknown', { setting: 'missing' }],
  ])('an id carries no approval when %s', async (_why, change) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    for (const name of ['staged', 'distrusted']) {
      unwrap(await store.enrollment.stage(ADMIN, { name, source: 'other', chain: [] }))
    }
    unwrap(await store.enrollment.distrust(ADMIN, 'distrusted', 'any'))
    const signedIds = ['udid-1']
    await record(store, aSighting(aCertificate('a', { signedIds }), { approvesItself: true }))
    const thief = aCertificate('thief', { signedIds, ...change })
    await record(store, aSighting(thief, { at: later(1), approvesItself: true }))
    expect(await deviceOf(store, 'thief')).not.toBe(await deviceOf(store, 'a'))
    expect(await approvalOf(store, 'thief')).toBe('unapproved')
  })

  test('what a device says of itself never carries an approval', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const reportedId = 'serial-77'
    await record(store, aSighting(aCertificate('a'), { reportedId, approvesItself: true }))
    await record(store, aSighting(aCertificate('thief'), { reportedId, at: later(1) }))
    expect(await approvalOf(store, 'thief')).toBe('unapproved')
    expect(await approvalOf(store, 'a')).toBe('approved')
  })

  test('the same subject joins no devices', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const subject = 'CN=RANDOM16'
    await record(
      store,
      aSighting(aCertificate('a', { subject })),
      aSighting(aCertificate('b', { subject })),
    )
    expect(await deviceOf(store, 'a')).not.toBe(await deviceOf(store, 'b'))
  })

  test('a blocked device stays blocked under a new key that its id leads to', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const signedIds = ['udid-1']
    await record(store, aSighting(aCertificate('a', { signedIds })))
    unwrap(await store.approvals.block(ADMIN, [{ id: (await deviceOf(store, 'a')) ?? '' }]))
    const b = aCertificate('b', { signedIds })
    await record(store, aSighting(b, { at: later(1), approvesItself: true }))
    expect(await approvalOf(store, 'b')).toBe('blocked')
  })

  test('evidence for two devices leads to the blocked one', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    await record(
      store,
      aSighting(aCertificate('bad', { signedIds: ['udid-bad'] })),
      aSighting(aCertificate('good'), { approvesItself: true }),
    )
    unwrap(await store.approvals.block(ADMIN, [{ id: (await deviceOf(store, 'bad')) ?? '' }]))
    expect(await approvalOf(store, 'good')).toBe('approved')
    const both = aCertificate('good', {
      signedIds: ['udid-bad'],
      fingerprint: hex('2') as Fingerprint,
    })
    await record(store, aSighting(both, { at: later(1) }))
    expect(await approvalOf(store, 'good')).toBe('blocked')
  })

  test.each([
    ['within its cut-off approves a device by itself', {}, {}, 'approved'],
    ['approves none from its sunset on', {}, { sunset: SEEN }, 'unapproved'],
    [
      'with the cut-off for known devices approves none that it meets later',
      {},
      { cutOff: 'known-devices' },
      'unapproved',
    ],
    [
      'with the cut-off for known devices approves one that it met before',
      { isKnown: true },
      { cutOff: 'known-devices' },
      'approved',
    ],
  ] as const)(
    'a previously trusted CA %s',
    async (_promise, { isKnown }: { isKnown?: boolean }, retirement, approval) => {
      await using place = await backend.place()
      await using store = await opened(place)
      await makeCurrent(store, 'first')
      if (isKnown === true) await record(store, aSighting(aCertificate('a'), { at: later(-1) }))
      await makeCurrent(store, 'second')
      unwrap(await store.enrollment.amend(ADMIN, 'first', { expected: 'any', retirement }))
      const renewed = aCertificate('a', { fingerprint: hex('renewed') as Fingerprint })
      const at = later(10 ** 12)
      await record(store, aSighting(renewed, { at, approvesItself: true }))
      expect(await approvalOf(store, 'a')).toBe(approval)
    },
  )

  test('only a sound certificate of a CA that admits it approves a device by itself', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    await makeCurrent(store, 'second')
    const approvesItself = true
    const done = await record(
      store,
      aSighting(aCertificate('late', { setting: 'first', notBefore: later(10 ** 12) }), {
        approvesItself,
      }),
      aSighting(aCertificate('unsound', { sound: false, setting: 'second' }), { approvesItself }),
      aSighting(aCertificate('unknown', { setting: undefined }), { approvesItself }),
      aSighting(aCertificate('not-asked', { setting: 'second' })),
      aSighting(aCertificate('fit', { setting: 'second' }), { approvesItself }),
    )
    expect(done.approvedThemselves).toBe(1)
    expect(await approvalOf(store, 'fit')).toBe('approved')
    for (const key of ['late', 'unsound', 'unknown', 'not-asked']) {
      expect(await approvalOf(store, key)).toBe('unapproved')
    }
  })

  test('the newest sighting is the last word, in whatever order they arrive', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const refusedOne = { verdict: 'refuse', code: 'expired', authentication: 'failed' } as const
    await record(store, aSighting(aCertificate('a'), { at: later(2000), ...refusedOne, count: 3 }))
    await record(store, aSighting(aCertificate('a'), { at: later(1000), agentVersion: '0.9' }))
    const detail = unwrap(await store.devices.find((await deviceOf(store, 'a')) ?? ''))
    expect(detail?.device).toMatchObject({
      firstSeen: SEEN + 1000,
      lastSeen: SEEN + 2000,
      sightings: 4,
      verdict: 'refuse',
      code: 'expired',
      authentication: 'failed',
      agentVersion: '1.0',
    })
  })

  test('migration goes from none over pending to success, and back only by the sync port', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const seen: string[] = []
    for (const [index, migration] of (
      [undefined, 'success', 'pending', 'success', undefined, 'pending'] as const
    ).entries()) {
      await record(store, aSighting(aCertificate('a'), { at: later(index), migration }))
      seen.push(
        unwrap(await store.devices.find((await deviceOf(store, 'a')) ?? ''))?.device.migration ??
          '',
      )
    }
    expect(seen).toEqual(['none', 'none', 'pending', 'success', 'success', 'pending'])
    // Of several replicas one may be late: what it says of an earlier moment undoes nothing.
    await record(store, aSighting(aCertificate('a'), { at: later(1), migration: 'success' }))
    const device = unwrap(await store.devices.find((await deviceOf(store, 'a')) ?? ''))?.device
    expect(device?.migration).toBe('pending')
  })

  test('certificates without a sound path are kept up to a bound, and counted past it', async () => {
    await using place = await backend.place()
    await using store = await opened(place, { unsoundLimit: 2 })
    await makeCurrent(store, 'first')
    const stranger = (key: string) =>
      aSighting(aCertificate(key, { sound: false, setting: undefined }))
    expect((await record(store, stranger('x'), stranger('y'))).dropped).toBe(0)
    expect((await record(store, stranger('z'), stranger('x'))).dropped).toBe(1)
    expect(await deviceOf(store, 'z')).toBeUndefined()
    // A device with a sound certificate is always taken in.
    expect((await record(store, aSighting(aCertificate('fit')))).newDevices).toBe(1)
  })

  test('a key that signs itself one name after the other leaves no more words than certificates are kept', async () => {
    await using place = await backend.place()
    await using store = await opened(place, { unsoundLimit: 1 })
    const named = (name: string) => {
      const fingerprint = hex(name) as Fingerprint
      const facts = { sound: false, setting: undefined, subject: `CN=${name}`, fingerprint }
      return aSighting(aCertificate('one', facts))
    }
    await record(store, named('first'))
    await record(store, named('second'), named('third'))
    const found = async (text: string): Promise<number> =>
      unwrap(await store.devices.count({ text }, []))
    expect([await found('first'), await found('second'), await found('third')]).toEqual([1, 0, 0])
    // The device itself was seen, whatever it calls itself.
    const id = (await deviceOf(store, 'one')) ?? ''
    expect(unwrap(await store.devices.find(id))?.device.sightings).toBe(3)
  })

  test('strangers that stayed away are forgotten, and make room', async () => {
    await using place = await backend.place()
    await using store = await opened(place, { unsoundLimit: 3 })
    await makeCurrent(store, 'first')
    const stranger = (key: string, ms: number) =>
      aSighting(aCertificate(key, { sound: false, setting: undefined }), { at: later(ms) })
    await record(store, stranger('gone', 0), stranger('blocked', 0), stranger('here', 1000))
    await record(store, aSighting(aCertificate('fit')))
    unwrap(await store.approvals.block(ADMIN, [{ id: (await deviceOf(store, 'blocked')) ?? '' }]))
    expect((await record(store, stranger('late', 1000))).dropped).toBe(1)
    expect(unwrap(await store.sightings.forgetUnverified(later(1000)))).toEqual({ devices: 1 })
    expect(await deviceOf(store, 'gone')).toBeUndefined()
    expect(await approvalOf(store, 'blocked')).toBe('blocked')
    expect(await approvalOf(store, 'here')).toBe('unapproved')
    expect(await approvalOf(store, 'fit')).toBe('unapproved')
    expect((await record(store, stranger('late', 1001))).newDevices).toBe(1)
  })

  test('a device seen without a certificate is counted, not invented', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const bare = aSighting(undefined, { listener: 'sync', reportedId: 'who-knows', count: 4 })
    expect(await record(store, bare)).toMatchObject({ newDevices: 0, unidentified: 4 })
    expect(unwrap(await store.devices.count({}, []))).toBe(0)
  })

  test('a batch past its bound is refused whole', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const one = aSighting(aCertificate('a'))
    const why = unwrapFailure(await store.sightings.record(Array.from({ length: 5001 }, () => one)))
    expect(why).toMatchObject({ kind: 'too-many', found: 5001, limit: 5000 })
    expect(unwrap(await store.devices.count({}, []))).toBe(0)
  })
}
