/** Which device a sighting belongs to, and what it changes about it: the plan alone, without a store. */
import { expect, test } from 'vitest'
import type { Fingerprint, Instant } from '../../../src/kernel/types.ts'
import type { SightedCertificate, Sighting } from '../../../src/fleet/sighting.ts'
import { newDeviceId } from '../../../src/store/devices/device-draft.ts'
import { LinkedFleet, NOW } from '../../support/store/linked-fleet.ts'
import { aCertificate, aKey, aSighting, hex, SEEN } from '../../support/store/sightings.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant
const ID = ['udid-1']
const RETIRED = (NOW - 10) as Instant
const SUNSET = (NOW + 10) as Instant

/** A fleet under a current and a previously trusted CA, beside a staged and a distrusted one. */
const fleet = (): LinkedFleet =>
  new LinkedFleet(
    new Map([
      ['first', { kind: 'current' }],
      [
        'second',
        { kind: 'previously-trusted', retiredAt: RETIRED, sunset: SUNSET, cutOff: 'not-before' },
      ],
      [
        'known',
        {
          kind: 'previously-trusted',
          retiredAt: RETIRED,
          sunset: undefined,
          cutOff: 'known-devices',
        },
      ],
      ['staged', { kind: 'staged' }],
      ['removed', { kind: 'removed' }],
      ['distrusted', { kind: 'distrusted' }],
    ]),
  )

const seen = (
  key: string,
  certificate: Partial<SightedCertificate> = {},
  sighting: Partial<Sighting> = {},
): Sighting => aSighting(aCertificate(key, certificate), sighting)
const other = (name: string) => ({ fingerprint: hex(name) as Fingerprint })
const refused = (code: string): Partial<Sighting> => ({
  verdict: 'refuse',
  code,
  authentication: 'failed',
})
const without = (change: Partial<Sighting>): Sighting =>
  aSighting(undefined, { ...refused('no-certificate'), authentication: 'no-info', ...change })

test('the first certificate of a key makes a device with what was seen', () => {
  const made = fleet()
  const planned = made.record(seen('a', {}, { count: 3, reportedId: 'serial-1' }))
  expect(made.rowOf('a')).toMatchObject({
    first_seen: SEEN,
    last_seen: SEEN,
    sightings: 3,
    listener: 'devices',
    reported_id: 'serial-1',
    class: 'ios-mdm',
    agent: 'MDM',
    agent_version: '1.0',
    agent_rank: 1,
    verdict: 'admit',
    code: 'verified',
    authentication: 'succeeded',
    migration: 'none',
    approval: 'unapproved',
    approval_at: 0,
    awaiting: 0,
    setting: 'first',
    not_after: aCertificate('a').notAfter,
    version: 1,
  })
  expect(planned.keys).toEqual([{ key: aKey('a'), device: 'device 1', first_seen: SEEN }])
  expect(planned.drafts.map(({ overlay, before }) => [overlay, before])).toEqual([
    [false, undefined],
  ])
  expect(planned).toMatchObject({ ids: [], unknown: [], dropped: 0 })
  expect(made.certificates.size).toBe(1)
})

test('the same key is the same device, whatever certificate it comes with', () => {
  const made = fleet()
  made.record(seen('a'))
  const planned = made.record(seen('a', other('renewed'), { at: later(1) }))
  expect(made.devices.size).toBe(1)
  expect(planned.keys).toEqual([])
  expect(made.rowOf('a')).toMatchObject({ sightings: 2, first_seen: SEEN, last_seen: later(1) })
  expect(made.certificates.size).toBe(2)
})

test('a batch is worked through in the order of time', () => {
  const made = fleet()
  made.record(
    seen('a', {}, { at: later(2), code: 'newest' }),
    seen('a', {}, { at: later(1), code: 'older' }),
  )
  expect(made.rowOf('a')).toMatchObject({ code: 'newest', first_seen: later(1), sightings: 2 })
})

