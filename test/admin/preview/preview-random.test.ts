/**
 * The law of previews: what a preview foretells is what the judge answers once the change is made. Random states walk
 * through random changes; each is foretold, made in a real store, read again, compiled and asked with real certificates.
 */
import { expect, test } from 'vitest'
import { sqliteBackend } from '../../support/store/backends.ts'
import { NOT_ASKED, Played, playState, SEED } from './preview-law.ts'
import { STEP_KINDS } from './random-step.ts'

const STATES = 40
test(`what a preview foretells of devices and of classes is what they meet after the change (seed ${SEED})`, async () => {
  const played = new Played()
  for (let number = 0; number < STATES; number += 1) {
    await playState(sqliteBackend, number, played)
  }
  expect(played.faults.slice(0, 5)).toEqual([])
  // The cases are not idle: every change that is previewed is among them, and so is all that a preview says it does not ask.
  const rare = [...STEP_KINDS, ...NOT_ASKED, 'refused'].filter((what) => played.seen(what) < 3)
  expect(rare).toEqual([])
  expect(played.seen('altered')).toBeGreaterThan(3000)
  const others = NOT_ASKED.reduce((sum, what) => sum + played.seen(what), 0)
  expect(others / played.seen('verdicts')).toBeLessThan(0.02)
}, 60_000)
