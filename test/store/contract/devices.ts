import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fingerprint, Instant } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import type { DeviceFilter } from '../../../src/store/devices/device-filter.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened, testClock, type OpenStore, type Place } from '../../support/store/backends.ts'
import { aDeviceRefusal } from '../../support/store/refusals.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  DAY,
  hex,
  keysOf,
  unwrapFailure,
  SEEN,
  unwrap,
} from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number) => (SEEN + ms) as Instant

const NAMES = ['alpha', 'bravo', 'charlie', 'delta', 'echo'] as const

/** Five devices, seen one second after another. */
async function five(store: Store): Promise<void> {
  await makeCurrent(store, 'first')
  const facts = [
    {},
    { class: 'android-maw', agentRank: 9 },
    {
      class: 'android-maw',
      agentRank: 10,
      authentication: 'failed',
      verdict: 'refuse',
      code: 'expired',
    },
    {
      class: 'android-maw',
      agentRank: 9,
      authentication: 'failed',
      verdict: 'refuse',
      code: 'expired',
    },
    { class: undefined, agentRank: undefined, authentication: 'failed', migration: 'pending' },
  ] as const
  for (const [index, name] of NAMES.entries()) {
    const at = (SEEN + index * 1000) as Instant
    const subject = `CN=${name}, O=Example`
    const signedIds = [`id-${name}`]
    unwrap(
      await store.sightings.record([
        aSighting(aCertificate(name, { subject, signedIds }), { at, ...facts[index] }),
      ]),
    )
  }
}

/** The names of what a filter finds, page by page. */
async function found(
  store: Store,
  filter: DeviceFilter,
  {
    order = 'first-seen',
    limit = 2,
  }: { order?: 'first-seen' | 'last-seen' | 'newest'; limit?: number } = {},
): Promise<readonly string[]> {
  const names: string[] = []
  let after: string | undefined
  do {
    const ask = { filter, order, limit, after, minimums: MINIMUMS }
    const page = unwrap(await store.devices.list(ask))
    expect(page.items.length).toBeLessThanOrEqual(limit)
    for (const { id } of page.items) {
      const subject = unwrap(await store.devices.find(id))?.certificates[0]?.subject
      names.push(/CN=(\w+)/.exec(subject ?? '')?.[1] ?? id)
    }
    after = page.next
  } while (after !== undefined)
  return names
}

const MINIMUMS = [{ class: 'android-maw', rank: 10 }]

