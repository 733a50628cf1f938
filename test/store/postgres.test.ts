import { afterAll, describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { findPostgres } from '../support/postgres.ts'
import { storeContract } from './contract.ts'
import { survivesKills } from './killed.ts'
import { opened, postgresBackend } from './place.ts'
import { ADMIN, sure } from './sighted.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

if (postgres.kind === 'found') {
  const backend = postgresBackend(postgres.url)
  storeContract(backend)
  survivesKills(backend)

  test('a change of another replica is told without waiting for the poll', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using replica = await opened(place)
    const told = watchOnce(replica)
    sure(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    expect(await told).toBe(1)
  })

  test('connections that the database ends are replaced, and hints come again', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using replica = await opened(place)
    const told = watchOnce(replica)
    sure(await replica.documents.list())
    await place.damage(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'trusted-front-end'`,
    )
    // One question may meet a connection that is ending; it is told so, and the next has a fresh one.
    await replica.documents.list()
    expect(sure(await replica.documents.list())).toEqual([])
    while (!(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 'any')).ok);
    expect(await told).toBeGreaterThan(0)
  })
} else describe.skip(`PostgreSQL (${postgres.why})`, () => test('is a Store'))

/** The next revision that a replica is told of; its poll comes too late to matter. */
function watchOnce(store: Store): Promise<number> {
  return new Promise((resolve) => {
    const stop = store.feed.watch(
      {
        revision(revision) {
          stop()
          resolve(revision)
        },
        trouble: () => {},
      },
      { from: 0, pollEvery: 3_600_000 },
    )
  })
}
