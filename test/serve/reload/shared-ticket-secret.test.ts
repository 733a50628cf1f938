/** The ticket secret in a store that several hold: real stores, time set by hand. */
import { expect, test } from 'vitest'
import type { ProcessLogger } from '../../../src/serve/log.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import {
  LOCAL_TICKETS,
  SharedTicketSecret,
} from '../../../src/serve/reload/shared-ticket-secret.ts'
import { TICKET_SECRET } from '../../../src/store/secrets/secret-limits.ts'
import type { Line } from '../../support/front-ends/product.ts'
import {
  aRing,
  opened,
  sqliteBackend,
  testClock,
  type OpenStore,
  type TestClock,
} from '../../support/store/backends.ts'
import { ADMIN, unwrap } from '../../support/store/sightings.ts'

const HOUR = 3_600_000

interface Replica {
  readonly share: SharedTicketSecret
  readonly lines: readonly Line[]
}

type Holding = { readonly secrets: Pick<OpenStore['secrets'], 'open' | 'put'> }

function replica(store: Holding, clock: TestClock): Replica {
  const lines: Line[] = []
  const { log }: ProcessLogger = openLogTo(
    { write: (text) => void lines.push(JSON.parse(text) as Line) },
    { level: 'info', requests: true, connections: true },
  )
  return { share: new SharedTicketSecret(store.secrets, log, clock), lines }
}

const begun = async (store: Holding, clock: TestClock) => {
  const one = replica(store, clock)
  return { ...one, first: await one.share.begin() }
}

test('a replica that begins later has the secret of the one that began first, and knows its age', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock })
  const one = await begun(store, clock)
  clock.at += 12 * HOUR - 1
  const other = await begun(store, clock)
  expect(other.first.secret.equals(one.first.secret)).toBe(true)
  expect([one.first.age, other.first.age]).toEqual([0, 12 * HOUR - 1])
  expect([...one.lines, ...other.lines]).toEqual([])
})

test('a secret of twelve hours ago is not used: it is overwritten, and the old one is nowhere', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock })
  const one = await begun(store, clock)
  clock.at += 12 * HOUR
  const other = await begun(store, clock)
  expect(other.first).toMatchObject({ age: 0 })
  expect(other.first.secret.equals(one.first.secret)).toBe(false)
  expect(unwrap(await store.secrets.list())).toMatchObject([{ name: TICKET_SECRET, version: 2 }])
  expect(unwrap(await store.secrets.open(TICKET_SECRET))?.secret).toEqual(other.first.secret)
  expect((await one.share.refresh())?.secret).toEqual(other.first.secret)
})

test('of two that replace it at once one is followed by the other', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock })
  const [one, other] = [await begun(store, clock), await begun(store, clock)]
  clock.at += 12 * HOUR
  const [first, second] = await Promise.all([one.share.replace(), other.share.replace()])
  expect(first.secret.equals(second.secret)).toBe(true)
  expect(first.secret.equals(one.first.secret)).toBe(false)
  expect([await one.share.refresh(), await other.share.refresh()]).toEqual([undefined, undefined])
})

test('what was removed by hand is made anew by one, and taken by the other, though versions begin anew', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock })
  const [one, other] = [await begun(store, clock), await begun(store, clock)]
  clock.at += 1000
  unwrap(await store.secrets.remove(ADMIN, TICKET_SECRET, 'any'))
  const made = await one.share.refresh()
  expect(made?.secret.equals(one.first.secret)).toBe(false)
  expect((await other.share.refresh())?.secret).toEqual(made?.secret)
})

test('who lacks the key warns once and uses its own, and leaves the shared one alone', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock, ring: aRing(1) })
  const one = await begun(store, clock)
  await using without = await opened(place, { clock, ring: aRing(2) })
  const lone = await begun(without, clock)
  const again = await lone.share.replace()
  expect(lone.lines).toMatchObject([
    {
      code: 'key-missing',
      next_step: expect.stringContaining('bring the key ring'),
      msg: 'the ticket secret is not shared: no other instance resumes our sessions',
    },
  ])
  const secrets = [one.first, lone.first, again].map(({ secret }) => secret.toString('hex'))
  expect(new Set(secrets).size).toBe(3)
  expect(unwrap(await store.secrets.open(TICKET_SECRET))?.secret).toEqual(one.first.secret)
  expect(await one.share.refresh()).toBeUndefined()
})

test('who has another key of the same version uses its own, too', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock, ring: aRing(1) })
  const one = await begun(store, clock)
  const wrong = { keys: new Map([[1, Buffer.alloc(32, 9)]]) }
  await using other = await opened(place, { clock, ring: wrong })
  const lone = await begun(other, clock)
  expect(lone.lines).toMatchObject([{ code: 'key-wrong' }])
  expect(unwrap(await store.secrets.open(TICKET_SECRET))?.secret).toEqual(one.first.secret)
})

test('a row that was altered is overwritten by who has the key', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock })
  const one = await begun(store, clock)
  await place.damage(`update secrets set sealed = x'00'`)
  clock.at += 1
  const next = await one.share.refresh()
  expect(next?.secret.equals(one.first.secret)).toBe(false)
  expect(unwrap(await store.secrets.open(TICKET_SECRET))?.secret).toEqual(next?.secret)
})

test('with the store away the secret in use stays until it is due, then its own follows, and with the store it is shared again', async () => {
  await using place = await sqliteBackend.place()
  const clock = testClock()
  await using store = await opened(place, { clock })
  let isAway = false
  const gone = await opened(place, { clock })
  await gone.close()
  const held: Holding['secrets'] = {
    open: (name) => (isAway ? gone : store).secrets.open(name),
    put: (by, what, expected) => (isAway ? gone : store).secrets.put(by, what, expected),
  }
  const one = await begun({ secrets: held }, clock)
  isAway = true
  expect(await one.share.refresh()).toBeUndefined()
  expect(one.lines).toEqual([])
  clock.at += 12 * HOUR
  const own = await one.share.replace()
  expect(own.secret.equals(one.first.secret)).toBe(false)
  expect(one.lines).toMatchObject([{ code: 'store-closed' }])
  isAway = false
  const shared = await one.share.refresh()
  expect(shared).toMatchObject({ age: 0 })
  expect(unwrap(await store.secrets.open(TICKET_SECRET))?.secret).toEqual(shared?.secret)
  expect(one.lines.map(({ msg }) => msg)).toContain('the ticket secret is shared again')
})

test('a process that shares its secret with no replica keeps nothing, and has another secret each time', async () => {
  const [one, other] = [await LOCAL_TICKETS.replace(), await LOCAL_TICKETS.replace()]
  expect(one.secret.equals(other.secret)).toBe(false)
  expect(await LOCAL_TICKETS.refresh()).toBeUndefined()
})