/** Lists, search and charts. */
export function devices(backend: Backend): void {
  test('a list is read in pages, without gaps or repeats, in either order', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await five(store)
    expect(await found(store, {}, { order: 'last-seen' })).toEqual(NAMES.toReversed())
    const oldest = await found(store, {})
    expect(await found(store, {}, { order: 'newest' })).toEqual(oldest.toReversed())
    expect([...(await found(store, {}))].sort()).toEqual([...NAMES])
  })

  describe('a filter', () => {
    let place: Place
    let store: OpenStore
    // Asking changes nothing, so the rows share a fleet.
    beforeAll(async () => {
      place = await backend.place()
      store = await opened(place)
      await five(store)
    })
    afterAll(async () => {
      await store.close()
      await place[Symbol.asyncDispose]()
    })

    test.each<[string, DeviceFilter, readonly string[]]>([
      ['class', { class: 'android-maw' }, ['bravo', 'charlie', 'delta']],
      ['authentication', { authentication: 'succeeded' }, ['alpha', 'bravo']],
      ['failed, those with old agents apart', { authentication: 'failed' }, ['charlie', 'echo']],
      ['agents that must upgrade', { authentication: 'must-upgrade' }, ['delta']],
      ['migration', { migration: 'pending' }, ['echo']],
      ['verdict and code', { verdict: 'refuse', code: 'expired' }, ['charlie', 'delta']],
      ['approval', { approval: 'approved' }, []],
      ['seen since', { seenSince: (SEEN + 3000) as Instant }, ['delta', 'echo']],
      ['not seen since', { notSeenSince: (SEEN + 1000) as Instant }, ['alpha']],
      ['validity, last moment', { validAt: (SEEN + 365 * DAY) as Instant }, NAMES],
      ['validity, a moment later', { validAt: (SEEN + 365 * DAY + 1) as Instant }, []],
      ['inventory', { inInventory: true }, []],
      ['setting', { setting: 'second' }, []],
      ['several together', { class: 'android-maw', authentication: 'succeeded' }, ['bravo']],
      ['the beginning of a subject value', { text: 'CHAR' }, ['charlie']],
      ['what all share', { text: 'example' }, NAMES],
      ['several words, each met', { text: 'exam del' }, ['delta']],
      ['several words, one not met', { text: 'example foxtrot' }, []],
      ['a signed id', { text: 'id-echo' }, ['echo']],
      ['a key', { text: hex('alpha') }, ['alpha']],
      ['text and class', { text: 'example', class: 'ios-mdm' }, ['alpha']],
      ['signs that mean something to LIKE', { text: '%' }, []],
    ])('by %s finds what it says, and the count agrees', async (_what, filter, expected) => {
      expect([...(await found(store, filter))].sort()).toEqual([...expected].sort())
      expect(unwrap(await store.devices.count(filter, MINIMUMS))).toBe(expected.length)
    })
  })

  test('by the beginning of an id a device is found, by what comes later in it none is', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await five(store)
    const idsBy = async (beginning: string): Promise<readonly string[]> => {
      const ask = { filter: { id: beginning }, order: 'first-seen', minimums: MINIMUMS } as const
      return unwrap(await store.devices.list({ ...ask, limit: 9, after: undefined })).items.map(
        (device) => device.id,
      )
    }
    const [id = ''] = await idsBy('')
    expect(await idsBy(id)).toEqual([id])
    expect(await idsBy(id.slice(0, 1))).toContain(id)
    for (const wrong of [id.slice(1), `${id}0`, '%', '~']) expect(await idsBy(wrong)).toEqual([])
  })

  test('the cells of the charts add up to the fleet', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await five(store)
    const cells = unwrap(await store.devices.charts(MINIMUMS))
    const per = (name: 'authentication' | 'migration' | 'approval') => {
      const sums: Record<string, number> = {}
      for (const cell of cells) sums[cell[name]] = (sums[cell[name]] ?? 0) + cell.devices
      return sums
    }
    expect(per('authentication')).toEqual({ succeeded: 2, failed: 2, 'must-upgrade': 1 })
    expect(per('migration')).toEqual({ none: 4, pending: 1 })
    expect(per('approval')).toEqual({ unapproved: 5 })
  })

  test('attempts are counted per hour and outcome', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const hour = 3_600_000
    const at = (SEEN + hour) as Instant
    const one = aSighting(aCertificate('a'), { count: 5 })
    unwrap(await store.sightings.record([one, { ...one, authentication: 'failed', count: 2 }]))
    unwrap(await store.sightings.record([one, { ...one, at, count: 1 }]))
    expect(unwrap(await store.attemptCounts.hourly(SEEN))).toEqual([
      { at: SEEN, authentication: 'failed', sightings: 2 },
      { at: SEEN, authentication: 'succeeded', sightings: 10 },
      { at, authentication: 'succeeded', sightings: 1 },
    ])
    expect(unwrap(await store.attemptCounts.hourly(at))).toHaveLength(1)
  })

  test('a device that was forgotten is new when it comes back', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await five(store)
    const [device] = unwrap(await store.devices.list({ ...LIST, filter: { text: 'alpha' } })).items
    if (device === undefined) throw new Error('there is none')
    unwrap(await store.devices.forget(ADMIN, device.id, 'any'))
    expect(unwrap(await store.devices.find(device.id))).toBeUndefined()
    expect(unwrap(await store.devices.count({}, []))).toBe(4)
    expect(
      unwrap(await store.sightings.record([aSighting(aCertificate('alpha'))])).newDevices,
    ).toBe(1)
    expect(unwrapFailure(await store.devices.forget(ADMIN, device.id, 'any')).kind).toBe(
      'not-found',
    )
  })

  test('what a forgotten device met before does not bring it back, however late it is written', async () => {
    await using place = await backend.place()
    const clock = testClock()
    await using store = await opened(place, { clock })
    await makeCurrent(store, 'first')
    unwrap(
      await store.sightings.record([aSighting(aCertificate('alpha', { signedIds: ['udid-1'] }))]),
    )
    const [device] = unwrap(await store.devices.list(LIST)).items
    clock.at = later(10)
    unwrap(await store.devices.forget(ADMIN, device?.id ?? '', 'any'))
    const met = (at: Instant) => [
      aSighting(aCertificate('alpha'), { at }),
      aSighting(aCertificate('renewed', { signedIds: ['udid-1'] }), { at }),
      aSighting(undefined, { at, reportedId: 'udid-1', code: 'no-certificate', wouldRefuse: true }),
    ]
    const other = aSighting(aCertificate('bravo'), { at: later(5) })
    const record = async (...sightings: readonly Sighting[]) =>
      unwrap(await store.sightings.record(sightings)).newDevices
    const refuse = async (at: Instant) => {
      const refusals = [
        aDeviceRefusal(`key ${at}`, 'alpha', { at }),
        aDeviceRefusal(`id ${at}`, 'renewed', { at, signedIds: ['udid-1'] }),
      ]
      const notKept = [
        { code: 'expired', known: true, owner: aKey('alpha'), refusals: 9, first: at, last: at },
      ]
      unwrap(await store.refusals.record({ refusals, notKept }, { rows: 100, instance: 'a' }))
      const kept = unwrap(await store.refusals.list({ limit: 10 })).items.map(
        ({ reference }) => reference,
      )
      return [kept.toSorted(), unwrap(await store.refusals.notKept(SEEN, 10)).length]
    }
    expect(await record(...met(later(9)), other)).toBe(1)
    expect(unwrap(await store.unknownCallers.ids(SEEN, { limit: 10 })).items).toEqual([])
    expect(await refuse(later(9))).toEqual([[], 0])
    expect(await record(...met(later(10)))).toBe(2)
    expect(await refuse(later(10))).toEqual([[`id ${later(10)}`, `key ${later(10)}`], 1])
  })

  test('a device that was forgotten by a clock that is set back comes back; a clock that is a little ahead keeps what it met before out', async () => {
    await using place = await backend.place()
    const clock = testClock()
    await using store = await opened(place, { clock })
    await makeCurrent(store, 'first')
    const comesBack = async (name: string, ahead: number): Promise<boolean> => {
      const met = (at: number) => aSighting(aCertificate(name), { at: at as Instant })
      const now = clock.at
      unwrap(await store.sightings.record([met(now - 2)]))
      const [device] = unwrap(await store.devices.list({ ...LIST, filter: { text: name } })).items
      clock.at += ahead
      unwrap(await store.devices.forget(ADMIN, device?.id ?? '', 'any'))
      clock.at = now
      return unwrap(await store.sightings.record([met(now - 1)])).newDevices === 1
    }
    expect(await comesBack('alpha', 5 * 60_000)).toBe(false)
    expect(await comesBack('bravo', 5 * 60_000 + 1)).toBe(true)
    expect(await comesBack('charlie', 300 * DAY)).toBe(true)
  })

  test('the subject of a device is that of its last certificate; an id that is not known has none', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const first = aCertificate('alpha', { subject: 'CN=before' })
    const renewed = { ...first, fingerprint: hex('renewed') as Fingerprint, subject: 'CN=after' }
    unwrap(
      await store.sightings.record([
        aSighting(first),
        aSighting(renewed, { at: (SEEN + DAY) as Instant }),
        aSighting(aCertificate('bravo', { subject: 'CN=bravo' })),
      ]),
    )
    const ids = unwrap(await store.devices.list({ ...LIST, limit: 9 })).items.map(({ id }) => id)
    const subjects = unwrap(await store.devices.subjects([...ids, 'unknown']))
    expect([...subjects.values()].toSorted()).toEqual(['CN=after', 'CN=bravo'])
    expect(unwrap(await store.devices.subjects([]))).toEqual(new Map())
  })

  test('a blocked device is not forgotten, or its block would be', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await five(store)
    const [device] = unwrap(await store.devices.list(LIST)).items
    if (device === undefined) throw new Error('there is none')
    unwrap(await store.approvals.block(ADMIN, [{ id: device.id }]))
    expect(unwrapFailure(await store.devices.forget(ADMIN, device.id, 'any')).kind).toBe(
      'device-blocked',
    )
  })

  test('a device that was approved meanwhile is not forgotten by a caller who did not know', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    unwrap(await store.sightings.record([aSighting(aCertificate('a'))]))
    const [{ device } = { device: '' }] = await keysOf(store, 'unapproved')
    const { version } = unwrap(await store.devices.find(device))?.device ?? { version: 0 }
    unwrap(await store.approvals.approve(ADMIN, [{ id: device }], SEEN))
    expect(unwrapFailure(await store.devices.forget(ADMIN, device, version)).kind).toBe('stale')
    unwrap(await store.devices.forget(ADMIN, device, version + 1))
  })

  test('of each device under a setting, blocked or not, one last sound certificate is told, page after page', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const ends = (name: string, days: number) =>
      aCertificate(name, { notAfter: (SEEN + days * DAY) as Instant })
    unwrap(
      await store.sightings.record([
        aSighting(ends('b', 2)),
        aSighting(ends('a', 1)),
        aSighting({ ...ends('a', 1), fingerprint: hex('renewed') as Fingerprint }),
        aSighting(ends('c', 2)),
        aSighting(ends('blocked', 3)),
        aSighting({ ...ends('unsound', 3), sound: false }, { verdict: 'refuse', code: 'bad' }),
        aSighting({ ...ends('elsewhere', 3), setting: 'second' }),
      ]),
    )
    const all = unwrap(await store.devices.list({ ...LIST, limit: 100 })).items
    const held = await Promise.all(all.map(async ({ id }) => unwrap(await store.devices.find(id))))
    const blocked = held.find((one) => one?.keys.includes(aKey('blocked')))?.device.id ?? ''
    unwrap(await store.approvals.block(ADMIN, [{ id: blocked }]))
    const keys: string[] = []
    let after: string | undefined
    do {
      const page = unwrap(await store.devices.retainedCertificates('first', { limit: 1, after }))
      keys.push(...page.items.map(({ key }) => key))
      after = page.next
    } while (after !== undefined)
    expect(keys[0]).toBe(aKey('a'))
    expect(keys.slice(1, 3).sort()).toEqual([aKey('b'), aKey('c')])
    expect(keys.slice(3)).toEqual([aKey('blocked')])
    const { items } = unwrap(await store.devices.retainedCertificates('first', { limit: 100 }))
    expect(items.map(({ key, approval }) => [key, approval])).toEqual([
      ...keys.slice(0, 3).map((key) => [key, 'unapproved']),
      [aKey('blocked'), 'blocked'],
    ])
  })

  test('of a device whose certificate is sound no more the last one is told with what it met, under the setting that it was known by', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const later = {
      verdict: 'refuse',
      code: 'untrusted-issuer',
      at: (SEEN + 1) as Instant,
    } as const
    const unsound = (name: string) => ({
      ...aCertificate(name, { notAfter: (SEEN + DAY) as Instant }),
      sound: false,
      setting: undefined,
      issuerKey: undefined,
    })
    unwrap(
      await store.sightings.record([aSighting(aCertificate('left')), aSighting(aCertificate('a'))]),
    )
    unwrap(await store.sightings.record([aSighting(unsound('left'), later)]))
    const { items } = unwrap(await store.devices.retainedCertificates('first', { limit: 100 }))
    expect(items).toHaveLength(2)
    expect(items.map(({ key, sound, setting, code }) => [key, sound, setting, code])).toEqual(
      expect.arrayContaining([
        [aKey('left'), false, undefined, 'untrusted-issuer'],
        // Control: a device that did not come back is told by its sound one.
        [aKey('a'), true, 'first', 'verified'],
      ]),
    )
  })

  test('a certificate without a sound path keeps why it has none, whatever else it is refused for', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const certificate = {
      ...aCertificate('bad'),
      sound: false,
      setting: undefined,
      pathFailure: 'weak-key',
    }
    for (const [at, code] of ['weak-key', 'address-not-allowed', 'blocked'].entries()) {
      const met = { verdict: 'refuse', code, at: (SEEN + at) as Instant } as const
      unwrap(await store.sightings.record([aSighting(certificate, met)]))
      const { items } = unwrap(await store.devices.retainedCertificates(undefined, { limit: 10 }))
      expect(items.map((one) => one.code)).toEqual(['weak-key'])
      const [device] = items
      const found = unwrap(await store.devices.find(device?.device ?? ''))
      // What the device met is told by itself.
      expect(found?.device.code).toBe(code)
      expect(found?.certificates.map((one) => one.code)).toEqual(['weak-key'])
    }
  })

  test('of each device under no setting the last certificate is told with what it met, and of one that never came none', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const unsound = (name: string) => ({
      ...aCertificate(name),
      sound: false,
      setting: undefined,
    })
    unwrap(
      await store.sightings.record([
        aSighting(aCertificate('sound')),
        aSighting(unsound('bad'), { verdict: 'refuse', code: 'untrusted-issuer' }),
        aSighting(
          { ...unsound('bad'), fingerprint: hex('later') as Fingerprint, key: aKey('bad') },
          { verdict: 'refuse', code: 'bad-signature', at: (SEEN + 1) as Instant },
        ),
        aSighting(aCertificate('late'), { verdict: 'refuse', code: 'issued-after-retirement' }),
      ]),
    )
    unwrap(await store.inventory.import(ADMIN, [{ id: 'never came' }]))
    const told: unknown[] = []
    let after: string | undefined
    do {
      const page = unwrap(await store.devices.retainedCertificates(undefined, { limit: 1, after }))
      told.push(...page.items.map(({ key, sound, setting, code }) => [key, sound, setting, code]))
      after = page.next
    } while (after !== undefined)
    expect(told).toHaveLength(2)
    expect(told).toEqual(
      expect.arrayContaining([
        [aKey('bad'), false, undefined, 'bad-signature'],
        [aKey('late'), true, 'first', 'issued-after-retirement'],
      ]),
    )
  })
}

const LIST = { filter: {}, order: 'first-seen', limit: 1, minimums: [] } as const
