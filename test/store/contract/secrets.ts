import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { TICKET_SECRET } from '../../../src/store/secrets/secrets.ts'
import type { Backend } from '../../support/store/backends.ts'
import { aRing, opened, testClock } from '../../support/store/backends.ts'
import { ADMIN, unwrapFailure, SEEN, unwrap } from '../../support/store/sightings.ts'

const secret = (name: string, text: string) => ({ name, secret: Buffer.from(text) })
const SINCE = 0 as Instant

/** Secrets at rest (S2-20 … S2-23). */
export function secrets(backend: Backend): void {
  test('a secret comes back, and lies in no table in the clear', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.secrets.put(ADMIN, secret('upstream', 'hunter2-hunter2'), 0))
    expect(unwrap(await store.secrets.open('upstream'))?.secret.toString()).toBe('hunter2-hunter2')
    expect(unwrap(await store.secrets.open('other'))).toBeUndefined()
    const lines: string[] = []
    unwrap(await store.transfer.export(ADMIN, async (line) => void lines.push(line)))
    const all = lines.join('\n')
    expect(all).not.toContain('hunter2')
    expect(all).not.toContain(Buffer.from('hunter2-hunter2').toString('base64'))
  })

  test('the ticket secret is overwritten without an audit row, is in no export, and is not sealed anew', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const before = unwrap(await store.audit.list({ limit: 100 })).items.length
    const revision = unwrap(await store.feed.revision())
    const first = { ...secret(TICKET_SECRET, 'one'), unaudited: true as const }
    unwrap(await store.secrets.put(ADMIN, first, 0))
    unwrap(await store.secrets.put(ADMIN, { ...first, secret: Buffer.from('two') }, 1))
    expect(unwrapFailure(await store.secrets.put(ADMIN, first, 1)).kind).toBe('stale')
    expect(unwrap(await store.secrets.open(TICKET_SECRET))).toMatchObject({ version: 2 })
    expect(unwrap(await store.secrets.list())).toHaveLength(1)
    expect(unwrap(await store.audit.list({ limit: 100 })).items).toHaveLength(before)
    // Replicas hear of it all the same.
    const since = unwrap(await store.feed.since(revision))
    expect(since.kind === 'changes' && since.changed.get('secret')).toEqual([TICKET_SECRET])
    const lines: string[] = []
    unwrap(await store.transfer.export(ADMIN, async (line) => void lines.push(line)))
    expect(lines.join('\n')).not.toContain(TICKET_SECRET)
    await using ahead = await opened(place, { ring: aRing(1, 2) })
    unwrap(await ahead.secrets.rotate(ADMIN))
    expect(unwrap(await ahead.secrets.reseal(ADMIN, 10))).toMatchObject({ left: 0 })
    expect(unwrap(await ahead.secrets.open(TICKET_SECRET))).toBeUndefined()
  })

  test('a new key leaves old secrets as they are until they change or are sealed anew', async () => {
    await using place = await backend.place()
    {
      await using store = await opened(place)
      for (const name of ['a', 'b', 'c'])
        unwrap(await store.secrets.put(ADMIN, secret(name, name), 0))
      expect(unwrapFailure(await store.secrets.rotate(ADMIN)).kind).toBe('key-not-newer')
    }
    await using store = await opened(place, { ring: aRing(1, 2) })
    const keys = async () =>
      Object.fromEntries(
        unwrap(await store.secrets.list()).map(({ name, keyVersion }) => [name, keyVersion]),
      )
    expect(unwrap(await store.secrets.rotate(ADMIN))).toBe(2)
    expect(unwrap(await store.secrets.keyStatus(SINCE))).toMatchObject({ current: 2, left: 3 })
    unwrap(await store.secrets.put(ADMIN, secret('b', 'new'), 1))
    expect(await keys()).toEqual({ a: 1, b: 2, c: 1 })
    expect(unwrap(await store.secrets.reseal(ADMIN, 1))).toEqual({ resealed: 1, left: 1 })
    expect(unwrap(await store.secrets.reseal(ADMIN, 10))).toEqual({ resealed: 1, left: 0 })
    expect(await keys()).toEqual({ a: 2, b: 2, c: 2 })
    expect(unwrap(await store.secrets.open('c'))?.secret.toString()).toBe('c')
  })

  test('an instance that lacks the current key says so, and seals nothing with an older one', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    await using ahead = await opened(place, { ring: aRing(1, 2), clock })
    unwrap(await ahead.secrets.put(ADMIN, secret('a', 'a'), 0))
    await using behind = await opened(place, { ring: aRing(1), clock })
    unwrap(await ahead.secrets.report({ id: 'one', name: 'tfe-1' }))
    unwrap(await behind.secrets.report({ id: 'two', name: 'tfe-2' }))
    const missing = { kind: 'key-missing', version: 2, held: [1] }
    expect(unwrapFailure(await behind.secrets.open('a'))).toEqual(missing)
    expect(unwrapFailure(await behind.secrets.put(ADMIN, secret('b', 'b'), 0))).toEqual(missing)
    expect(unwrap(await behind.secrets.keyStatus(SEEN)).fault).toEqual(missing)
    const standing = unwrap(await ahead.secrets.keyStatus(SEEN))
    expect(standing.lacking).toEqual([{ id: 'two', name: 'tfe-2', seenAt: SEEN }])
    // An instance that has not reported for long is no replica any more.
    expect(unwrap(await ahead.secrets.keyStatus((SEEN + 1) as Instant)).lacking).toEqual([])
  })

  test('an instance that takes leave, or was silent for more than a week, is none any more', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    await using store = await opened(place, { ring: aRing(1, 2), clock })
    await using behind = await opened(place, { ring: aRing(1), clock })
    unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
    const lacking = async () =>
      unwrap(await store.secrets.keyStatus(0 as Instant)).lacking.map(({ id }) => id)
    for (const id of ['ends', 'falls']) unwrap(await behind.secrets.report({ id, name: id }))
    expect(await lacking()).toEqual(['ends', 'falls'])
    unwrap(await behind.secrets.deregister('ends'))
    expect(await lacking()).toEqual(['falls'])
    clock.at += 7 * 86_400_000
    unwrap(await store.secrets.report({ id: 'here', name: 'here' }))
    expect(await lacking()).toEqual(['falls'])
    clock.at += 1
    unwrap(await store.secrets.report({ id: 'here', name: 'here' }))
    expect(await lacking()).toEqual([])
  })

  test('another key of the same version is recognised', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
    const ring = { keys: new Map([[1, Buffer.alloc(32, 99)]]) }
    await using other = await opened(place, { ring })
    expect(unwrapFailure(await other.secrets.put(ADMIN, secret('b', 'b'), 0))).toEqual({
      kind: 'key-wrong',
      version: 1,
    })
    expect(unwrapFailure(await other.secrets.open('a')).kind).toBe('seal-broken')
  })

  test('without a key nothing is sealed', async () => {
    await using place = await backend.place()
    await using store = await opened(place, { ring: aRing() })
    expect(unwrapFailure(await store.secrets.put(ADMIN, secret('a', 'a'), 0)).kind).toBe(
      'key-missing',
    )
  })

  test.each([
    [
      'copied from another row',
      `update secrets set nonce = (select nonce from secrets where name = 'b'), sealed = (select sealed from secrets where name = 'b') where name = 'a'`,
    ],
    ['given an older version', `update secrets set version = 0 where name = 'a'`],
    ['cut short', `update secrets set sealed = substr(sealed, 1, 7) where name = 'a'`],
  ])('a sealed value that was %s does not open', async (_how, statement) => {
    await using place = await backend.place()
    await using store = await opened(place)
    for (const name of ['a', 'b']) unwrap(await store.secrets.put(ADMIN, secret(name, 'x'), 0))
    await place.damage(statement)
    expect(unwrapFailure(await store.secrets.open('a'))).toEqual({
      kind: 'seal-broken',
      secret: 'a',
    })
    expect(unwrap(await store.secrets.open('b'))?.secret.toString()).toBe('x')
  })
}
