import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened } from '../../support/store/backends.ts'
import {
  ADMIN,
  aKey,
  DAY,
  hex,
  unwrapFailure,
  SEEN,
  unwrap,
} from '../../support/store/sightings.ts'

const CLI = { who: 'root', from: 'cli' }
const admin = (name: string, role: 'viewer' | 'administrator' = 'administrator') => ({
  name,
  role,
  passwordHash: '$argon2id$…',
  certificateKey: undefined,
})
const token = (hash: string) => ({
  hash: hex(hash),
  admin: 'alice',
  role: 'viewer' as const,
  label: 'ci',
  expiresAt: (SEEN + DAY) as Instant,
})

async function withAlice(store: Store): Promise<void> {
  unwrap(await store.admins.create(CLI, admin('alice')))
}

/** Who may use the office. */
export function administrators(backend: Backend): void {
  test('two administrators share neither name nor certificate', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.admins.create(CLI, { ...admin('alice'), certificateKey: aKey('card') }))
    expect(unwrapFailure(await store.admins.create(CLI, admin('alice'))).kind).toBe(
      'already-exists',
    )
    const bob = { ...admin('bob'), certificateKey: aKey('card') }
    expect(unwrapFailure(await store.admins.create(CLI, bob)).kind).toBe('already-exists')
    expect(unwrap(await store.admins.findByKey(aKey('card')))?.name).toBe('alice')
    expect(unwrap(await store.admins.findByKey(aKey('other')))).toBeUndefined()
  })

  test.each<[string, (store: Store) => Promise<Awaited<ReturnType<Store['admins']['change']>>>]>([
    [
      'made a viewer',
      (store) =>
        store.admins.change(ADMIN, 'alice', { expected: 'any', change: { role: 'viewer' } }),
    ],
    [
      'disabled',
      (store) =>
        store.admins.change(ADMIN, 'alice', { expected: 'any', change: { disabled: true } }),
    ],
  ])('the last administrator is not %s', async (_how, change) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    unwrap(await store.admins.create(CLI, admin('viewer', 'viewer')))
    expect(unwrapFailure(await change(store)).kind).toBe('last-administrator')
    expect(unwrapFailure(await store.admins.remove(ADMIN, 'alice', 'any')).kind).toBe(
      'last-administrator',
    )
    unwrap(await store.admins.create(CLI, admin('bob')))
    unwrap(await change(store))
  })

  test('an administrator who has nothing to sign in with does not stand in for the last one', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const ghost = { ...admin('ghost'), passwordHash: undefined }
    unwrap(await store.admins.create(CLI, ghost))
    const disabled = { expected: 'any', change: { disabled: true } } as const
    const refusal = { kind: 'last-administrator', name: 'alice' }
    expect(unwrapFailure(await store.admins.remove(ADMIN, 'alice', 'any'))).toEqual(refusal)
    expect(unwrapFailure(await store.admins.change(ADMIN, 'alice', disabled))).toEqual(refusal)
    const bare = { expected: 'any', change: { passwordHash: undefined } } as const
    expect(unwrapFailure(await store.admins.change(ADMIN, 'alice', bare))).toEqual(refusal)
    unwrap(
      await store.credentials.createToken(CLI, {
        ...token('1'),
        admin: 'ghost',
        role: 'administrator',
      }),
    )
    unwrap(await store.admins.change(ADMIN, 'alice', disabled))
  })

  test.each([
    ['a token that does less', { role: 'operator' as const }],
    ['a token that has expired', { expiresAt: SEEN }],
  ])('%s does not stand in for the last administrator', async (_what, facts) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    unwrap(await store.admins.create(CLI, { ...admin('ghost'), passwordHash: undefined }))
    const given = { ...token('1'), admin: 'ghost', role: 'administrator' as const, ...facts }
    unwrap(await store.credentials.createToken(CLI, given))
    expect(unwrapFailure(await store.admins.remove(ADMIN, 'alice', 'any')).kind).toBe(
      'last-administrator',
    )
  })

  test('no administrator takes over the certificate key of another', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    unwrap(await store.admins.create(CLI, { ...admin('alice'), certificateKey: aKey('card') }))
    unwrap(await store.admins.create(CLI, admin('bob')))
    const change = { certificateKey: aKey('card') }
    expect(
      unwrapFailure(await store.admins.change(ADMIN, 'bob', { expected: 'any', change })),
    ).toEqual({
      kind: 'already-exists',
      what: 'administrator',
      key: 'alice',
    })
    unwrap(await store.admins.change(ADMIN, 'alice', { expected: 'any', change }))
  })

  test('the audit trail never holds a password hash', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const change = { passwordHash: '$argon2id$other' }
    unwrap(await store.admins.change(ADMIN, 'alice', { expected: 1, change }))
    expect(JSON.stringify(unwrap(await store.audit.list({ limit: 9 })))).not.toContain('argon2id$')
  })

  test('a changed administrator has no session left', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const session = { hash: hex('s'), admin: 'alice', expiresAt: (SEEN + DAY) as Instant }
    unwrap(await store.credentials.beginSession(ADMIN, session))
    expect(unwrap(await store.credentials.findSession(hex('s')))?.admin.name).toBe('alice')
    unwrap(
      await store.admins.change(ADMIN, 'alice', { expected: 1, change: { passwordHash: 'x' } }),
    )
    expect(unwrap(await store.credentials.findSession(hex('s')))).toBeUndefined()
  })

  test('tokens are found by their hash, revoked, and gone with their administrator', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    unwrap(await store.admins.create(CLI, admin('bob')))
    const one = unwrap(await store.credentials.createToken(ADMIN, token('one')))
    unwrap(await store.credentials.createToken(ADMIN, token('two')))
    expect(unwrap(await store.credentials.findToken(hex('one')))?.token.id).toBe(one.id)
    unwrap(await store.credentials.recordUse(new Map([[one.id, SEEN]])))
    unwrap(await store.credentials.recordUse(new Map([[one.id, (SEEN - 1) as Instant]])))
    expect(unwrap(await store.credentials.findToken(hex('one')))?.token.lastUsedAt).toBe(SEEN)
    unwrap(await store.credentials.revokeToken(ADMIN, one.id))
    expect(unwrap(await store.credentials.findToken(hex('one')))).toBeUndefined()
    expect(unwrapFailure(await store.credentials.revokeToken(ADMIN, one.id)).kind).toBe('not-found')
    unwrap(await store.admins.remove(ADMIN, 'alice', 'any'))
    expect(unwrap(await store.credentials.findToken(hex('two')))).toBeUndefined()
    const orphan = { ...token('three'), admin: 'missing' }
    expect(unwrapFailure(await store.credentials.createToken(ADMIN, orphan)).kind).toBe('not-found')
  })

  test('a session ends when it is ended or swept', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const session = (hash: string, expiresAt: number) => ({
      hash: hex(hash),
      admin: 'alice',
      expiresAt: expiresAt as Instant,
    })
    unwrap(await store.credentials.beginSession(ADMIN, session('a', SEEN)))
    unwrap(await store.credentials.beginSession(ADMIN, session('b', SEEN + 1)))
    expect(unwrap(await store.credentials.deleteExpiredSessions((SEEN + 1) as Instant))).toEqual({
      sessions: 1,
    })
    expect(unwrap(await store.credentials.findSession(hex('a')))).toBeUndefined()
    expect(unwrap(await store.credentials.findSession(hex('b')))).toBeDefined()
    unwrap(await store.credentials.endSession(ADMIN, hex('b')))
    expect(unwrap(await store.credentials.findSession(hex('b')))).toBeUndefined()
  })
}
