import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Backend } from '../place.ts'
import { opened } from '../place.ts'
import { ADMIN, aKey, DAY, hex, refused, SEEN, sure } from '../sighted.ts'

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
  sure(await store.admins.create(CLI, admin('alice')))
}

/** Who may use the office. */
export function administrators(backend: Backend): void {
  test('two administrators share neither name nor certificate', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    sure(await store.admins.create(CLI, { ...admin('alice'), certificateKey: aKey('card') }))
    expect(refused(await store.admins.create(CLI, admin('alice'))).kind).toBe('already-exists')
    const bob = { ...admin('bob'), certificateKey: aKey('card') }
    expect(refused(await store.admins.create(CLI, bob)).kind).toBe('already-exists')
    expect(sure(await store.admins.findByKey(aKey('card')))?.name).toBe('alice')
    expect(sure(await store.admins.findByKey(aKey('other')))).toBeUndefined()
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
    sure(await store.admins.create(CLI, admin('viewer', 'viewer')))
    expect(refused(await change(store)).kind).toBe('last-administrator')
    expect(refused(await store.admins.remove(ADMIN, 'alice', 'any')).kind).toBe(
      'last-administrator',
    )
    sure(await store.admins.create(CLI, admin('bob')))
    sure(await change(store))
  })

  test('an administrator who has nothing to sign in with does not stand in for the last one', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const ghost = { ...admin('ghost'), passwordHash: undefined }
    sure(await store.admins.create(CLI, ghost))
    const disabled = { expected: 'any', change: { disabled: true } } as const
    const refusal = { kind: 'last-administrator', name: 'alice' }
    expect(refused(await store.admins.remove(ADMIN, 'alice', 'any'))).toEqual(refusal)
    expect(refused(await store.admins.change(ADMIN, 'alice', disabled))).toEqual(refusal)
    const bare = { expected: 'any', change: { passwordHash: undefined } } as const
    expect(refused(await store.admins.change(ADMIN, 'alice', bare))).toEqual(refusal)
    sure(
      await store.credentials.createToken(CLI, {
        ...token('1'),
        admin: 'ghost',
        role: 'administrator',
      }),
    )
    sure(await store.admins.change(ADMIN, 'alice', disabled))
  })

  test.each([
    ['a token that does less', { role: 'operator' as const }],
    ['a token that has expired', { expiresAt: SEEN }],
  ])('%s does not stand in for the last administrator', async (_what, facts) => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    sure(await store.admins.create(CLI, { ...admin('ghost'), passwordHash: undefined }))
    const given = { ...token('1'), admin: 'ghost', role: 'administrator' as const, ...facts }
    sure(await store.credentials.createToken(CLI, given))
    expect(refused(await store.admins.remove(ADMIN, 'alice', 'any')).kind).toBe(
      'last-administrator',
    )
  })

  test('nobody takes over the certificate key of another administrator', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    sure(await store.admins.create(CLI, { ...admin('alice'), certificateKey: aKey('card') }))
    sure(await store.admins.create(CLI, admin('bob')))
    const change = { certificateKey: aKey('card') }
    expect(refused(await store.admins.change(ADMIN, 'bob', { expected: 'any', change }))).toEqual({
      kind: 'already-exists',
      what: 'administrator',
      key: 'alice',
    })
    sure(await store.admins.change(ADMIN, 'alice', { expected: 'any', change }))
  })

  test('the audit trail never holds a password hash', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const change = { passwordHash: '$argon2id$other' }
    sure(await store.admins.change(ADMIN, 'alice', { expected: 1, change }))
    expect(JSON.stringify(sure(await store.audit.list({ limit: 9 })))).not.toContain('argon2id$')
  })

  test('a changed administrator has no session left', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    const session = { hash: hex('s'), admin: 'alice', expiresAt: (SEEN + DAY) as Instant }
    sure(await store.credentials.beginSession(ADMIN, session))
    expect(sure(await store.credentials.findSession(hex('s')))?.admin.name).toBe('alice')
    sure(await store.admins.change(ADMIN, 'alice', { expected: 1, change: { passwordHash: 'x' } }))
    expect(sure(await store.credentials.findSession(hex('s')))).toBeUndefined()
  })

  test('tokens are found by their hash, revoked, and gone with their administrator', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await withAlice(store)
    sure(await store.admins.create(CLI, admin('bob')))
    const one = sure(await store.credentials.createToken(ADMIN, token('one')))
    sure(await store.credentials.createToken(ADMIN, token('two')))
    expect(sure(await store.credentials.findToken(hex('one')))?.token.id).toBe(one.id)
    sure(await store.credentials.noteUse(new Map([[one.id, SEEN]])))
    sure(await store.credentials.noteUse(new Map([[one.id, (SEEN - 1) as Instant]])))
    expect(sure(await store.credentials.findToken(hex('one')))?.token.lastUsedAt).toBe(SEEN)
    sure(await store.credentials.revokeToken(ADMIN, one.id))
    expect(sure(await store.credentials.findToken(hex('one')))).toBeUndefined()
    expect(refused(await store.credentials.revokeToken(ADMIN, one.id)).kind).toBe('not-found')
    sure(await store.admins.remove(ADMIN, 'alice', 'any'))
    expect(sure(await store.credentials.findToken(hex('two')))).toBeUndefined()
    const orphan = { ...token('three'), admin: 'nobody' }
    expect(refused(await store.credentials.createToken(ADMIN, orphan)).kind).toBe('not-found')
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
    sure(await store.credentials.beginSession(ADMIN, session('a', SEEN)))
    sure(await store.credentials.beginSession(ADMIN, session('b', SEEN + 1)))
    expect(sure(await store.credentials.sweep((SEEN + 1) as Instant))).toEqual({ sessions: 1 })
    expect(sure(await store.credentials.findSession(hex('a')))).toBeUndefined()
    expect(sure(await store.credentials.findSession(hex('b')))).toBeDefined()
    sure(await store.credentials.endSession(ADMIN, hex('b')))
    expect(sure(await store.credentials.findSession(hex('b')))).toBeUndefined()
  })
}
