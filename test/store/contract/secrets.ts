import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { RUNNING_WITHIN_MS } from '../../../src/store/secrets/instances.ts'
import { readKeyRing, writeKeyRing } from '../../../src/store/secrets/key-ring.ts'
import { versionsOf } from '../../../src/store/secrets/seal.ts'
import { MAX_SECRET_OCTETS, TICKET_SECRET } from '../../../src/store/secrets/secret-limits.ts'
import type { Backend } from '../../support/store/backends.ts'
import { aRing, opened, testClock } from '../../support/store/backends.ts'
import { ADMIN, unwrapFailure, SEEN, unwrap } from '../../support/store/sightings.ts'

const secret = (name: string, text: string) => ({ name, secret: Buffer.from(text) })
const SINCE = 0 as Instant
const RETENTION = { saveAuthentication: false, saveDecryption: false }

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
    expect(standing.lacking).toEqual([{ id: 'two', name: 'tfe-2', seenAt: SEEN, running: true }])
    // An instance that has not reported for long is no replica any more.
    expect(unwrap(await ahead.secrets.keyStatus((SEEN + 1) as Instant)).lacking).toEqual([])
  })

  test('instances that run without the next key are named before a rotation, which they stand against', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    await using before = await opened(place, { ring: aRing(1), clock })
    unwrap(await before.secrets.put(ADMIN, secret('a', 'a'), 0))
    await using ahead = await opened(place, { ring: aRing(1, 2), clock })
    const other = { keys: new Map([...aRing(1).keys, [2, Buffer.alloc(32, 99)]]) }
    await using mistaken = await opened(place, { ring: other, clock })
    unwrap(await before.secrets.report({ id: 'gone', name: 'gone' }))
    clock.at += RUNNING_WITHIN_MS + 1
    unwrap(await ahead.secrets.report({ id: 'self', name: 'self' }))
    unwrap(await before.secrets.report({ id: 'lacks', name: 'lacks' }))
    unwrap(await mistaken.secrets.report({ id: 'other', name: 'other' }))
    const standing = unwrap(await ahead.secrets.keyStatus(SINCE))
    expect(standing).toMatchObject({ current: 1, currentSince: SEEN, lacking: [] })
    expect(standing.next?.version).toBe(2)
    // Another key of that version would open nothing either.
    expect(standing.next?.lacking.map(({ id, running }) => [id, running])).toEqual([
      ['gone', false],
      ['lacks', true],
      ['other', true],
    ])
    expect(unwrapFailure(await ahead.secrets.rotate(ADMIN))).toEqual({
      kind: 'instances-lack-key',
      version: 2,
      instances: ['lacks', 'other'],
    })
    expect(unwrap(await before.secrets.keyStatus(SINCE))).toMatchObject({
      current: 1,
      fault: undefined,
      next: undefined,
    })
    // Those that are silent alone stand against nothing.
    unwrap(await ahead.secrets.deregister('lacks'))
    unwrap(await ahead.secrets.deregister('other'))
    expect(unwrap(await ahead.secrets.rotate(ADMIN))).toBe(2)
  })

  test('a rotation that is forced is made, and who lacks its key is said then', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    await using behind = await opened(place, { ring: aRing(1), clock })
    unwrap(await behind.secrets.put(ADMIN, secret('a', 'a'), 0))
    unwrap(await behind.secrets.report({ id: 'behind', name: 'behind' }))
    await using ahead = await opened(place, { ring: aRing(1, 2), clock })
    expect(unwrap(await ahead.secrets.rotate(ADMIN, { force: true }))).toBe(2)
    const standing = unwrap(await ahead.secrets.keyStatus(SINCE))
    expect(standing.lacking.map(({ id }) => id)).toEqual(['behind'])
    expect(unwrapFailure(await behind.secrets.put(ADMIN, secret('b', 'b'), 0)).kind).toBe(
      'key-missing',
    )
  })

  test('a program of the schema before is held to the versions that it reports', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    await using store = await opened(place, { ring: aRing(1, 2), clock })
    unwrap(await store.secrets.report({ id: 'self', name: 'self' }))
    await place.damage(
      `insert into instances (id, name, key_versions, seen_at) values ('has', 'has', '[1,2]', ${SEEN}), ('lacks', 'lacks', '[1]', ${SEEN})`,
    )
    const { next } = unwrap(await store.secrets.keyStatus(SINCE))
    expect(next?.lacking.map(({ id }) => id)).toEqual(['lacks'])
  })

  test('requiring certificates brings the newest key of the ring with it, and leaves what is sealed', async () => {
    await using place = await backend.place()
    {
      await using store = await opened(place, { ring: aRing(1) })
      unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
    }
    await using store = await opened(place, { ring: aRing(1, 2) })
    const revision = unwrap(await store.feed.revision())
    unwrap(await store.enforcement.require(ADMIN, RETENTION, 'any'))
    expect(unwrap(await store.secrets.keyStatus(SINCE))).toMatchObject({ current: 2, left: 1 })
    const { items } = unwrap(await store.audit.list({ limit: 2 }))
    // One change, two rows.
    expect(items.map(({ action }) => action).toSorted()).toEqual([
      'enforcement.require',
      'key.rotate',
    ])
    expect(new Set(items.map((it) => it.revision)).size).toBe(1)
    const since = unwrap(await store.feed.since(revision))
    expect(since.kind === 'changes' && since.changed.get('secret')).toEqual(['key ring'])
    expect(unwrap(await store.secrets.open('a'))?.secret.toString()).toBe('a')
    unwrap(await store.secrets.put(ADMIN, secret('b', 'b'), 0))
    const keys = unwrap(await store.secrets.list()).map(({ name, keyVersion }) => [
      name,
      keyVersion,
    ])
    expect(keys).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  test.each([
    ['holds no newer key', aRing(1), 1],
    ['lacks the current key', aRing(3), 2],
    ['is empty', aRing(), 2],
  ])('a ring that %s brings no key when certificates are required', async (_how, ring, current) => {
    await using place = await backend.place()
    {
      await using store = await opened(place, { ring: aRing(current) })
      unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
    }
    await using store = await opened(place, { ring })
    unwrap(await store.enforcement.require(ADMIN, RETENTION, 'any'))
    expect(unwrap(await store.secrets.keyStatus(SINCE)).current).toBe(current)
  })

  test('the key that comes with requiring certificates is planned before it is made', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    const folder = mkdtempSync(join(tmpdir(), 'tfe-keys-'))
    const path = join(folder, 'tfe.keys')
    try {
      await writeKeyRing(path, aRing(1))
      const ringFrom = `file:${path}`
      await using store = await opened(place, { ring: aRing(1), ringFrom, clock })
      unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
      unwrap(await store.secrets.report({ id: 'self', name: 'self' }))
      await using peer = await opened(place, { ring: aRing(1, 2), clock })
      unwrap(await peer.secrets.report({ id: 'peer', name: 'peer' }))
      const plan = async () => unwrap(await store.secrets.planEnablingKey(SINCE))
      const lacking = [{ id: 'peer', name: 'peer', seenAt: SEEN, running: true }]
      // 2 is the version of a key that another instance has.
      expect(await plan()).toEqual({ kind: 'made', version: 3, lacking })
      unwrap(await store.secrets.makeKey(3))
      const ring = unwrap(await readKeyRing(ringFrom))
      expect(versionsOf(ring)).toEqual([1, 3])
      expect(await plan()).toEqual({ kind: 'held', version: 3, lacking })
      await using third = await opened(place, { ring: aRing(1), ringFrom, clock })
      // Told as it is made, so that no other instance makes a key of that version.
      expect(unwrap(await third.secrets.planEnablingKey(SINCE))).toMatchObject({ version: 4 })
      // Made already: no other key takes its place.
      unwrap(await store.secrets.makeKey(3))
      expect(unwrap(await readKeyRing(ringFrom))).toEqual(ring)
      unwrap(await store.enforcement.require(ADMIN, RETENTION, 'any'))
      // It holds the key, although it has not reported since.
      expect(unwrap(await store.secrets.keyStatus(SINCE))).toMatchObject({ current: 3, lacking })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('of keys that are made at the same moment one is held, and the file has that one', async () => {
    await using place = await backend.place()
    const folder = mkdtempSync(join(tmpdir(), 'tfe-keys-'))
    const path = join(folder, 'tfe.keys')
    try {
      await writeKeyRing(path, aRing(1))
      const ringFrom = `file:${path}`
      await using store = await opened(place, { ring: aRing(1), ringFrom })
      const made = await Promise.all([2, 2, 2, 2].map((one) => store.secrets.makeKey(one)))
      expect(made.map(({ ok }) => ok)).toEqual([true, true, true, true])
      unwrap(await store.enforcement.require(ADMIN, RETENTION, 'any'))
      unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
      await using restarted = await opened(place, { ring: unwrap(await readKeyRing(ringFrom)) })
      expect(unwrap(await restarted.secrets.open('a'))?.secret.toString()).toBe('a')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a secret that another instance takes is not removed, and the answer names that instance', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using other = await opened(place)
    unwrap(await store.secrets.put(ADMIN, secret('tls', 'x'), 0))
    unwrap(await store.secrets.report({ id: 'self', name: 'self', secrets: ['tls'] }))
    unwrap(await other.secrets.report({ id: 'other', name: 'other', secrets: ['tls'] }))
    const refused = unwrap(await store.secrets.remove(ADMIN, 'tls', 'any'))
    expect(refused.map(({ name }) => name)).toEqual(['other'])
    expect(unwrap(await store.secrets.list())).toHaveLength(1)
    unwrap(await other.secrets.report({ id: 'other', name: 'other' }))
    expect(unwrap(await store.secrets.remove(ADMIN, 'tls', 'any'))).toEqual([])
    expect(unwrap(await store.secrets.list())).toEqual([])
    const [last] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(last).toMatchObject({ action: 'secret.remove', subject: 'tls' })
  })

  test('of two instances that make a key of one version at the same moment, each in its own file, one is refused', async () => {
    await using place = await backend.place()
    const folder = mkdtempSync(join(tmpdir(), 'tfe-keys-'))
    try {
      const ringOf = (name: string) => join(folder, name)
      const instance = async (name: string) => {
        await writeKeyRing(ringOf(name), aRing(1))
        const store = await opened(place, { ring: aRing(1), ringFrom: `file:${ringOf(name)}` })
        unwrap(await store.secrets.report({ id: name, name }))
        return store
      }
      await using one = await instance('one')
      await using other = await instance('other')
      unwrap(await one.secrets.put(ADMIN, secret('a', 'a'), 0))
      const made = await Promise.all([one, other].map((store) => store.secrets.makeKey(2)))
      const failures = made.flatMap((it) => (it.ok ? [] : [it.failure]))
      expect(failures).toEqual([
        { kind: 'key-not-made', detail: 'another instance made key 2 at the same moment' },
      ])
      const isFirst = made[0]?.ok === true
      const [winner, loser] = isFirst ? [one, other] : [other, one]
      expect(
        versionsOf(unwrap(await readKeyRing(`file:${ringOf(isFirst ? 'other' : 'one')}`))),
      ).toEqual([1])
      expect(unwrap(await loser.secrets.planEnablingKey(SINCE))).toMatchObject({ version: 3 })
      unwrap(await winner.enforcement.require(ADMIN, RETENTION, 'any'))
      unwrap(await winner.secrets.put(ADMIN, secret('b', 'b'), 0))
      expect(unwrap(await loser.secrets.open('a'))?.secret.toString()).toBe('a')
      // It lacks the key, and does not take one of its own for it.
      expect(unwrapFailure(await loser.secrets.open('b')).kind).toBe('key-missing')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a ring that a key cannot be added to says why, and one that lacks the current key says that', async () => {
    await using place = await backend.place()
    await using none = await opened(place, { ring: aRing() })
    expect(unwrap(await none.secrets.planEnablingKey(SINCE))).toEqual({ kind: 'no-ring' })
    await using store = await opened(place, { ring: aRing(2), ringFrom: 'env:TFE_KEYS' })
    unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
    expect(unwrap(await store.secrets.planEnablingKey(SINCE))).toEqual({
      kind: 'impossible',
      why: 'the key ring is in no file of this machine',
    })
    expect(unwrapFailure(await store.secrets.makeKey(3)).kind).toBe('key-not-made')
    await using behind = await opened(place, { ring: aRing(1), ringFrom: 'file:/no/such/ring' })
    expect(unwrap(await behind.secrets.planEnablingKey(SINCE))).toMatchObject({
      kind: 'impossible',
      why: expect.stringContaining('sealing key 2 is not in'),
    })
  })

  test('a ring that is read again brings new keys, and takes none away', async () => {
    await using place = await backend.place()
    const folder = mkdtempSync(join(tmpdir(), 'tfe-keys-'))
    const path = join(folder, 'tfe.keys')
    try {
      await writeKeyRing(path, aRing(1, 2))
      await using store = await opened(place, { ring: aRing(1), ringFrom: `file:${path}` })
      const held = async () => unwrap(await store.secrets.keyStatus(SINCE)).held
      expect(await held()).toEqual([1])
      expect((await store.secrets.refreshKeys()).ok).toBe(true)
      expect(await held()).toEqual([1, 2])
      await writeKeyRing(path, aRing(3))
      expect((await store.secrets.refreshKeys()).ok).toBe(true)
      expect(await held()).toEqual([1, 2, 3])
      await writeKeyRing(path, { keys: new Map([[1, Buffer.alloc(32, 99)]]) })
      expect((await store.secrets.refreshKeys()).ok).toBe(false)
      writeFileSync(path, 'no ring')
      expect((await store.secrets.refreshKeys()).ok).toBe(false)
      expect(await held()).toEqual([1, 2, 3])
    } finally {
      rmSync(folder, { recursive: true })
    }
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

  test('a store takes a thousand secrets beside that of the program, and none that is larger than one may be', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.secrets.put(ADMIN, secret('a', 'a'), 0))
    unwrap(await store.secrets.put(ADMIN, secret(TICKET_SECRET, 't'), 0))
    const columns = 'key_version, nonce, sealed, version, updated_at'
    await place.damage(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 998)
        insert into secrets (name, ${columns}) select 'more-' || i, ${columns} from secrets, n where name = 'a'`,
    )
    unwrap(await store.secrets.put(ADMIN, secret('last', 'x'), 0))
    expect(unwrapFailure(await store.secrets.put(ADMIN, secret('b', 'b'), 0))).toEqual({
      kind: 'secrets-full',
      limit: 1000,
    })
    // One that is there is replaced, and that of the program is made anew.
    unwrap(await store.secrets.put(ADMIN, secret('a', 'another'), 1))
    unwrap(await store.secrets.remove(ADMIN, TICKET_SECRET, 'any'))
    unwrap(await store.secrets.put(ADMIN, secret(TICKET_SECRET, 't'), 0))
    unwrap(await store.secrets.remove(ADMIN, 'last', 'any'))
    const largest = secret('b', 'x'.repeat(MAX_SECRET_OCTETS))
    const larger = { name: 'b', secret: Buffer.concat([largest.secret, Buffer.from('x')]) }
    expect(unwrapFailure(await store.secrets.put(ADMIN, larger, 0))).toEqual({
      kind: 'secret-too-large',
      limit: MAX_SECRET_OCTETS,
    })
    unwrap(await store.secrets.put(ADMIN, largest, 0))
    expect(unwrap(await store.secrets.open('b'))?.secret.equals(largest.secret)).toBe(true)
  })

  test('an instance says which secrets it takes, and one that is silent or has ended takes none', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using other = await opened(place)
    unwrap(await store.secrets.report({ id: 'a', name: 'tfe-1', secrets: ['own'] }))
    unwrap(await other.secrets.report({ id: 'b', name: 'tfe-2', secrets: ['tls-key', 'front'] }))
    expect(unwrap(await store.secrets.users(SINCE))).toMatchObject([
      { id: 'b', name: 'tfe-2', secrets: ['tls-key', 'front'] },
    ])
    expect(unwrap(await other.secrets.users(SINCE))).toMatchObject([{ id: 'a', secrets: ['own'] }])
    const later = (testClock().now() + 1) as Instant
    expect(unwrap(await store.secrets.users(later))).toEqual([])
    unwrap(await other.secrets.report({ id: 'b', name: 'tfe-2' }))
    expect(unwrap(await store.secrets.users(SINCE))).toEqual([])
    unwrap(await other.secrets.report({ id: 'b', name: 'tfe-2', secrets: ['front'] }))
    unwrap(await other.secrets.deregister('b'))
    expect(unwrap(await store.secrets.users(SINCE))).toEqual([])
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