test('a late word of another replica counts, and changes nothing of the newest', () => {
  const made = fleet()
  made.record(seen('a', {}, { at: later(5) }))
  const late = {
    at: later(1),
    listener: 'sync',
    class: 'android-maw',
    agent: 'Other',
    agentVersion: '9',
    agentRank: 9,
    reportedId: 'other',
    ...refused('expired'),
  }
  made.record(seen('a', { ...other('b'), setting: 'second', notAfter: later(9) }, late))
  expect(made.rowOf('a')).toMatchObject({
    first_seen: later(1),
    last_seen: later(5),
    sightings: 2,
    listener: 'devices',
    class: 'ios-mdm',
    agent: 'MDM',
    agent_version: '1.0',
    agent_rank: 1,
    reported_id: null,
    verdict: 'admit',
    code: 'verified',
    authentication: 'succeeded',
    setting: 'first',
    not_after: aCertificate('a').notAfter,
  })
})

test('a word of the same moment is the newest', () => {
  const made = fleet()
  made.record(seen('a'))
  made.record(seen('a', { setting: 'second', notAfter: later(7) }, { code: 'in-grace' }))
  expect(made.rowOf('a')).toMatchObject({
    code: 'in-grace',
    setting: 'second',
    not_after: later(7),
  })
})

test('what a sighting does not say stays as it was', () => {
  const made = fleet()
  made.record(seen('a', {}, { reportedId: 'serial-1' }))
  const silent = {
    at: later(1),
    reportedId: undefined,
    class: undefined,
    agent: undefined,
    agentVersion: undefined,
    agentRank: undefined,
  }
  made.record(seen('a', {}, silent))
  expect(made.rowOf('a')).toMatchObject({
    reported_id: 'serial-1',
    class: 'ios-mdm',
    agent: 'MDM',
    agent_version: '1.0',
    agent_rank: 1,
  })
})

test('the way from the sync port is kept, and a late step does not undo it', () => {
  const made = fleet()
  made.record(seen('a', {}, { migration: 'pending' }))
  expect(made.rowOf('a')?.migration).toBe('pending')
  made.record(seen('a', {}, { at: later(9), migration: 'success' }))
  expect(made.rowOf('a')?.migration).toBe('success')
  made.record(seen('a', {}, { at: later(1), migration: 'pending' }))
  expect(made.rowOf('a')?.migration).toBe('success')
  made.record(seen('a', {}, { at: later(9), migration: 'pending' }))
  expect(made.rowOf('a')?.migration).toBe('pending')
})

test('a migration of another version is left as it is', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put(made.deviceOf('a') ?? '', { migration: 'unheard' })
  made.record(seen('a', {}, { at: later(1), migration: 'pending' }))
  expect(made.rowOf('a')?.migration).toBe('unheard')
})

for (const setting of ['first', 'second']) {
  test(`an id that the CA of ${setting} signed joins a new key to its device, and carries its approval`, () => {
    const made = fleet()
    made.record(seen('a', { signedIds: ID }, { approvesItself: true }))
    const planned = made.record(seen('b', { signedIds: ID, setting }, { at: later(1) }))
    expect(made.deviceOf('b')).toBe(made.deviceOf('a'))
    expect(made.rowOf('b')).toMatchObject({ approval: 'approved', sightings: 2, setting })
    expect(planned.keys).toMatchObject([{ key: aKey('b'), first_seen: later(1) }])
    // The new key is approved: snapshots judge by key.
    expect(planned.drafts.map(({ overlay }) => overlay)).toEqual([true])
  })
}

for (const [why, certificate, sighting] of [
  ['its path is not sound', { sound: false }, {}],
  ['its CA is staged', { setting: 'staged' }, {}],
  ['its CA is distrusted', { setting: 'distrusted' }, {}],
  ['its CA is unknown', { setting: 'missing' }, {}],
  ['its CA was removed', { setting: 'removed' }, {}],
  ['it belongs to no setting', { setting: undefined }, {}],
  ['it was refused as revoked', {}, refused('revoked')],
  ['it was refused as issued after the retirement', {}, refused('issued-after-retirement')],
  ['it is expired', {}, refused('expired')],
] as const) {
  test(`an id joins no key to a device when ${why}`, () => {
    const made = fleet()
    made.record(seen('a', { signedIds: ID }, { approvesItself: true }))
    const thief = { signedIds: ID, ...certificate }
    const planned = made.record(
      seen('thief', thief, { at: later(1), approvesItself: true, ...sighting }),
    )
    expect(made.deviceOf('thief')).toBe('device 2')
    expect(made.rowOf('thief')?.approval).toBe('unapproved')
    expect(planned.ids).toEqual([])
    expect(made.rowOf('a')).toMatchObject({ sightings: 1, approval: 'approved' })
    // And no later certificate with its key is the victim's.
    made.record(seen('thief', other('ordinary'), { at: later(2) }))
    expect(made.deviceOf('thief')).toBe('device 2')
  })
}

