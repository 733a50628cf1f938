import { expect, test } from 'vitest'
import type { Backend } from '../../support/store/backends.ts'
import { opened, testClock } from '../../support/store/backends.ts'
import { ADMIN, unwrapFailure, unwrap } from '../../support/store/sightings.ts'

/** Settings documents and the audit rows that come with every change. */
export function documents(backend: Backend): void {
  test('a document that was written is read back with its version', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const body = { strict: true, text: 'ü "quoted"', list: [1, null] }
    expect(unwrap(await store.documents.put(ADMIN, { name: 'outgoing', body }, 0)).version).toBe(1)
    expect(unwrap(await store.documents.find('outgoing'))).toMatchObject({ body, version: 1 })
    expect(unwrap(await store.documents.find('other'))).toBeUndefined()
  })

  test('a change that was decided on an older version is stale, and changes nothing', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 2 }, 1))
    const why = unwrapFailure(await store.documents.put(ADMIN, { name: 'a', body: 3 }, 1))
    const stale = { kind: 'stale', what: 'settings document', key: 'a', expected: 1, found: 2 }
    expect(why).toEqual(stale)
    expect(unwrapFailure(await store.documents.remove(ADMIN, 'a', 1))).toEqual(stale)
    expect(unwrapFailure(await store.documents.put(ADMIN, { name: 'a', body: 3 }, 0)).kind).toBe(
      'stale',
    )
    expect(unwrap(await store.documents.find('a'))?.body).toBe(2)
    expect(unwrap(await store.audit.list({ limit: 10 })).items).toHaveLength(2)
  })

  test('a change says who, what, from where, when, before and after', async () => {
    await using place = await backend.place()
    const clock = testClock()
    await using store = await opened(place, { clock })
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: { on: false } }, 0))
    clock.at += 5000
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: { on: true } }, 'any'))
    const [last] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(last).toMatchObject({
      at: clock.at,
      who: 'alice',
      from: '127.0.0.1',
      action: 'document.put',
      subject: 'a',
      before: { on: false },
      after: { on: true },
      revision: 2,
    })
  })

  test('the audit trail is read in pages, newest first, and by who, action, subject and time', async () => {
    await using place = await backend.place()
    const clock = testClock()
    await using store = await opened(place, { clock })
    const bob = { who: 'bob', from: 'cli' }
    for (const [index, by] of [ADMIN, bob, ADMIN, bob, ADMIN].entries()) {
      clock.at += 1000
      unwrap(await store.documents.put(by, { name: `d${index}`, body: index }, 0))
    }
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = unwrap(await store.audit.list({ limit: 2, after }))
      seen.push(...page.items.map(({ subject }) => subject))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(['d4', 'd3', 'd2', 'd1', 'd0'])
    const subjects = async (ask: object): Promise<readonly string[]> =>
      unwrap(await store.audit.list({ limit: 10, ...ask })).items.map(({ subject }) => subject)
    expect(await subjects({ who: 'bob' })).toEqual(['d3', 'd1'])
    expect(await subjects({ subject: 'd2' })).toEqual(['d2'])
    expect(await subjects({ action: 'document.remove' })).toEqual([])
    expect(await subjects({ since: clock.at })).toEqual(['d4'])
    expect(await subjects({ until: clock.at, who: 'alice' })).toEqual(['d2', 'd0'])
  })

  test('a cursor that is none of ours is refused', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    for (const after of [
      '',
      'x',
      'bnVsbA',
      'W10',
      Buffer.from('["a","b"]').toString('base64url'),
    ]) {
      expect(unwrapFailure(await store.audit.list({ limit: 1, after })).kind).toBe('bad-cursor')
    }
  })

  test.each([
    ['NUL', ['a\u0000', '']],
    ['NUL behind the place', ['a', '\u0000']],
    ['half of a character', ['\ud800', '']],
  ])('a forged cursor with %s is refused before the database sees it', async (_what, forged) => {
    await using place = await backend.place()
    await using store = await opened(place)
    const after = Buffer.from(JSON.stringify(forged)).toString('base64url')
    const ask = { filter: {}, order: 'first-seen', limit: 1, minimums: [], after } as const
    expect(unwrapFailure(await store.devices.list(ask)).kind).toBe('bad-cursor')
    expect(unwrapFailure(await store.approvals.keys('approved', { limit: 1, after })).kind).toBe(
      'bad-cursor',
    )
  })

  test('a query is saved once under its name', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const query = {
      name: 'Authentication failed',
      origin: 'chart',
      query: { authentication: 'failed' },
    } as const
    const saved = unwrap(await store.queries.save(ADMIN, query))
    expect(unwrap(await store.queries.save(ADMIN, query)).id).toBe(saved.id)
    expect(unwrapFailure(await store.queries.save(ADMIN, { ...query, query: {} })).kind).toBe(
      'already-exists',
    )
    expect(unwrap(await store.queries.find(saved.id))?.query).toEqual({ authentication: 'failed' })
    expect(unwrapFailure(await store.queries.remove(ADMIN, saved.id, 7)).kind).toBe('stale')
    unwrap(await store.queries.remove(ADMIN, saved.id, 1))
    expect(unwrap(await store.queries.list())).toEqual([])
  })
}
