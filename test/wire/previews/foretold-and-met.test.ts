/**
 * The law of previews on the wire: what a preview over the admin API foretells is what requests of each device meet over
 * real TLS once the change is made over the admin API, in random states of a small fleet behind a real front end.
 */
import { expect, test } from 'vitest'
import { CHANGES } from './random-change.ts'
import { playOnWire, SEED, STATES } from './wire-law.ts'

test(`what a preview over the admin API foretells is what devices meet on the wire after the change (seed ${SEED})`, async () => {
  const played = await Promise.all(
    Array.from({ length: STATES }, (_, number) => playOnWire(number)),
  )
  expect(played.flatMap(({ faults }) => faults).slice(0, 5)).toEqual([])
  // The cases are not idle.
  const made = new Set(played.flatMap((state) => state.made))
  expect(CHANGES.filter((kind) => !made.has(kind))).toEqual([])
  expect(played.reduce((sum, { altered }) => sum + altered, 0)).toBeGreaterThan(150)
  expect(played.reduce((sum, { refused }) => sum + refused, 0)).toBeGreaterThan(5)
}, 180_000)
