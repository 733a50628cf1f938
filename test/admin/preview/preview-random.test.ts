/**
 * The law of previews: what a preview foretells is what the judge answers once the change is made. Random states walk
 * through random changes; each is foretold, made in a real store, read again, compiled and asked with real certificates.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { postgresBackend, sqliteBackend } from '../../support/store/backends.ts'
import { findPostgres } from '../../support/store/postgres.ts'
import { NOT_ASKED, Played, playState, SEED } from './preview-law.ts'
import { STEP_KINDS } from './random-step.ts'

/** The last one puts a revocation list in force by a change. */
const STATES = [...Array(40).keys(), 96]
/** A few of them, in which every change is made. */
const ON_POSTGRES = [3, 10, 17, 24, 31, 38]

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

test(`what a preview foretells of devices and of classes is what they meet after the change (seed ${SEED})`, async () => {
  const played = new Played()
  for (const number of STATES) await playState(sqliteBackend, number, played)
  expect(played.faults.slice(0, 5)).toEqual([])
  // The cases are not idle: every change that is previewed is among them, and so is all that a preview says it does not ask.
  const rare = [...STEP_KINDS, ...NOT_ASKED, 'refused'].filter((what) => played.seen(what) < 3)
  expect(rare).toEqual([])
  expect(played.seen('altered')).toBeGreaterThan(3000)
  const others = NOT_ASKED.reduce((sum, what) => sum + played.seen(what), 0)
  expect(others / played.seen('verdicts')).toBeLessThan(0.02)
}, 180_000)

describe.skipIf(postgres.kind === 'missing')('on PostgreSQL', () => {
  const url = postgres.kind === 'found' ? postgres.url : ''

  test(`what a preview foretells is what is met after the change as well (seed ${SEED})`, async () => {
    const played = new Played()
    for (const number of ON_POSTGRES) await playState(postgresBackend(url), number, played)
    expect(played.faults.slice(0, 5)).toEqual([])
    expect(STEP_KINDS.filter((kind) => played.seen(kind) === 0)).toEqual([])
    expect(played.seen('altered')).toBeGreaterThan(1000)
  }, 180_000)
})

if (postgres.kind === 'missing') test.skip(`on PostgreSQL: ${postgres.why}`, () => {})
