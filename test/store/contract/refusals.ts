import { describe, expect, test } from 'vitest'
import type { KeptRefusal } from '../../../src/fleet/kept-refusal.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { explainStore } from '../../../src/store/explain.ts'
import type { Store } from '../../../src/store/store.ts'
import { makeCurrent } from './enrollment.ts'
import { opened, type Backend } from '../../support/store/backends.ts'
import { aDeviceRefusal, aRefusal, batchOf } from '../../support/store/refusals.ts'
import {
  aCertificate,
  ADMIN,
  aKey,
  aSighting,
  DAY,
  SEEN,
  unwrap,
  unwrapFailure,
} from '../../support/store/sightings.ts'

const RULES = { rows: 1000, instance: 'front-1' }

async function record(store: Store, refusals: readonly KeptRefusal[], rows = 1000): Promise<void> {
  unwrap(await store.refusals.record(batchOf(...refusals), { ...RULES, rows }))
}

const referencesOf = async (
  store: Store,
  filter: Partial<Parameters<Store['refusals']['list']>[0]> = {},
): Promise<readonly string[]> =>
  unwrap(await store.refusals.list({ limit: 1000, ...filter })).items.map((one) => one.reference)

const many = (count: number, make: (index: number) => KeptRefusal): readonly KeptRefusal[] =>
  Array.from({ length: count }, (_one, index) => make(index))

async function stored(store: Store, ...kept: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(kept.map((reference) => store.refusals.find(reference)))
  return answers.map((one) => unwrap(one).kind)
}