test('a refused certificate says nothing of which CA the device is under', () => {
  const made = fleet()
  made.record(seen('a'))
  const shown = { ...other('b'), setting: 'second', notAfter: later(3) }
  made.record(seen('a', shown, { at: later(1), ...refused('sunset') }))
  expect(made.rowOf('a')).toMatchObject({ setting: 'first', code: 'sunset' })
  made.record(seen('a', shown, { at: later(2), ...refused('expired') }))
  expect(made.rowOf('a')).toMatchObject({ setting: 'second', not_after: later(3) })
  made.record(seen('a', { ...shown, sound: false, setting: 'first' }, { at: later(4) }))
  expect(made.rowOf('a')).toMatchObject({ setting: 'second' })
  made.record(seen('a', { ...shown, setting: undefined }, { at: later(5) }))
  expect(made.rowOf('a')).toMatchObject({ setting: null })
})

test('a device that was approved awaits its next connection, and no older one', () => {
  const made = fleet()
  made.record(seen('a'))
  const id = made.deviceOf('a') ?? ''
  made.put(id, { approval: 'approved', approval_at: later(5), awaiting: 1 })
  made.record(seen('a', {}, { at: later(5) }))
  expect(made.devices.get(id)?.awaiting).toBe(1)
  made.record(seen('a', {}, { at: later(6) }))
  expect(made.devices.get(id)?.awaiting).toBe(0)
  made.put(id, { awaiting: 2 })
  made.record(seen('a', {}, { at: later(7) }))
  expect(made.devices.get(id)?.awaiting).toBe(2)
})

test('a device approves itself once, by a fit certificate of a trusted CA', () => {
  const made = fleet()
  const planned = made.record(seen('a', {}, { approvesItself: true }))
  expect(made.rowOf('a')).toMatchObject({
    approval: 'approved',
    approval_by: 'auto',
    approval_at: NOW,
    version: 2,
  })
  expect(planned.drafts).toMatchObject([{ approvedItself: true, overlay: true }])
  const again = made.record(seen('a', {}, { at: later(1), approvesItself: true }))
  expect(made.rowOf('a')?.version).toBe(2)
  expect(again.drafts).toMatchObject([{ approvedItself: false, overlay: false }])
})

for (const [why, certificate, sighting] of [
  ['the verdict does not say so', {}, { approvesItself: false }],
  ['its path is not sound', { sound: false }, {}],
  ['its CA is staged', { setting: 'staged' }, {}],
  ['its CA is distrusted', { setting: 'distrusted' }, {}],
  ['it belongs to no setting', { setting: undefined }, {}],
  ['it was refused', {}, refused('sunset')],
] as const) {
  test(`a device does not approve itself when ${why}`, () => {
    const made = fleet()
    const planned = made.record(seen('a', certificate, { approvesItself: true, ...sighting }))
    expect(made.rowOf('a')).toMatchObject({ approval: 'unapproved', version: 1 })
    expect(planned.drafts).toMatchObject([{ approvedItself: false, overlay: false }])
  })
}

test('a blocked device stays blocked, whatever approves itself', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put(made.deviceOf('a') ?? '', { approval: 'blocked', approval_by: 'alice' })
  made.record(seen('a', {}, { at: later(1), approvesItself: true }))
  expect(made.rowOf('a')).toMatchObject({ approval: 'blocked', approval_by: 'alice' })
})

test('evidence that leads to two devices leads to the blocked one', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }), seen('b', { signedIds: ['udid-2'] }))
  made.put(made.deviceOf('a') ?? '', { approval: 'blocked' })
  const planned = made.record(
    seen('b', { ...other('both'), signedIds: ['udid-2', ...ID] }, { at: later(1) }),
  )
  expect(made.deviceOf('b')).toBe(made.deviceOf('a'))
  expect(planned.drafts.find(({ row }) => row.id === made.deviceOf('a'))?.overlay).toBe(true)
  // It has an id of its own: it may show another key.
  expect(made.devices.size).toBe(2)
})

