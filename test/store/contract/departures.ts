import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENT_CLASSES, parseVersion, versionRank } from '../../../src/fleet/client.ts'
import { departingCases } from '../../../src/fleet/departing-cases.ts'
import { compareWithDocuments, DEPARTURES } from '../../../src/fleet/departure.ts'
import type { Installation } from '../../../src/fleet/expectation.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import { situationOf } from '../../../src/store/devices/departing-devices.ts'
import type { Device } from '../../../src/store/devices/device.ts'
import type { InventoryEntry } from '../../../src/store/devices/inventory.ts'
import type { Store } from '../../../src/store/store.ts'
import { opened, type Backend, type OpenStore, type Place } from '../../support/store/backends.ts'
import { ADMIN, aCertificate, aSighting, unwrap } from '../../support/store/sightings.ts'

const VERSIONS = [
  '',
  '9.7.9',
  '9.8',
  '10.0.9999',
  '10.1',
  '10.1.0.0.1',
  '12.11.9',
  '12.11.10',
  '99',
]
const KINDS = [...CLIENT_CLASSES, undefined, 'of another release of tfe'] as const

/** How a device came to be known, and what that makes of its row. */
const MEETINGS: readonly (readonly [string, Partial<Sighting>])[] = [
  ['sync', { listener: 'sync', migration: 'pending' }],
  ['once-sync', { listener: 'former', migration: 'pending' }],
  ['devices', { listener: 'devices' }],
  ['refused', { listener: 'devices', verdict: 'refuse', code: 'no-certificate' }],
]

/** Every class and release in every meeting, and the same of devices that only the inventory knows. */
async function everyDevice(store: Store): Promise<void> {
  const entries: InventoryEntry[] = []
  const claims: Sighting[] = []
  const met: Sighting[] = []
  for (const kind of KINDS) {
    for (const text of VERSIONS) {
      const version = parseVersion(text)
      const facts = {
        class: kind,
        agentVersion: version === undefined ? undefined : text,
        agentRank: version === undefined ? undefined : versionRank(version),
      }
      for (const [name, meeting] of MEETINGS) {
        met.push(aSighting(aCertificate(`${kind ?? ''} ${text} ${name}`), { ...facts, ...meeting }))
      }
      for (const pending of [true, false]) {
        for (const came of [true, false]) {
          const id = `${kind ?? ''} ${text} ${pending} ${came}`
          entries.push({ id, pending, agent: 'Agent', ...facts })
          if (came) {
            const code = 'no-certificate'
            const refused = { verdict: 'refuse', code, authentication: 'failed' } as const
            claims.push(aSighting(undefined, { reportedId: id, class: undefined, ...refused }))
          }
        }
      }
    }
  }
  unwrap(await store.inventory.import(ADMIN, entries))
  unwrap(await store.sightings.record([...met, ...claims]))
}

