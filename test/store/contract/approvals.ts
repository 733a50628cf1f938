import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { SightedCertificate, Sighting } from '../../../src/fleet/sighting.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened, testClock } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  DAY,
  unwrapFailure,
  SEEN,
  unwrap,
  keysOf,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const VALID_UNTIL = (SEEN + 365 * DAY) as Instant

async function fleet(store: Store, ...keys: readonly string[]): Promise<readonly string[]> {
  await makeCurrent(store, 'first')
  unwrap(await store.sightings.record(keys.map((key) => aSighting(aCertificate(key)))))
  const all = await keysOf(store, 'unapproved')
  return keys.map((key) => all.find((one) => one.key === aKey(key))?.device ?? '')
}

/** Approve, block, and the deny list. */
export function approvals(backend: Backend): void {
  test('approve selected takes the valid unapproved ones and says why it left the others', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = '', b = '', c = ''] = await fleet(store, 'a', 'b', 'c')
    unwrap(await store.approvals.block(ADMIN, [{ id: c }]))
    unwrap(await store.approvals.approve(ADMIN, [{ id: b }], VALID_UNTIL))
    const selected = [{ id: a }, { id: b }, { id: c }, { id: 'missing' }]
    expect(unwrap(await store.approvals.approve(ADMIN, selected, VALID_UNTIL))).toEqual({
      changed: [a],
      left: [
        { id: b, why: 'already' },
        { id: c, why: 'blocked' },
        { id: 'missing', why: 'not-found' },
      ],
    })
  })

  test('a certificate that has ended is not approved', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = ''] = await fleet(store, 'a')
    const late = (VALID_UNTIL + 1) as Instant
    const left = [{ id: a, why: 'no-valid-certificate' }]
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], late)).left).toEqual(left)
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], VALID_UNTIL)).changed).toEqual([
      a,
    ])
  })

  test.each<[string, Partial<Sighting>, Partial<SightedCertificate>]>([
    ['was revoked', { code: 'revoked' }, {}],
    ['is under a revoked CA', { code: 'issuer-revoked' }, {}],
    ['may be revoked, for all that anybody knows', { code: 'revocation-stale' }, {}],
    ['comes from a distrusted CA', { code: 'distrusted' }, {}],
    ['comes from a denied CA', { code: 'denied-issuer' }, {}],
    ['has a denied key', { code: 'denied-key' }, {}],
    ['was issued after the retirement', { code: 'issued-after-retirement' }, {}],
    ['was too early', { code: 'not-yet-valid' }, {}],
    ['has an expired issuer', { code: 'issuer-expired' }, {}],
    ['was not looked at, from there', { code: 'address-not-allowed' }, {}],
    ['has a wrong signature', { code: 'bad-signature' }, { sound: false, setting: undefined }],
    ['is of an unknown setting', { verdict: 'admit' }, { setting: 'missing' }],
  ])('a device whose last certificate %s is not approved with the others', async (...row) => {
    const [, said, change] = row
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = ''] = await fleet(store, 'a')
    const at = (SEEN + 1) as Instant
    const later = aSighting(aCertificate('a', change), { at, verdict: 'refuse', ...said })
    unwrap(await store.sightings.record([later]))
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], SEEN))).toEqual({
      changed: [],
      left: [{ id: a, why: 'no-valid-certificate' }],
    })
  })

  test.each(['unapproved', 'match-rule-unmet'])(
    'a device that was refused as %s has a certificate that was judged fit, and is approved',
    async (code) => {
      await using place = await backend.place()
      await using store = await opened(place)
      const [a = ''] = await fleet(store, 'a')
      const at = (SEEN + 1) as Instant
      unwrap(
        await store.sightings.record([
          aSighting(aCertificate('a'), { at, verdict: 'refuse', code }),
        ]),
      )
      expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], SEEN)).changed).toEqual([a])
    },
  )

  test('a CA that was distrusted since takes its devices out of what is approved', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = ''] = await fleet(store, 'a')
    unwrap(await store.enrollment.distrust(ADMIN, 'first', 'any'))
    const left = [{ id: a, why: 'no-valid-certificate' }]
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], SEEN)).left).toEqual(left)
  })

  test('a previously trusted CA counts until the moment of its sunset', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = ''] = await fleet(store, 'a')
    const sunset = (SEEN + DAY) as Instant
    unwrap(await store.enrollment.stage(ADMIN, { name: 'next', source: 'local', chain: [] }))
    const retiring = { cutOff: 'not-before', sunset } as const
    unwrap(await store.enrollment.promote(ADMIN, 'next', { expected: 'any', retiring }))
    const left = [{ id: a, why: 'no-valid-certificate' }]
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], sunset)).left).toEqual(left)
    const before = (sunset - 1) as Instant
    expect(unwrap(await store.approvals.approve(ADMIN, [{ id: a }], before)).changed).toEqual([a])
  })

  test('an approved device awaits its next connection, and is green only after it', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN + 1000)
    await using store = await opened(place, { clock })
    const [a = ''] = await fleet(store, 'a')
    unwrap(await store.approvals.approve(ADMIN, [{ id: a }], VALID_UNTIL))
    const awaiting = async () => unwrap(await store.devices.find(a))?.device.awaiting
    expect(await awaiting()).toBe(true)
    const seenAt = async (at: number) =>
      unwrap(await store.sightings.record([aSighting(aCertificate('a'), { at: at as Instant })]))
    await seenAt(SEEN + 1000)
    expect(await awaiting()).toBe(true)
    await seenAt(SEEN + 1001)
    expect(await awaiting()).toBe(false)
  })

  test('a device that changed since it was looked at is left alone', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = ''] = await fleet(store, 'a')
    const version = unwrap(await store.devices.find(a))?.device.version ?? 0
    unwrap(await store.approvals.block(ADMIN, [{ id: a, expected: version }]))
    const again = unwrap(await store.approvals.unblock(ADMIN, [{ id: a, expected: version }]))
    expect(again).toEqual({ changed: [], left: [{ id: a, why: 'stale' }] })
    expect(
      unwrap(await store.approvals.unblock(ADMIN, [{ id: a, expected: version + 1 }])).changed,
    ).toEqual([a])
  })

  test('every device that was decided on has its own audit row', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const ids = await fleet(store, 'a', 'b')
    unwrap(
      await store.approvals.block(
        ADMIN,
        ids.map((id) => ({ id })),
      ),
    )
    const rows = unwrap(await store.audit.list({ limit: 10, action: 'device.block' })).items
    expect(new Set(rows.map(({ subject }) => subject))).toEqual(new Set(ids))
    expect(rows[0]).toMatchObject({
      before: { approval: 'unapproved' },
      after: { approval: 'blocked' },
    })
  })

  test('withdrawing an approval does not lift a block', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const [a = '', b = ''] = await fleet(store, 'a', 'b')
    unwrap(await store.approvals.block(ADMIN, [{ id: a }]))
    unwrap(await store.approvals.approve(ADMIN, [{ id: b }], SEEN))
    expect(unwrap(await store.approvals.withdraw(ADMIN, [{ id: a }, { id: b }]))).toEqual({
      changed: [b],
      left: [{ id: a, why: 'blocked' }],
    })
    expect(unwrap(await store.approvals.unblock(ADMIN, [{ id: b }])).left[0]?.why).toBe(
      'not-blocked',
    )
  })

  test('a large selection is decided in one step, a larger one refused', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const keys = Array.from({ length: 700 }, (_, index) => `device ${index}`)
    const ids = await fleet(store, ...keys)
    const selected = ids.map((id) => ({ id }))
    expect(unwrap(await store.approvals.approve(ADMIN, selected, SEEN)).changed).toHaveLength(700)
    const tooMany = Array.from({ length: 10_001 }, (_, index) => ({ id: String(index) }))
    expect(unwrapFailure(await store.approvals.block(ADMIN, tooMany))).toMatchObject({
      kind: 'too-many',
    })
  })

  test('keys known before a retirement are told from those that came later', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await fleet(store, 'a', 'b')
    const at = (SEEN + DAY) as Instant
    unwrap(await store.sightings.record([aSighting(aCertificate('late'), { at })]))
    const known = async (before: Instant, limit = 10) =>
      unwrap(await store.approvals.knownKeys('first', before, { limit }))
    expect(await known(at)).toEqual([aKey('a'), aKey('b')])
    expect(await known(at, 1)).toEqual([aKey('a')])
    expect(await known((at + 1) as Instant)).toHaveLength(3)
    expect(unwrap(await store.approvals.knownKeys('second', at, { limit: 9 }))).toEqual([])
  })

  test('deny entries are kept once, listed and taken off, each with its audit row', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const key = { kind: 'key', key: aKey('stolen') } as const
    const serial = { kind: 'serial', issuerKey: aKey('issuer'), serial: '0a' } as const
    unwrap(await store.denials.add(ADMIN, key, 'stolen'))
    unwrap(await store.denials.add(ADMIN, serial, ''))
    expect(unwrapFailure(await store.denials.add(ADMIN, key, 'again')).kind).toBe('already-exists')
    expect(unwrap(await store.denials.list()).map(({ denied }) => denied)).toEqual(
      expect.arrayContaining([key, serial]),
    )
    const value = `${serial.issuerKey}:${serial.serial}`
    const wanted = [
      { kind: 'serial', value },
      { kind: 'key', value },
      { kind: 'key', value: 'none' },
    ] as const
    expect(unwrap(await store.denials.named(wanted)).map(({ denied }) => denied)).toEqual([serial])
    expect(unwrap(await store.denials.named([]))).toEqual([])
    unwrap(await store.denials.remove(ADMIN, key))
    expect(unwrapFailure(await store.denials.remove(ADMIN, key)).kind).toBe('not-found')
    const actions = unwrap(await store.audit.list({ limit: 9 })).items.map(({ action }) => action)
    expect(actions).toEqual(['deny.remove', 'deny.add', 'deny.add'])
  })
}