test('a refused certificate leads to the blocked device that it names, and binds nothing to it', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }))
  made.put(made.deviceOf('a') ?? '', { approval: 'blocked' })
  const shown = { signedIds: ['udid-9', ...ID] }
  const planned = made.record(seen('b', shown, { at: later(1), ...refused('blocked') }))
  expect(made.rowOf('a')).toMatchObject({ sightings: 2, code: 'blocked', last_seen: later(1) })
  expect(made.deviceOf('b')).toBeUndefined()
  expect(planned).toMatchObject({ keys: [], ids: [], certificates: [], dropped: 0 })
  expect(made.devices.size).toBe(1)
})

test('a refused certificate with the key of a blocked device is kept as one of it', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put(made.deviceOf('a') ?? '', { approval: 'blocked', awaiting: 1 })
  const shown = { ...other('next'), sound: false, setting: undefined }
  const planned = made.record(seen('a', shown, { at: later(1), ...refused('blocked') }))
  expect(planned.certificates).toHaveLength(1)
  expect(made.rowOf('a')).toMatchObject({ sightings: 2, awaiting: 0 })
  // What was refused is nothing by which a person should find it.
  expect(planned.terms).toEqual([])
})

test('an unsound certificate that names a blocked device does not lead to it', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }))
  made.put(made.deviceOf('a') ?? '', { approval: 'blocked' })
  made.record(
    seen('b', { signedIds: ID, sound: false }, { at: later(1), ...refused('untrusted-issuer') }),
  )
  expect(made.deviceOf('b')).toBe('device 2')
  expect(made.rowOf('a')?.sightings).toBe(1)
})

test('an entry of the inventory that was blocked before its device came is what the refused certificate leads to', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'udid-1', approval: 'blocked' })
  made.record(seen('a', { signedIds: ID }, refused('blocked')))
  expect(made.devices.get('entry')).toMatchObject({ sightings: 1, code: 'blocked' })
  expect(made.devices.size).toBe(1)
})

test('a fit certificate joins the blocked entry that its id names', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'udid-1', approval: 'blocked' })
  const planned = made.record(seen('a', { signedIds: ID }))
  expect(made.deviceOf('a')).toBe('entry')
  expect(planned.drafts).toMatchObject([{ overlay: true }])
})

test('an id of a blocked device is told to the snapshots when it is new, and not again', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put(made.deviceOf('a') ?? '', { approval: 'blocked' })
  const first = made.record(seen('a', { ...other('b'), signedIds: ID }, { at: later(1) }))
  expect(first.ids).toEqual([{ id: 'udid-1', device: 'device 1' }])
  expect(first.drafts).toMatchObject([{ overlay: true }])
  const second = made.record(seen('a', { ...other('b'), signedIds: ID }, { at: later(2) }))
  expect(second.ids).toEqual([])
  expect(second.drafts).toMatchObject([{ overlay: false }])
})

test('an id of a device that is not blocked is not told to the snapshots', () => {
  const planned = fleet().record(seen('a', { signedIds: ID }))
  expect(planned.drafts).toMatchObject([{ overlay: false }])
})

test('an id belongs to the first device that proves it', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }), seen('b', { signedIds: ['udid-2'] }))
  const both = { ...other('both'), signedIds: ['udid-2', ...ID] }
  made.record(seen('b', both, { at: later(1) }))
  expect(made.ids.get('udid-1')).toBe(made.deviceOf('a'))
  expect(made.deviceOf('a')).not.toBe(made.deviceOf('b'))
})

test('a blocked entry of the inventory takes its id, and the key, from the device that proved it, once', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }))
  made.put('entry', { inventory_id: 'udid-1', approval: 'blocked' })
  const first = made.record(seen('a', { signedIds: ID }, { at: later(1) }))
  expect(made.deviceOf('a')).toBe('entry')
  expect(first.ids).toEqual([{ id: 'udid-1', device: 'entry' }])
  const second = made.record(seen('a', { signedIds: ID }, { at: later(2) }))
  expect(second.ids).toEqual([])
  expect(second.drafts.filter(({ overlay }) => overlay)).toEqual([])
})