async function all(store: Store): Promise<readonly Device[]> {
  const devices: Device[] = []
  let after: string | undefined
  do {
    const ask = { filter: {}, order: 'first-seen', limit: 1000, after, minimums: [] } as const
    const page = unwrap(await store.devices.list(ask))
    devices.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return devices
}

const UNSAID = { setting: undefined, storefrontCertificates: undefined }
const INSTALLATIONS: readonly (readonly [string, Installation | undefined])[] = [
  ['EPMM', { profile: 'epmm-11.5', isRequired: true, ...UNSAID }],
  ['EPMM, recording', { profile: 'epmm-11.5', isRequired: false, ...UNSAID }],
  ['EPMM, new', { profile: 'epmm-11.5', isRequired: true, ...UNSAID, setting: 'on-from-start' }],
  ['EPMM, off', { profile: 'epmm-11.5', isRequired: false, ...UNSAID, setting: 'off' }],
  ['Core', { profile: 'core-10', isRequired: true, ...UNSAID }],
  [
    'Core, upgraded, with a store front',
    {
      profile: 'core-10',
      isRequired: true,
      setting: 'on-before-upgrade',
      storefrontCertificates: true,
    },
  ],
  ['a server without documents', undefined],
]

/** The store's word about departures is that of `compareWithDocuments`. */
export function departures(backend: Backend): void {
  describe('departures from the documents', () => {
    let place: Place
    let store: OpenStore
    let devices: readonly Device[]
    beforeAll(async () => {
      place = await backend.place()
      store = await opened(place)
      await everyDevice(store)
      devices = await all(store)
    })
    afterAll(async () => {
      await store.close()
      await place[Symbol.asyncDispose]()
    })

    test('are asked of devices in every situation', () => {
      const situations = new Set(devices.map((one) => JSON.stringify(situationOf(one, 'sync'))))
      expect([...situations].map((one) => JSON.parse(one) as unknown)).toEqual(
        expect.arrayContaining([
          { port: 'sync', migration: 'pending', cameWithout: false },
          { migration: 'pending', cameWithout: false },
          { port: 'https', migration: 'none', cameWithout: false },
          { port: 'sync', migration: 'pending', cameWithout: true },
          { migration: 'none', cameWithout: true },
          { migration: 'none', cameWithout: false },
        ]),
      )
    })

    for (const [name, installation] of INSTALLATIONS) {
      for (const syncListener of ['sync', undefined]) {
        const where = syncListener === undefined ? 'without a sync port' : 'with a sync port'
        test(`${name}, ${where}: each departure filters and counts the devices that one by one depart`, async () => {
          const departing = DEPARTURES.map((code) => {
            const cases = departingCases(code, installation)
            return [code, { cases, syncListener }] as const
          })
          const counts = new Map(
            unwrap(await store.devices.departures(departing)).map((one) => [one.code, one.devices]),
          )
          for (const [code, meant] of departing) {
            const expected = devices.filter((one) =>
              compareWithDocuments(
                {
                  class: CLIENT_CLASSES.find((kind) => kind === one.class),
                  version:
                    one.agentVersion === undefined ? undefined : parseVersion(one.agentVersion),
                  situation: situationOf(one, syncListener),
                },
                installation,
              ).departures.some(({ kind }) => kind === code),
            )
            const filter = { departing: meant }
            const ask = { filter, order: 'first-seen', limit: 1000, minimums: [] } as const
            const { items } = unwrap(await store.devices.list({ ...ask, after: undefined }))
            expect(items.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
            expect([code, counts.get(code)]).toEqual([code, expected.length])
            expect(unwrap(await store.devices.count(filter, []))).toBe(expected.length)
          }
        })
      }
    }

    test('have devices to find: no filter above is right because it finds none', async () => {
      const found = await Promise.all(
        INSTALLATIONS.map(async ([, installation]) => {
          const meant = DEPARTURES.map((code) => {
            const cases = departingCases(code, installation)
            return [code, { cases, syncListener: 'sync' }] as const
          })
          return unwrap(await store.devices.departures(meant))
        }),
      )
      for (const code of DEPARTURES) {
        expect(found.flat().some((one) => one.code === code && one.devices > 0)).toBe(true)
      }
    })
  })

  test('a fleet of no devices has none that depart', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const cases = departingCases('on-sync-port', INSTALLATIONS[0]?.[1])
    const counted = await store.devices.departures([
      ['on-sync-port', { cases, syncListener: 'sync' }],
    ])
    expect(unwrap(counted)).toEqual([{ code: 'on-sync-port', devices: 0 }])
  })

  test('a client without a certificate labels only a device that never showed one, and that until it does', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.inventory.import(ADMIN, [{ id: 'mac', class: 'macos-maw' }]))
    const claim = aSighting(undefined, {
      reportedId: 'mac',
      verdict: 'refuse',
      code: 'no-certificate',
      authentication: 'failed',
    })
    unwrap(await store.sightings.record([{ ...claim, verdict: 'admit', code: 'open-route' }]))
    const [before] = await all(store)
    expect(before).toMatchObject({ code: undefined, class: 'macos-maw' })
    unwrap(await store.sightings.record([claim]))
    const [labelled] = await all(store)
    // It is no sighting, no verdict and no attempt to authenticate.
    expect(labelled).toMatchObject({
      code: 'no-certificate',
      verdict: undefined,
      lastSeen: undefined,
      authentication: 'no-info',
      approval: 'unapproved',
    })
    const certificate = aCertificate('mac', { signedIds: ['mac'] })
    unwrap(await store.sightings.record([aSighting(certificate, { reportedId: 'mac' })]))
    unwrap(await store.sightings.record([claim]))
    const [seen] = await all(store)
    expect(seen).toMatchObject({ code: 'verified', verdict: 'admit' })
  })
}
