import { expect, test } from 'vitest'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import { aCertificate, ADMIN, aSighting, unwrap } from '../../support/store/sightings.ts'
import { makeCurrent } from './enrollment.ts'

const RETIRING = { cutOff: 'not-before', sunset: undefined } as const

/** Two programs on one store. */
export function concurrency(backend: Backend): void {
  test('of two who promote at once, one is stale or both follow each other; one setting is current', async () => {
    await using place = await backend.place()
    await using one = await opened(place)
    await using other = await opened(place)
    await makeCurrent(one, 'first')
    for (const name of ['a', 'b']) {
      unwrap(await one.enrollment.stage(ADMIN, { name, source: 'local', chain: [] }))
    }
    const promote = (store: typeof one, name: string) =>
      store.enrollment.promote(ADMIN, name, { expected: 1, retiring: RETIRING })
    const results = await Promise.all([promote(one, 'a'), promote(other, 'b'), promote(other, 'a')])
    // `a` was promoted by one of the two, and the second caller was told.
    expect(results.filter(({ ok }) => ok)).toHaveLength(2)
    const settings = unwrap(await one.enrollment.list())
    expect(settings.filter(({ standing }) => standing.kind === 'current')).toHaveLength(1)
    expect(settings.filter(({ standing }) => standing.kind === 'previously-trusted')).toHaveLength(
      2,
    )
  })

  test('of many writers of one version exactly one is granted', async () => {
    await using place = await backend.place()
    await using one = await opened(place)
    await using other = await opened(place)
    const attempts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : other).documents.put(ADMIN, { name: 'd', body: index }, 0),
    )
    const results = await Promise.all(attempts)
    const granted = results.filter(({ ok }) => ok)
    const stale = results.filter((result) => !result.ok && result.failure.kind === 'stale')
    expect([granted.length, stale.length]).toEqual([1, 19])
    expect(unwrap(await one.audit.list({ limit: 100 })).items).toHaveLength(1)
  })

  test('two replicas that learn the same device at once learn one', async () => {
    await using place = await backend.place()
    await using one = await opened(place)
    await using other = await opened(place)
    await makeCurrent(one, 'first')
    const batch = Array.from({ length: 50 }, (_, index) =>
      aSighting(aCertificate(`device ${index}`, { signedIds: [`id ${index}`] })),
    )
    const rounds = Array.from({ length: 8 }, (_, index) =>
      (index % 2 === 0 ? one : other).sightings.record(batch),
    )
    const learned = (await Promise.all(rounds)).map((result) => unwrap(result).newDevices)
    expect(learned.reduce((all, many) => all + many, 0)).toBe(50)
    expect(unwrap(await one.devices.count({}, []))).toBe(50)
    const [device] = unwrap(
      await one.devices.list({ filter: {}, order: 'first-seen', limit: 1, minimums: [] }),
    ).items
    expect(device?.sightings).toBe(8)
  })

  test('revisions are given out one after another, with no gap', async () => {
    await using place = await backend.place()
    await using one = await opened(place)
    await using other = await opened(place)
    const writes = Array.from({ length: 30 }, (_, index) =>
      (index % 2 === 0 ? one : other).documents.put(ADMIN, { name: `d${index}`, body: index }, 0),
    )
    for (const result of await Promise.all(writes)) unwrap(result)
    const rows = unwrap(await one.audit.list({ limit: 100 })).items
    expect(rows.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    )
  })
}