/** Refusals that are kept. */
export function refusals(backend: Backend): void {
  describe('refusals', () => {
    test('a reference leads to every fact, to the device that holds the key, and to the replica', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      unwrap(await store.sightings.record([aSighting(aCertificate('one'))]))
      const { certificate, ...facts } = aDeviceRefusal('aa11-1', 'one', { signedIds: ['id-1'] })
      const shown = certificate && { ...certificate, pathFailure: 'weak-key' }
      const refusal = { ...facts, certificate: shown }
      await record(store, [refusal, aRefusal('bb22-1')])
      const [device] = unwrap(
        await store.devices.list({ filter: {}, order: 'newest', limit: 1, minimums: [] }),
      ).items
      expect(unwrap(await store.refusals.find('aa11-1'))).toEqual({
        kind: 'found',
        refusal: { ...refusal, device: device?.id, instance: 'front-1' },
      })
      expect(unwrap(await store.refusals.find('bb22-1'))).toEqual({
        kind: 'found',
        refusal: { ...aRefusal('bb22-1'), device: undefined, instance: 'front-1' },
      })
    })

    test('the beginning of one reference is enough, and that of several names them, the whole one alone', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(
        store,
        ['aa11', 'aa11-1', 'aa11-2', 'ab00-1'].map((one) => aRefusal(one)),
      )
      expect(unwrap(await store.refusals.find('ab'))).toMatchObject({
        kind: 'found',
        refusal: { reference: 'ab00-1' },
      })
      expect(unwrap(await store.refusals.find('aa11'))).toMatchObject({
        kind: 'found',
        refusal: { reference: 'aa11' },
      })
      expect(unwrap(await store.refusals.find('aa11-'))).toMatchObject({
        kind: 'ambiguous',
        refusals: [{ reference: 'aa11-2' }, { reference: 'aa11-1' }],
      })
      await record(
        store,
        many(20, (index) => aRefusal(`cc-${index}`)),
      )
      // A reference that is whole leads to its own refusal or to none, whatever it begins.
      await record(store, [aRefusal('dd11-12')])
      expect(unwrap(await store.refusals.find('dd11-1')).kind).toBe('unknown')
      expect(unwrap(await store.refusals.find('dd11-'))).toMatchObject({ kind: 'found' })
      const answer = unwrap(await store.refusals.find('cc'))
      expect(answer.kind === 'ambiguous' && answer.refusals.length).toBe(10)
      for (const hostile of ['', '%', '_', "aa' or '1'='1", 'aa11-1-', 'AA11-1', '\u{10FFFF}']) {
        const asked = unwrap(await store.refusals.find(hostile))
        expect(asked.kind, hostile).toBe(hostile === '' ? 'ambiguous' : 'unknown')
      }
    })

    test('a batch that is given again changes nothing, and the first word on a reference stays', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [aRefusal('aa-1')])
      await record(store, [aRefusal('aa-1', { code: 'blocked' }), aRefusal('aa-2')])
      expect(await referencesOf(store)).toEqual(['aa-2', 'aa-1'])
      expect(unwrap(await store.refusals.find('aa-1'))).toMatchObject({
        refusal: { code: 'no-certificate' },
      })
    })

    test('a batch larger than one call takes is refused whole', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const batch = batchOf(...many(5001, (index) => aRefusal(`aa-${index}`)))
      const why = unwrapFailure(await store.refusals.record(batch, RULES))
      expect(why).toEqual({ kind: 'too-many', what: 'refusal', found: 5001, limit: 5000 })
      expect(await referencesOf(store)).toEqual([])
    })

    test('the list is the newest first, in pages that lose and repeat nothing, also within a moment', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(
        store,
        many(7, (index) => aRefusal(`r-${index}`, { at: (SEEN + (index >> 1)) as Instant })),
      )
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = unwrap(await store.refusals.list({ limit: 2, after }))
        seen.push(...page.items.map(({ reference }) => reference))
        after = page.next
      } while (after !== undefined)
      expect(seen).toEqual(['r-6', 'r-5', 'r-4', 'r-3', 'r-2', 'r-1', 'r-0'])
      const bad = unwrapFailure(await store.refusals.list({ limit: 2, after: 'x' }))
      expect(bad).toMatchObject({ kind: 'bad-cursor' })
      // A cursor comes from the network: one with a text where a number belongs is only another place.
      const forged = Buffer.from(JSON.stringify([SEEN + 9, '1; drop table refusals'])).toString(
        'base64url',
      )
      expect(unwrap(await store.refusals.list({ limit: 2, after: forged })).items).toHaveLength(2)
    })

    test.each<[string, Partial<Parameters<Store['refusals']['list']>[0]>, readonly string[]]>([
      ['reference', { reference: 'aa' }, ['aa-2', 'aa-1']],
      ['key', { key: aKey('one') }, ['bb-1']],
      ['code', { code: 'blocked' }, ['aa-2']],
      ['listener', { listener: 'other' }, ['cc-1']],
      ['address', { address: '2001:db8::1' }, ['aa-1']],
      ['outcome', { outcome: 'ended' }, ['cc-1']],
      ['since', { since: (SEEN + 2) as Instant }, ['cc-1', 'bb-1']],
      ['until', { until: (SEEN + 1) as Instant }, ['aa-1']],
      ['two at once', { reference: 'aa', code: 'expired' }, []],
      ['a device that is not there', { device: 'nothing' }, []],
    ])('the list is narrowed by %s', async (_what, filter, expected) => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [
        aRefusal('aa-1', { address: '2001:db8::1' }),
        aRefusal('aa-2', { code: 'blocked', at: (SEEN + 1) as Instant }),
        aDeviceRefusal('bb-1', 'one', { at: (SEEN + 2) as Instant }),
        aRefusal('cc-1', { listener: 'other', outcome: 'ended', at: (SEEN + 3) as Instant }),
      ])
      expect(await referencesOf(store, filter)).toEqual(expected)
    })

    test('the list is narrowed to the keys that a device holds now', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const sightings = [aCertificate('one'), aCertificate('two')].map((one) => aSighting(one))
      unwrap(await store.sightings.record(sightings))
      await record(store, [aDeviceRefusal('aa-1', 'one'), aDeviceRefusal('bb-1', 'two')])
      const { items } = unwrap(await store.refusals.list({ limit: 9, key: aKey('two') }))
      expect(await referencesOf(store, { device: items[0]?.device })).toEqual(['bb-1'])
    })
  })

  describe('shares of refusals', () => {
    test('a flood from one address pushes out its own, the oldest first', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [aRefusal('quiet-1', { owner: '198.51.100.1' })], 20)
      for (let batch = 0; batch < 5; batch += 1) {
        const flood = many(10, (index) => aRefusal(`flood-${batch}${index}`))
        await record(store, flood, 20)
      }
      const kept = await referencesOf(store)
      expect(kept).toContain('quiet-1')
      expect(kept[0]).toBe('flood-49')
      expect(kept.length).toBeLessThanOrEqual(10)
      expect(kept).not.toContain('flood-00')
    })

    test('a flood of one code from many addresses pushes out no other code, and no address whole', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [aRefusal('other-code', { code: 'expired', owner: '198.51.100.1' })], 100)
      await record(store, [aRefusal('same-code', { owner: '198.51.100.2' })], 100)
      for (let batch = 0; batch < 10; batch += 1) {
        const flood = many(50, (index) =>
          aRefusal(`flood-${batch}-${index}`, { owner: `192.0.2.${index % 25}` }),
        )
        await record(store, flood, 100)
      }
      expect(await stored(store, 'other-code', 'same-code')).toEqual(['found', 'found'])
      const owners = unwrap(await store.refusals.list({ limit: 1000 })).items.map(
        (one) => one.owner,
      )
      for (let index = 0; index < 25; index += 1) expect(owners).toContain(`192.0.2.${index}`)
    })

    test('what other peers do takes nothing of the half of known devices, nor what a known device does of another', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [aDeviceRefusal('known-1', 'one')], 20)
      const addresses = many(300, (index) => aRefusal(`a-${index}`, { owner: `o-${index}` }))
      await record(store, addresses, 20)
      expect(await stored(store, 'known-1')).toEqual(['found'])
      await record(
        store,
        many(300, (index) => aDeviceRefusal(`d-${index}`, 'two')),
        20,
      )
      expect(await stored(store, 'known-1')).toEqual(['found'])
      const keys = unwrap(await store.refusals.list({ limit: 1000 })).items
      expect(keys.filter(({ known }) => known).length).toBeLessThanOrEqual(10)
    })

    test('without a share of its own the same refusal is pushed out: as many newer ones by as many owners', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [aRefusal('known-1', { owner: 'o-0' })], 20)
      const addresses = many(300, (index) => aRefusal(`a-${index}`, { owner: `o-${index + 1}` }))
      await record(store, addresses, 20)
      expect(await stored(store, 'known-1')).toEqual(['unknown'])
    })

    test('what gave way, and what never came, is counted by code and owner; an unknown reference says so', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const flood = many(100, (index) => aRefusal(`a-${index}`, { at: (SEEN + index) as Instant }))
      await record(store, flood, 20)
      const kept = await referencesOf(store)
      const lost = {
        code: 'blocked',
        known: true,
        owner: aKey('one'),
        refusals: 7,
        first: SEEN,
        last: (SEEN + 5) as Instant,
      }
      unwrap(await store.refusals.record({ refusals: [], notKept: [lost] }, RULES))
      unwrap(await store.refusals.record({ refusals: [], notKept: [lost] }, RULES))
      expect(unwrap(await store.refusals.find('never'))).toEqual({
        kind: 'unknown',
        notKept: [
          {
            code: 'no-certificate',
            known: false,
            owner: '192.0.2.7',
            refusals: 100 - kept.length,
            first: SEEN,
            last: SEEN + 99 - kept.length,
          },
          { ...lost, refusals: 14 },
        ],
      })
    })

    test('owners past the bound of a day are counted together, and those that have a count go on', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const of = (owner: string | undefined, refusals: number) => {
        const facts = { code: 'no-certificate', known: false, first: SEEN, last: SEEN }
        return { ...facts, owner, refusals }
      }
      const owners = many(2000, (index) => aRefusal(`${index}`)).map((_one, index) =>
        of(`o-${index}`, 1),
      )
      unwrap(await store.refusals.record({ refusals: [], notKept: owners }, RULES))
      const late = [of('o-7', 10), of('late-1', 20), of('late-2', 30), of(undefined, 40)]
      unwrap(await store.refusals.record({ refusals: [], notKept: late }, RULES))
      const counts = unwrap(await store.refusals.notKept(0 as Instant, 3))
      expect(counts.map(({ owner, refusals }) => [owner, refusals])).toEqual([
        [undefined, 90],
        ['o-7', 11],
        ['o-0', 1],
      ])
    })
  })

  describe('the end of refusals', () => {
    test('those that are older go, with the counts of the days before', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      const lost = { code: 'blocked', known: false, owner: 'o', refusals: 1 }
      const [old, now] = [(SEEN - 2 * DAY) as Instant, SEEN]
      const notKept = [old, now].map((at) => ({ ...lost, first: at, last: at }))
      const kept = [aRefusal('old', { at: (SEEN - 1) as Instant }), aRefusal('new')]
      unwrap(await store.refusals.record({ refusals: kept, notKept }, RULES))
      expect(unwrap(await store.refusals.deleteBefore(SEEN))).toEqual({ refusals: 1 })
      expect(await referencesOf(store)).toEqual(['new'])
      expect(unwrap(await store.refusals.notKept(0 as Instant, 9))).toMatchObject([
        { refusals: 1, first: now },
      ])
    })

    test('a device that is forgotten takes along the refusals of its keys and of its signed ids, and no other', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await makeCurrent(store, 'first')
      const shown = aCertificate('one', { signedIds: ['id "1"'] })
      unwrap(await store.sightings.record([aSighting(shown), aSighting(aCertificate('two'))]))
      await record(store, [
        aDeviceRefusal('by-key', 'one'),
        aDeviceRefusal('by-id', 'newer', { signedIds: ['x', 'id "1"'] }),
        aDeviceRefusal('other-id', 'three', { signedIds: ['id "1"0', '1'] }),
        aDeviceRefusal('other-key', 'two'),
        aRefusal('no-certificate'),
      ])
      const lost = { code: 'expired', known: true, refusals: 1, first: SEEN, last: SEEN }
      const notKept = ['one', 'two'].map((key) => ({ ...lost, owner: aKey(key) }))
      unwrap(await store.refusals.record({ refusals: [], notKept }, RULES))
      const [refusal] = unwrap(await store.refusals.list({ limit: 1, key: aKey('one') })).items
      unwrap(await store.devices.forget(ADMIN, refusal?.device ?? '', 'any'))
      expect(await referencesOf(store)).toEqual(['no-certificate', 'other-key', 'other-id'])
      expect(unwrap(await store.refusals.notKept(0 as Instant, 9))).toMatchObject([
        { owner: aKey('two') },
      ])
      const [entry] = unwrap(await store.audit.list({ limit: 1 })).items
      expect(entry).toMatchObject({ action: 'device.forget', after: { refusalsErased: 2 } })
    })

    test.each([
      ['an outcome', `update refusals set outcome = 'shrugged'`, 'outcome'],
      ['a time', `update refusals set at = -1`, 'at'],
      ['a share', `update refusals set known = 2`, 'known'],
      ['half a certificate', `update refusals set key = null`, 'key'],
      ['other JSON', `update refusals set signed_ids = '{"a":1}'`, 'signed_ids'],
      ['no JSON', `update refusals set signed_ids = '['`, 'signed_ids'],
    ])('%s that this program does not know is refused by name', async (_what, damage, column) => {
      await using place = await backend.place()
      await using store = await opened(place)
      await record(store, [aDeviceRefusal('aa-1', 'one', { signedIds: ['id'] })])
      await place.damage(damage)
      for (const why of [
        unwrapFailure(await store.refusals.find('aa-1')),
        unwrapFailure(await store.refusals.list({ limit: 9 })),
      ]) {
        expect(why).toMatchObject({ kind: 'unknown-row', table: 'refusals', key: 'aa-1', column })
        expect(explainStore(why).sentence).toContain('table refusals')
      }
    })

    test('a row that another hand wrote is in the way of neither a batch nor an erasure', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      await makeCurrent(store, 'first')
      const shown = aCertificate('one', { signedIds: ['id'] })
      unwrap(await store.sightings.record([aSighting(shown)]))
      await record(store, [aDeviceRefusal('aa-1', 'one'), aDeviceRefusal('bb-1', 'two')])
      await place.damage(`update refusals set signed_ids = '[' where reference = 'bb-1'`)
      await record(
        store,
        many(30, (index) => aDeviceRefusal(`cc-${index}`, 'one')),
        20,
      )
      const [device] = unwrap(
        await store.devices.list({ filter: {}, order: 'newest', limit: 1, minimums: [] }),
      ).items
      unwrap(await store.devices.forget(ADMIN, device?.id ?? '', 'any'))
      expect(await referencesOf(store, { key: aKey('one') })).toEqual([])
    })
  })
}
