import { afterAll, describe, test } from 'vitest'
import { findPostgres } from '../support/postgres.ts'
import { storeContract } from './contract.ts'
import { postgresBackend } from './place.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

if (postgres.kind === 'found') storeContract(postgresBackend(postgres.url))
else describe.skip(`PostgreSQL (${postgres.why})`, () => test('is a Store'))