for (const [what, entry] of [
  ['an approved device with the entry', { inventory_id: 'udid-1', approval: 'approved' }],
  ['a blocked device with another entry', { inventory_id: 'udid-2', approval: 'blocked' }],
  ['a blocked device with no entry', { inventory_id: null, approval: 'blocked' }],
] as const) {
  test(`${what} takes no id from the device that proved it`, () => {
    const made = fleet()
    made.record(seen('first', { signedIds: ID }))
    made.record(seen('a', {}, { at: later(1) }))
    const device = made.deviceOf('a') ?? ''
    made.put(device, entry)
    const both = { ...other('both'), signedIds: ID }
    const planned = made.record(seen('a', both, { at: later(2) }))
    expect(planned.ids).toEqual([])
    expect(made.deviceOf('a')).toBe(device)
    expect(made.ids.get('udid-1')).toBe(made.deviceOf('first'))
  })
}

test('a key whose first certificate was refused moves to the device that a fit one names', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }))
  made.record(seen('b', {}, { at: later(1), count: 4, ...refused('expired') }))
  expect(made.deviceOf('b')).toBe('device 2')
  const planned = made.record(seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }))
  expect(made.deviceOf('b')).toBe('device 1')
  expect(made.devices.has('device 2')).toBe(false)
  // What was seen of it was this device.
  expect(made.rowOf('a')?.sightings).toBe(6)
  expect(planned.drafts.map(({ deleted }) => deleted)).toEqual([false, true])
})

for (const [first, second] of [
  ['blocked', 'approved'],
  ['blocked', 'unapproved'],
  ['approved', 'unapproved'],
] as const) {
  test(`a certificate that leads to two devices leads to the ${first} one before the ${second} one, by key or id, as the verdict has it`, () => {
    for (const [one, two] of [
      [first, second],
      [second, first],
    ] as const) {
      const made = fleet()
      made.record(seen('a', { signedIds: ['urn:sn:1'] }), seen('b', { signedIds: ['urn:sn:2'] }))
      const [a = '', b = ''] = [made.deviceOf('a'), made.deviceOf('b')]
      made.put(a, { approval: one })
      made.put(b, { approval: two })
      const wanted = one === first ? a : b
      // By ids alone, in either order, and by the key of one and the id of the other.
      made.record(seen('c', { ...other('c'), signedIds: ['urn:sn:1', 'urn:sn:2'] }))
      made.record(seen('d', { ...other('d'), signedIds: ['urn:sn:2', 'urn:sn:1'] }))
      made.record(seen('a', { ...other('e'), signedIds: ['urn:sn:2'] }))
      expect([made.deviceOf('c'), made.deviceOf('d'), made.deviceOf('a')]).toEqual([
        wanted,
        wanted,
        wanted,
      ])
    }
  })
}

test('an approved device stays when its key leaves it for a blocked one', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }), seen('b'))
  const [a = '', b = ''] = [made.deviceOf('a'), made.deviceOf('b')]
  made.put(a, { approval: 'blocked' })
  made.put(b, { approval: 'approved' })
  made.record(seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }))
  expect([made.deviceOf('b'), made.devices.has(b)]).toEqual([a, true])
})

for (const [why, change] of [
  ['approved', { approval: 'approved' }],
  ['in the inventory', { inventory_id: 'udid-7' }],
] as const) {
  test(`a device that is ${why} stays when its key leaves it or is not left at all`, () => {
    const made = fleet()
    made.record(seen('a', { signedIds: ID }), seen('b'))
    const id = made.deviceOf('b') ?? ''
    made.put(id, change)
    made.record(seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }))
    expect(made.devices.has(id)).toBe(true)
    expect(made.deviceOf('b')).toBe(why === 'approved' ? id : made.deviceOf('a'))
  })
}

test('a device with another key stays when one key leaves it', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }), seen('b'))
  const id = made.deviceOf('b') ?? ''
  made.keys.set(aKey('c'), id)
  made.record(seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }))
  expect(made.deviceOf('b')).toBe(made.deviceOf('a'))
  expect(made.devices.has(id)).toBe(true)
})

test('a device that has an id of its own is not passed over', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }), seen('b', { signedIds: ['udid-2'] }))
  made.record(seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }))
  expect(made.deviceOf('b')).toBe('device 2')
})

test('a key that names no other device stays with its own', () => {
  const made = fleet()
  made.record(seen('a'))
  made.record(seen('a', { ...other('fit'), signedIds: ID }, { at: later(1) }))
  expect(made.devices.size).toBe(1)
  expect(made.ids.get('udid-1')).toBe('device 1')
})

test('a new device takes the entry that its signed id names, and its words', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'udid-1', inventory_name: 'Tablet  Nine' })
  made.record(seen('a', { signedIds: ID }))
  expect(made.deviceOf('a')).toBe('entry')
  expect(made.devices.size).toBe(1)
})

