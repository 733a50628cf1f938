import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Backend } from '../place.ts'
import { opened } from '../place.ts'
import { aCertificate, aSighting, SEEN, sure } from '../sighted.ts'
import { makeCurrent } from './enrollment.ts'

const later = (ms: number): Instant => (SEEN + ms) as Instant

/** What a device says of itself: a label, and no more of it than one. */
export function hearsay(backend: Backend): void {
  test.each([
    ['with each batch', (index: number) => later(index)],
    ['in sightings that come late', (index: number) => later(-1 - index)],
  ])('a device that calls itself something else %s leaves one word', async (_how, at) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    const say = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) =>
        aSighting(aCertificate('a'), {
          at: at(from + index),
          reportedId: `self-${String(from + index).padStart(2, '0')}`,
        }),
      )
    for (const batch of [say(0, 1), say(1, 17), say(17, 33)]) {
      sure(await store.sightings.record(batch))
    }
    const found = async (text: string) => sure(await store.devices.count({ text }, []))
    const names = Array.from({ length: 33 }, (_, index) => `self-${String(index).padStart(2, '0')}`)
    const hits = await Promise.all(names.map(found))
    expect(hits).toEqual([1, ...names.slice(1).map(() => 0)])
  })

  test('a late sighting that names a device which nobody named leaves no word', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await makeCurrent(store, 'first')
    sure(await store.sightings.record([aSighting(aCertificate('a'))]))
    const late = [1, 2, 3].map((ms) =>
      aSighting(aCertificate('a'), { at: later(-ms), reportedId: `late-${ms}` }),
    )
    sure(await store.sightings.record(late))
    expect(sure(await store.devices.count({ text: 'late' }, []))).toBe(0)
    const named = aSighting(aCertificate('a'), { at: later(1), reportedId: 'Late-4' })
    sure(await store.sightings.record([named]))
    expect(sure(await store.devices.count({ text: 'late-4' }, []))).toBe(1)
  })
}
