import { expect, test } from 'vitest'
import type { Millis } from '../../../src/kernel/types.ts'
import type { StoredRevocation } from '../../../src/store/settings/setting-revocation.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened, testClock } from '../../support/store/backends.ts'
import { ADMIN, unwrap, unwrapFailure } from '../../support/store/sightings.ts'

const UPLOAD = { kind: 'upload', digest: 'ab12', octets: Buffer.from([0, 1, 255]) } as const
const URL_LIST = { kind: 'url', url: 'http://ca.example/list.crl' } as const
const FILE_LIST = { kind: 'file', path: '/etc/tfe/list.crl' } as const

const asking = (...lists: StoredRevocation['lists']): StoredRevocation => ({
  failure: 'hard-fail',
  grace: 1000 as Millis,
  refresh: 3_600_000 as Millis,
  lists,
})

const stage = async (store: Store, name: string, revocation?: StoredRevocation) =>
  unwrap(
    await store.enrollment.stage(ADMIN, {
      name,
      source: 'local',
      chain: [Buffer.from('der')],
      revocation,
    }),
  )

/** Octets as a buffer, whatever the backend gives. */
const plain = (revocation: StoredRevocation | 'none' | 'unstated' | undefined) =>
  typeof revocation === 'object'
    ? {
        ...revocation,
        lists: revocation.lists.map((one) =>
          one.kind === 'upload' ? { ...one, octets: Buffer.from(one.octets) } : one,
        ),
      }
    : revocation

const keptOf = async (store: Store) =>
  unwrap(await store.revocationLists.kept()).map(({ place, der }) => [
    place,
    Buffer.from(der).toString(),
  ])

/** Revocation lists of enrollment settings. */
export function revocationLists(backend: Backend): void {
  test('lists come back as they were named, in their order, uploads octet by octet', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const asked = asking(URL_LIST, UPLOAD, FILE_LIST)
    await stage(store, 'a', asked)
    const [found] = unwrap(await store.enrollment.list())
    expect(plain(found?.revocation)).toEqual(asked)
  })

  test('a setting that was staged without lists asks for none, and says so', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a')
    expect(unwrap(await store.enrollment.find('a'))?.revocation).toBe('none')
  })

  test('a change of lists is audited with places and digests, and without octets', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const { version } = await stage(store, 'a')
    const changed = unwrap(
      await store.revocationLists.put(ADMIN, 'a', {
        expected: version,
        revocation: asking(UPLOAD),
      }),
    )
    expect(changed.version).toBe(version + 1)
    const [entry] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(entry).toMatchObject({
      action: 'enrollment.revocation',
      before: { revocation: 'none' },
      after: { revocation: { failure: 'hard-fail', lists: [{ upload: 'ab12' }] } },
    })
  })

  test('a change that was decided on another version is refused, and nothing of it stays', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a', asking(URL_LIST))
    const change = { expected: 7, revocation: 'none' } as const
    expect(unwrapFailure(await store.revocationLists.put(ADMIN, 'a', change)).kind).toBe('stale')
    expect(unwrapFailure(await store.revocationLists.reset(ADMIN, 'a', 7)).kind).toBe('stale')
    expect(unwrap(await store.enrollment.find('a'))).toMatchObject({ version: 1, resets: 0 })
  })

  test.each([
    ['a list of a setting that is not there', 'not-found', 'b'],
    ['a reset where no list is asked for', 'not-found', 'a'],
  ])('%s is refused', async (_what, kind, name) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a')
    expect(unwrapFailure(await store.revocationLists.reset(ADMIN, name, 'any')).kind).toBe(kind)
  })

  test('what was taken from a place is kept until the place is named no more', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a', asking(URL_LIST, UPLOAD))
    const at = { setting: 'a', place: URL_LIST.url, resets: 0 }
    unwrap(await store.revocationLists.keep(at, [Buffer.from('one'), Buffer.from('two')]))
    unwrap(await store.revocationLists.keep(at, [Buffer.from('three')]))
    expect(await keptOf(store)).toEqual([[URL_LIST.url, 'three']])
    const change = { expected: 'any', revocation: asking(UPLOAD) } as const
    unwrap(await store.revocationLists.put(ADMIN, 'a', change))
    expect(await keptOf(store)).toEqual([])
  })

  test.each([
    ['of another setting', { setting: 'b', place: URL_LIST.url, resets: 0 }],
    [
      'from a place that the setting does not name',
      { setting: 'a', place: 'http://x/', resets: 0 },
    ],
    ['from before a reset', { setting: 'a', place: URL_LIST.url, resets: 0 }],
  ])('a list %s is not kept', async (what, at) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a', asking(URL_LIST))
    if (what === 'from before a reset') unwrap(await store.revocationLists.reset(ADMIN, 'a', 'any'))
    unwrap(await store.revocationLists.keep(at, [Buffer.from('one')]))
    expect(await keptOf(store)).toEqual([])
  })

  test('a reset forgets what was taken, is counted and audited, and leaves the lists named', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a', asking(URL_LIST))
    const at = { setting: 'a', place: URL_LIST.url, resets: 0 }
    unwrap(await store.revocationLists.keep(at, [Buffer.from('one')]))
    expect(unwrap(await store.revocationLists.reset(ADMIN, 'a', 1))).toMatchObject({
      resets: 1,
      version: 2,
      revocation: asking(URL_LIST),
    })
    expect(await keptOf(store)).toEqual([])
    const [entry] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(entry).toMatchObject({ action: 'enrollment.revocation-reset', after: { resets: 1 } })
  })

  test('settings of the version before take over what the file says, once', async () => {
    await using place = await backend.place()
    const clock = testClock()
    await using store = await opened(place, { clock })
    await stage(store, 'a')
    await stage(store, 'b')
    await stage(store, 'c', asking(UPLOAD))
    await place.damage(`delete from setting_revocation where setting <> 'c'`)
    expect(unwrap(await store.enrollment.find('a'))?.revocation).toBe('unstated')
    const stated = new Map([
      ['a', asking(FILE_LIST)],
      ['c', asking(FILE_LIST)],
    ])
    expect(unwrap(await store.revocationLists.adopt(ADMIN, stated))).toEqual(['a', 'b'])
    expect(
      unwrap(await store.revocationLists.adopt(ADMIN, new Map([['b', asking(URL_LIST)]]))),
    ).toEqual([])
    const found = unwrap(await store.enrollment.list())
    expect(found.map(({ name, revocation }) => [name, plain(revocation)])).toEqual([
      ['a', asking(FILE_LIST)],
      ['b', 'none'],
      ['c', asking(UPLOAD)],
    ])
  })

  test.each([
    ['a word for unknown revocation', `update setting_revocation set failure = 'perhaps'`],
    ['a length of time', `update setting_revocation set grace = -1`],
    ['a policy without any list', `delete from setting_lists`],
    ['a kind of list', `update setting_lists set kind = 'rumour'`],
    ['an upload without octets', `update setting_lists set kind = 'upload', der = null`],
  ])('%s that this program does not know is refused by name', async (_what, statement) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await stage(store, 'a', asking(URL_LIST))
    await place.damage(statement)
    expect(unwrapFailure(await store.enrollment.list()).kind).toBe('unknown-row')
  })
}