test('a new device takes the entry that it claims, unless its certificate was refused for what it is', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1' })
  made.record(seen('thief', {}, { reportedId: 'serial-1', ...refused('revoked') }))
  expect(made.deviceOf('thief')).toBe('device 1')
  made.record(seen('a', {}, { reportedId: 'serial-1', at: later(1), ...refused('expired') }))
  expect(made.deviceOf('a')).toBe('entry')
})

test('a claim does not take a blocked entry, nor one that has shown a key', () => {
  const made = fleet()
  made.put('blocked', { inventory_id: 'serial-1', approval: 'blocked' })
  made.put('taken', { inventory_id: 'serial-2' })
  made.keys.set(aKey('owner'), 'taken')
  made.record(seen('a', {}, { reportedId: 'serial-1' }), seen('b', {}, { reportedId: 'serial-2' }))
  expect(['blocked', 'taken']).not.toContain(made.deviceOf('a'))
  expect(['blocked', 'taken']).not.toContain(made.deviceOf('b'))
})

test('a signed id takes the entry from a device that merely claimed it', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'udid-1', inventory_name: 'Tablet  Nine' })
  made.record(seen('claims', {}, { reportedId: 'udid-1' }))
  expect(made.deviceOf('claims')).toBe('entry')
  made.record(seen('proves', { signedIds: ID }, { at: later(1) }))
  expect(made.rowOf('proves')).toMatchObject({
    id: 'device 1',
    inventory_id: 'udid-1',
    inventory_name: 'Tablet  Nine',
  })
  expect(made.rowOf('claims')).toMatchObject({ inventory_id: null, inventory_name: null })
  expect(made.terms).toContain('device 1: tablet')
  expect(made.terms).toContain('device 1: nine')
  expect([...made.terms].filter((term) => term.endsWith(': '))).toEqual([])
})

test('an entry that no device has shown a key for goes with the device that proves it', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put('entry', { inventory_id: 'udid-1', inventory_name: null })
  made.record(seen('a', { ...other('fit'), signedIds: ID }, { at: later(1) }))
  expect(made.rowOf('a')).toMatchObject({ inventory_id: 'udid-1', inventory_name: null })
  expect(made.devices.has('entry')).toBe(false)
})

test('a device keeps the entry that it has when it proves a second one', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'udid-1' })
  made.record(seen('a', { signedIds: ID }))
  made.put('second', { inventory_id: 'udid-2' })
  made.record(seen('a', { ...other('fit'), signedIds: ['udid-2', ...ID] }, { at: later(1) }))
  expect(made.rowOf('a')).toMatchObject({ id: 'entry', inventory_id: 'udid-1' })
  expect(made.devices.get('second')).toMatchObject({ inventory_id: 'udid-2' })
})

test('without a certificate a client is counted, and is no device', () => {
  const made = fleet()
  const planned = made.record(
    without({ count: 2, at: later(3) }),
    without({ at: later(1) }),
    without({ listener: 'sync' }),
  )
  expect(planned.drafts).toEqual([])
  expect(
    planned.unknown.map(({ sighting: { listener, count }, label }) => [listener, count, label]),
  ).toEqual([
    ['sync', 1, undefined],
    ['devices', 1, undefined],
    ['devices', 2, undefined],
  ])
})

test('a claim without a certificate labels an entry that never showed one, where it is blank', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1' })
  made.record(without({ reportedId: 'serial-1', migration: 'pending' }))
  expect(made.devices.get('entry')).toMatchObject({
    class: 'ios-mdm',
    agent: 'MDM',
    agent_version: '1.0',
    agent_rank: 1,
    migration: 'pending',
    code: 'no-certificate',
    verdict: null,
    sightings: 0,
    last_seen: 0,
    authentication: 'no-info',
    awaiting: 0,
  })
  made.record(
    without({
      reportedId: 'serial-1',
      at: later(1),
      class: 'android-maw',
      agent: 'Other',
      agentVersion: '9',
      agentRank: 9,
      migration: 'success',
      code: 'route-denied',
    }),
  )
  expect(made.devices.get('entry')).toMatchObject({
    class: 'ios-mdm',
    agent: 'MDM',
    agent_version: '1.0',
    agent_rank: 1,
    migration: 'pending',
    code: 'no-certificate',
  })
})

