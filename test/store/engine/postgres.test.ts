import { afterAll, describe, expect, test } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import { findPostgres } from '../../support/store/postgres.ts'
import { storeContract } from '../contract.ts'
import { survivesKills } from './kill-durability.ts'
import { opened, postgresBackend } from '../../support/store/backends.ts'
import { ADMIN, unwrapFailure, unwrap } from '../../support/store/sightings.ts'

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
    unwrap(await store.documents.put(ADMIN, { name: 'a', body: 1 }, 0))
    expect(await told).toBe(1)
  })

  test('a transaction whose connection the database ends fails as unavailable, and ends nothing else', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    async function* cutOff(): AsyncGenerator<string> {
      yield HEADER
      await place.damage(END_CONNECTIONS)
      yield ROW
    }
    expect(unwrapFailure(await store.transfer.import(ADMIN, cutOff())).kind).toBe(
      'store-unavailable',
    )
    for (let done = await store.documents.list(); !done.ok; done = await store.documents.list());
  })

  test('connections that the database ends are replaced, and hints come again', async () => {
    await using place = await backend.place()
    await using store = await opened(place)
    await using replica = await opened(place)
    const told = watchOnce(replica)
    unwrap(await replica.documents.list())
    await place.damage(END_CONNECTIONS)
    // Questions that meet a connection that is ending are told so; soon there are only fresh ones.
    const failures = new Set<string>()
    const put = () => store.documents.put(ADMIN, { name: 'a', body: 1 }, 'any')
    for (let done = await put(); !done.ok; done = await put()) failures.add(done.failure.kind)
    for (
      let done = await replica.documents.list();
      !done.ok;
      done = await replica.documents.list()
    ) {
      failures.add(done.failure.kind)
    }
    expect([...failures].filter((kind) => kind !== 'store-unavailable')).toEqual([])
    expect(await told).toBeGreaterThan(0)
  })
  // A stranger's machine may have no PostgreSQL: the title says why the contract was not played there. `.ci/run` installs it.
} else describe.skip(`PostgreSQL (${postgres.why})`, () => test('is a Store'))

const END_CONNECTIONS = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'trusted-front-end'`
const HEADER = JSON.stringify({
  format: 'trusted-front-end',
  export: 1,
  schema: 1,
  store: '',
  revision: 0,
})
const ROW = JSON.stringify({ table: 'signed_ids', row: { id: 'a', device: 'b' } })

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
