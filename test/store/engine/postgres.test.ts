import { afterAll, describe, expect, test } from 'vitest'
import { explainStore } from '../../../src/store/explain.ts'
import { openStore, readStore, type Store } from '../../../src/store/store.ts'
import { backToSchema } from '../../support/store/older-schema.ts'
import { findPostgres } from '../../support/store/postgres.ts'
import { storeContract } from '../contract.ts'
import { survivesKills } from './kill-durability.ts'
import { aRing, opened, postgresBackend, testClock } from '../../support/store/backends.ts'
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

  test('a store whose copy the database refuses is not upgraded, and the fault says what to grant', async () => {
    await using place = await backend.place()
    await (await opened(place)).close()
    await backToSchema(place, 1)
    const role = `tfe_limited_${process.pid}`
    const { schema = '', url } = place.settings.kind === 'postgres' ? place.settings : { url: '' }
    await place.damage(
      `create role ${role} login`,
      `grant usage, create on schema ${schema} to ${role}`,
      `grant all on all tables in schema ${schema} to ${role}`,
    )
    try {
      const settings = {
        kind: 'postgres',
        url: url.replace('//tfe@', `//${role}@`),
        schema,
      } as const
      const opening = { clock: testClock(), ring: aRing(1), initialSettings: undefined }
      const why = unwrapFailure(await openStore(settings, opening))
      expect(why).toMatchObject({ kind: 'copy-failed', from: 1 })
      expect(explainStore(why).nextStep).toContain('grant create on database')
      const reader = unwrap(await readStore(settings, testClock()))
      expect(reader.schemaFound).toBe(1)
      await reader.close()
      expect(await place.copies()).toEqual([])
    } finally {
      await place.damage(`drop owned by ${role}`, `drop role ${role}`)
    }
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