test('a claim that says nothing leaves an entry blank, and fills only what is missing', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1', agent_version: '7', agent_rank: 7 })
  const silent = {
    class: undefined,
    agent: undefined,
    agentVersion: undefined,
    agentRank: undefined,
  }
  made.record(without({ reportedId: 'serial-1', ...silent, code: 'other' }))
  expect(made.devices.get('entry')).toMatchObject({ class: null, agent: null, code: null })
  made.record(without({ reportedId: 'serial-1', at: later(1) }))
  expect(made.devices.get('entry')).toMatchObject({
    agent: 'MDM',
    agent_version: '7',
    agent_rank: 7,
  })
  made.put('blank', { inventory_id: 'serial-2' })
  made.record(without({ reportedId: 'serial-2', agentVersion: undefined, agentRank: undefined }))
  expect(made.devices.get('blank')).toMatchObject({ agent_version: null, agent_rank: null })
})

test('a claim without a certificate leaves a device alone that has shown one', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1', migration: 'success' })
  made.keys.set(aKey('a'), 'entry')
  made.record(without({ reportedId: 'serial-1', migration: 'pending' }))
  expect(made.devices.get('entry')).toMatchObject({ class: null, code: null, migration: 'success' })
})

test('a pending step does not undo the success of an entry', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1', migration: 'success' })
  made.record(without({ reportedId: 'serial-1', migration: 'pending' }))
  expect(made.devices.get('entry')?.migration).toBe('success')
})

test('certificates without a sound path are taken up to a bound, and what comes then is counted', () => {
  const made = fleet()
  made.unsoundCapacity = 1
  const unsound = { sound: false, setting: undefined }
  const planned = made.record(
    seen('a', unsound),
    seen('b', unsound, { at: later(1), count: 5 }),
    seen('c', {}, { at: later(2) }),
    seen('a', { ...unsound, ...other('second') }, { at: later(3), reportedId: 'word' }),
  )
  expect(planned.dropped).toBe(5)
  expect(made.deviceOf('b')).toBeUndefined()
  expect([made.deviceOf('a'), made.deviceOf('c')]).toEqual(['device 1', 'device 2'])
  expect(planned.certificates.map(({ row }) => row.key)).toEqual([aKey('a'), aKey('c')])
  expect(made.terms).not.toContain('device 1: word')
})

test('a device is found by the words of its certificates and by the first name that it gave itself', () => {
  const made = fleet()
  made.record(seen('a', { subject: 'CN=Alpha' }, { reportedId: 'Serial-1' }))
  expect(made.terms).toContain('device 1: alpha')
  expect(made.terms).toContain('device 1: serial-1')
  const again = made.record(
    seen('a', { subject: 'CN=Alpha' }, { at: later(1), reportedId: 'serial-2' }),
  )
  expect(again.terms).toEqual([])
  expect(made.rowOf('a')?.reported_id).toBe('serial-2')
  const renewed = made.record(seen('a', { ...other('b'), subject: 'CN=Beta' }, { at: later(2) }))
  expect(renewed.terms).toContainEqual({ term: 'beta', device: 'device 1' })
  expect(renewed.terms.map(({ term }) => term)).not.toContain('')
})

test('a device whose certificates are all without a sound path is under no CA', () => {
  const made = fleet()
  made.record(seen('a', { sound: false, setting: undefined }, refused('untrusted-issuer')))
  expect(made.rowOf('a')).toMatchObject({ setting: null, not_after: 0 })
})

for (const [what, setting, certificate, firstSeen, approval] of [
  ['issued before it retired', 'second', { notBefore: RETIRED }, undefined, 'approved'],
  [
    'issued after it retired',
    'second',
    { notBefore: (RETIRED + 1) as Instant },
    undefined,
    'unapproved',
  ],
  ['whose key was known before it retired', 'known', {}, RETIRED - 1, 'approved'],
  ['whose key was first met when it retired', 'known', {}, RETIRED, 'unapproved'],
  ['whose key was first met now, before it retired', 'known', {}, undefined, 'approved'],
] as const) {
  test(`of a previously trusted CA a certificate ${what} leaves its device ${approval}`, () => {
    const made = fleet()
    if (firstSeen !== undefined) made.firstSeen.set(`${setting}\n${aKey('a')}`, firstSeen)
    const at = firstSeen === undefined ? SEEN : NOW
    made.record(seen('a', { ...certificate, setting }, { at, approvesItself: true }))
    expect(made.rowOf('a')?.approval).toBe(approval)
  })
}

