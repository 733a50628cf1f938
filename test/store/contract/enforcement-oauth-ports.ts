import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import type { Backend } from '../../support/store/backends.ts'
import { opened, testClock } from '../../support/store/backends.ts'
import {
  aCertificate,
  ADMIN,
  aSighting,
  unwrapFailure,
  SEEN,
  unwrap,
} from '../../support/store/sightings.ts'

const AGENT_SETTINGS = { saveAuthentication: true, saveDecryption: false }
const CLI = { who: 'root', from: 'cli' }

/** The latch, the OAuth endpoints and the ports. */
export function switches(backend: Backend): void {
  test('the latch stays where it was over a restart', async () => {
    await using place = await backend.place()
    const clock = testClock(SEEN)
    {
      await using store = await opened(place, { clock })
      expect(unwrap(await store.enforcement.current()).state).toBe('recording')
      unwrap(await store.enforcement.require(ADMIN, AGENT_SETTINGS, 1))
    }
    await using store = await opened(place, { initialSettings: { enforcement: 'recording' } })
    expect(store.created).toBe(false)
    expect(unwrap(await store.enforcement.current())).toEqual({
      state: 'required',
      since: SEEN,
      ...AGENT_SETTINGS,
      glassBroken: 0,
      version: 2,
    })
  })

  test('the latch is thrown once', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    expect(unwrapFailure(await store.enforcement.require(ADMIN, AGENT_SETTINGS, 9)).kind).toBe(
      'stale',
    )
    unwrap(await store.enforcement.require(ADMIN, AGENT_SETTINGS, 1))
    expect(unwrapFailure(await store.enforcement.require(ADMIN, AGENT_SETTINGS, 'any')).kind).toBe(
      'latched',
    )
    const kept = unwrap(
      await store.enforcement.setRetention(ADMIN, { ...AGENT_SETTINGS, saveDecryption: true }, 2),
    )
    expect(kept).toMatchObject({ state: 'required', saveDecryption: true })
  })

  test.each([
    ['putting it back', `update enforcement set state = 'recording'`],
    ['deleting it', `delete from enforcement`],
    [
      'breaking the glass twice at once',
      `update enforcement set state = 'recording', glass_broken = glass_broken + 2`,
    ],
  ])('the schema holds the latch against %s', async (_how, statement) => {
    await using place = await backend.place()
    await using store = await opened(place, { initialSettings: { enforcement: 'required' } })
    await expect(place.damage(statement)).rejects.toThrow(/latched/)
    expect(unwrap(await store.enforcement.current()).state).toBe('required')
  })

  test('breaking the glass undoes the latch, and the audit trail says so and why', async () => {
    await using place = await backend.place()
    await using store = await opened(place, { initialSettings: { enforcement: 'required' } })
    const after = unwrap(
      await store.enforcement.dangerouslyBreakGlass(CLI, 'no device could check in'),
    )
    expect(after).toMatchObject({ state: 'recording', glassBroken: 1 })
    const [row] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(row).toMatchObject({
      who: 'root',
      action: 'enforcement.break-glass',
      before: { state: 'required' },
      after: { state: 'recording', reason: 'no device could check in' },
    })
    unwrap(await store.enforcement.require(ADMIN, AGENT_SETTINGS, 'any'))
  })

  test('either OAuth endpoint can be disabled and enabled again, never both', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const set = (mutual: 'enabled' | 'disabled', legacy: 'enabled' | 'disabled') =>
      store.oauth.set(ADMIN, { mutual, legacy }, 'any')
    unwrap(await set('enabled', 'disabled'))
    expect(unwrapFailure(await set('disabled', 'disabled')).kind).toBe('oauth-both-disabled')
    unwrap(await set('disabled', 'enabled'))
    expect(unwrap(await store.oauth.current())).toMatchObject({
      mutual: 'disabled',
      legacy: 'enabled',
    })
    const stale = await store.oauth.set(ADMIN, { mutual: 'enabled', legacy: 'enabled' }, 1)
    expect(unwrapFailure(stale).kind).toBe('stale')
  })

  test('a port is not closed while a device is pending, unless forced', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const closing = { expected: 0, force: false, listener: 'sync', since: SEEN } as const
    const pending = aSighting(aCertificate('a'), { migration: 'pending' })
    unwrap(await store.sightings.record([pending]))
    expect(unwrapFailure(await store.ports.close(ADMIN, 'sync', closing))).toEqual({
      kind: 'devices-pending',
      pending: 1,
      unidentified: 0,
    })
    expect(unwrap(await store.ports.blockers('sync', SEEN))).toEqual({
      pending: 1,
      unidentified: 0,
    })
    unwrap(await store.ports.close(ADMIN, 'sync', { ...closing, force: true, over: ['a device'] }))
    const [row] = unwrap(await store.audit.list({ limit: 1 })).items
    expect(row).toMatchObject({ action: 'port.close', after: { forced: true, over: ['a device'] } })
    expect(unwrap(await store.ports.list())).toMatchObject([
      { name: 'sync', state: 'closed', forced: true },
    ])
    unwrap(await store.ports.open(ADMIN, 'sync', 1))
    unwrap(await store.sightings.record([{ ...pending, migration: 'success' }]))
    expect(unwrapFailure(await store.ports.close(ADMIN, 'sync', closing)).kind).toBe('stale')
    unwrap(await store.ports.close(ADMIN, 'sync', { ...closing, expected: 2 }))
  })

  test('a port is not closed while an unknown device calls it', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    const exchange = { address: '192.0.2.1', connections: 1, octetsIn: 1, octetsOut: 1 }
    unwrap(await store.sightings.record([aSighting(undefined, { listener: 'sync', exchange })]))
    const closing = { expected: 'any', force: false, listener: 'sync', since: SEEN } as const
    expect(unwrapFailure(await store.ports.close(ADMIN, 'sync', closing))).toMatchObject({
      unidentified: 1,
    })
    expect(unwrap(await store.ports.blockers('sync', SEEN)).unidentified).toBe(1)
    expect(unwrap(await store.ports.blockers('elsewhere', SEEN)).unidentified).toBe(0)
    const since = (SEEN + 1) as Instant
    unwrap(await store.ports.close(ADMIN, 'sync', { ...closing, since }))
  })
}
