import { afterAll, describe, test } from 'vitest'
import { findPostgres } from '../support/postgres.ts'
import { storeContract } from './contract.ts'
import { survivesKills } from './killed.ts'
import { postgresBackend } from './place.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

if (postgres.kind === 'found') {
  const backend = postgresBackend(postgres.url)
  storeContract(backend)
  survivesKills(backend)
} else describe.skip(`PostgreSQL (${postgres.why})`, () => test('is a Store'))
