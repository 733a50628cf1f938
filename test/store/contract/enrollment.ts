import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened, testClock } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aSighting,
  DAY,
  unwrapFailure,
  SEEN,
  unwrap,
} from '../../support/store/sightings.ts'

const RETIRING = { cutOff: 'not-before', sunset: undefined } as const
const setting = (name: string) =>
  ({
    name,
    source: 'local',
    chain: [Buffer.from(`der of ${name}`), Buffer.from([0, 255])],
  }) as const

/** Stages and promotes a setting; the one before retires. */
export async function makeCurrent(store: Store, name: string): Promise<void> {
  unwrap(await store.enrollment.stage(ADMIN, setting(name)))
  unwrap(await store.enrollment.promote(ADMIN, name, { expected: 'any', retiring: RETIRING }))
}

const standings = async (store: Store): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    unwrap(await store.enrollment.list()).map(({ name, standing }) => [name, standing.kind]),
  )

/** The life of enrollment settings. */
export function enrollment(backend: Backend): void {
  test('promoting a setting retires the one before in the same step', async () => {
    await using place = await backend.place()
    const clock = testClock()
    await using store = await opened(place, { clock })
    await makeCurrent(store, 'old')
    clock.at += 1000
    unwrap(await store.enrollment.stage(ADMIN, setting('new')))
    expect(await standings(store)).toEqual({ old: 'current', new: 'staged' })
    const sunset = (clock.at + DAY) as Instant
    const retiring = { cutOff: 'known-devices', sunset } as const
    const promoted = unwrap(await store.enrollment.promote(ADMIN, 'new', { expected: 1, retiring }))
    expect(promoted.retired?.standing).toEqual({
      kind: 'previously-trusted',
      retiredAt: clock.at,
      ...retiring,
    })
    expect(await standings(store)).toEqual({ old: 'previously-trusted', new: 'current' })
    const [first, second] = unwrap(await store.audit.list({ limit: 2 })).items
    expect(new Set([first?.action, second?.action])).toEqual(
      new Set(['enrollment.promote', 'enrollment.retire']),
    )
    expect(first?.revision).toBe(second?.revision)
  })

  test('a chain comes back octet by octet, in its order', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.enrollment.stage(ADMIN, setting('a')))
    const found = unwrap(await store.enrollment.find('a'))
    expect(found?.chain.map((der) => Buffer.from(der).toString('hex'))).toEqual(
      setting('a').chain.map((der) => der.toString('hex')),
    )
  })

  test('a name is used once, even after its removal', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.enrollment.stage(ADMIN, setting('a')))
    unwrap(await store.enrollment.remove(ADMIN, 'a', { expected: 1, force: false }))
    expect(unwrapFailure(await store.enrollment.stage(ADMIN, setting('a'))).kind).toBe(
      'already-exists',
    )
  })

  test('the schema itself holds that no two settings are current', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'a')
    unwrap(await store.enrollment.stage(ADMIN, setting('b')))
    const twice = place.damage(`update enrollment_settings set standing = 'current'`)
    await expect(twice).rejects.toThrow(/unique/i)
    expect(await standings(store)).toEqual({ a: 'current', b: 'staged' })
  })

  test('steps that the life of a setting does not have are refused', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const step = { expected: 'any', retiring: RETIRING } as const
    const removal = { expected: 'any', force: true } as const
    await makeCurrent(store, 'a')
    const refusedAs = async (result: Promise<unknown>): Promise<string> =>
      unwrapFailure((await result) as Awaited<ReturnType<typeof store.enrollment.remove>>).kind
    expect(await refusedAs(store.enrollment.promote(ADMIN, 'a', step))).toBe('standing-refused')
    expect(await refusedAs(store.enrollment.remove(ADMIN, 'a', removal))).toBe('standing-refused')
    const retirement = { sunset: undefined }
    expect(
      await refusedAs(store.enrollment.amend(ADMIN, 'a', { expected: 'any', retirement })),
    ).toBe('standing-refused')
    unwrap(await store.enrollment.distrust(ADMIN, 'a', 'any'))
    expect(await refusedAs(store.enrollment.distrust(ADMIN, 'a', 'any'))).toBe('standing-refused')
    expect(await refusedAs(store.enrollment.promote(ADMIN, 'a', step))).toBe('standing-refused')
    expect(await refusedAs(store.enrollment.promote(ADMIN, 'missing', step))).toBe('not-found')
  })

  test('a setting on which devices depend is removed only by force', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(
      await store.sightings.record([aSighting(aCertificate('a')), aSighting(aCertificate('b'))]),
    )
    await makeCurrent(store, 'second')
    const kept = await store.enrollment.remove(ADMIN, 'first', { expected: 'any', force: false })
    expect(unwrapFailure(kept)).toEqual({ kind: 'setting-in-use', setting: 'first', devices: 2 })
    // Both certificates have ended by then, and their devices with them.
    const aliveSince = (SEEN + 365 * DAY + 1) as Instant
    expect(unwrap(await store.enrollment.dependents('first', aliveSince))).toBe(0)
    expect(unwrap(await store.enrollment.dependents('first', (aliveSince - 1) as Instant))).toBe(2)
    unwrap(await store.enrollment.remove(ADMIN, 'first', { expected: 'any', force: true }))
    expect(await standings(store)).toEqual({ first: 'removed', second: 'current' })
  })

  test('what is distrusted is removed only by force, because its keys would be forgotten', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'a')
    unwrap(await store.enrollment.distrust(ADMIN, 'a', 'any'))
    const kept = await store.enrollment.remove(ADMIN, 'a', { expected: 'any', force: false })
    expect(unwrapFailure(kept)).toEqual({ kind: 'distrust-forgotten', setting: 'a' })
    expect(await standings(store)).toEqual({ a: 'distrusted' })
    unwrap(await store.enrollment.remove(ADMIN, 'a', { expected: 'any', force: true }))
    expect(await standings(store)).toEqual({ a: 'removed' })
  })

  test('amending moves the sunset of a previously trusted setting', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'a')
    await makeCurrent(store, 'b')
    const retirement = { sunset: (SEEN + DAY) as Instant }
    const version = unwrap(await store.enrollment.find('a'))?.version ?? 0
    const stale = await store.enrollment.amend(ADMIN, 'a', { expected: version - 1, retirement })
    expect(unwrapFailure(stale).kind).toBe('stale')
    const after = unwrap(
      await store.enrollment.amend(ADMIN, 'a', { expected: version, retirement }),
    )
    expect(after.standing).toMatchObject({ cutOff: 'not-before', sunset: SEEN + DAY })
  })

  test('the file seeds a store once', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const seeds = [{ ...setting('a'), standing: { kind: 'current' } }] as const
    expect(unwrap(await store.enrollment.seed(ADMIN, seeds))).toBe('seeded')
    const others = [{ ...setting('b'), standing: { kind: 'current' } }] as const
    expect(unwrap(await store.enrollment.seed(ADMIN, others))).toBe('kept')
    expect(await standings(store)).toEqual({ a: 'current' })
  })
}