test('within one batch the second key of an id is the same device', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }), seen('b', { signedIds: ID }, { at: later(1) }))
  expect(made.deviceOf('b')).toBe(made.deviceOf('a'))
})

test('within one batch a device that has gained an id is not passed over', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }))
  made.record(
    seen('b', { signedIds: ['udid-2'] }, { at: later(1) }),
    seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }),
  )
  expect(made.deviceOf('b')).toBe('device 2')
})

test('within one batch a device that was nothing but its key goes when the key does', () => {
  const made = fleet()
  made.record(seen('a', { signedIds: ID }))
  made.record(
    seen('b', {}, { at: later(1), ...refused('expired') }),
    seen('b', { ...other('fit'), signedIds: ID }, { at: later(2) }),
  )
  expect([...made.devices.keys()]).toEqual(['device 1'])
})

test('within one batch an entry is taken once', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1' })
  made.record(
    seen('a', {}, { reportedId: 'serial-1' }),
    seen('b', {}, { at: later(1), reportedId: 'serial-1' }),
  )
  expect([made.deviceOf('a'), made.deviceOf('b')]).toEqual(['entry', 'device 1'])
})

test('within one batch an entry that was proven is not there to be claimed', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put('entry', { inventory_id: 'udid-1' })
  made.record(
    seen('a', { ...other('fit'), signedIds: ID }, { at: later(1) }),
    seen('b', {}, { at: later(2), reportedId: 'udid-1' }),
  )
  expect(made.rowOf('a')?.inventory_id).toBe('udid-1')
  expect(made.deviceOf('b')).toBe('device 2')
})

test('a new device prefers the entry that it proves to the one that it claims', () => {
  const made = fleet()
  made.put('claimed', { inventory_id: 'serial-1' })
  made.put('proven', { inventory_id: 'udid-1' })
  made.record(seen('a', { signedIds: ID }, { reportedId: 'serial-1' }))
  expect(made.deviceOf('a')).toBe('proven')
})

test('of two blocked devices the one of the key is seen, and of two that are named the first', () => {
  const made = fleet()
  made.record(
    seen('a', { signedIds: ID }),
    seen('b', { signedIds: ['udid-2'] }),
    seen('c', { signedIds: ['udid-3'] }),
  )
  for (const key of ['a', 'b', 'c']) made.put(made.deviceOf(key) ?? '', { approval: 'blocked' })
  const both = { ...other('both'), signedIds: [...ID, 'udid-2'] }
  made.record(seen('a', both, { at: later(1), ...refused('blocked') }))
  expect([made.rowOf('a')?.sightings, made.rowOf('b')?.sightings]).toEqual([2, 1])
  made.record(seen('d', { signedIds: ['udid-3', 'udid-2'] }, { at: later(2) }))
  expect(made.deviceOf('d')).toBe(made.deviceOf('c'))
})

test('an empty word is no word to find a device by', () => {
  const made = fleet()
  made.record(seen('a'))
  made.put('entry', { inventory_id: 'udid-1', inventory_name: null })
  const proof = { ...other('fit'), signedIds: ID }
  const planned = made.record(seen('a', proof, { at: later(1), reportedId: '' }))
  const words = planned.terms.map(({ term }) => term)
  expect(words.toSorted()).toEqual(
    ['udid-1', hex('fit').slice(0, 24), aKey('a').slice(0, 24), '0a1b'].toSorted(),
  )
})

test('a step of success does not make an entry pending', () => {
  const made = fleet()
  made.put('entry', { inventory_id: 'serial-1' })
  made.record(without({ reportedId: 'serial-1', migration: 'success' }))
  expect(made.devices.get('entry')?.migration).toBe('none')
})

test('an id of a new device has 22 letters, and those made later stand behind', () => {
  const early = Array.from({ length: 200 }, () => newDeviceId(1 as Instant))
  for (const id of early) expect(id).toMatch(/^000000001[0-9a-z]{13}$/)
  expect(new Set(early).size).toBe(200)
  const ids = [newDeviceId(SEEN), newDeviceId(1 as Instant), newDeviceId(later(1))]
  expect(ids.toSorted()).toEqual([ids[1], ids[0], ids[2]])
})
