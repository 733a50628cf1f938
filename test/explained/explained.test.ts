/** A slice of `npm run test:explained`: two states of a fleet, in which every source says what the devices met. */
import { expect, test } from 'vitest'
import { playState } from './play-state.ts'
import { SOURCES, Tally } from './tally.ts'

const SEED = 20_261_201
const DEVICES = 17

test(`what explanations, a preview and the list say of 34 random devices is what they met (seed ${SEED})`, async () => {
  const tally = new Tally()
  await Promise.all(
    [0, 1].map((state) =>
      playState({ seed: SEED, state, first: state * DEVICES, devices: DEVICES }, tally),
    ),
  )
  expect(tally.differences).toEqual([])
  // Nothing passes by not having been compared.
  expect(tally.missing(false)).toEqual([])
  expect(tally.idle()).toEqual([])
  for (const source of SOURCES) expect(tally.devicesOf(source)).toBeGreaterThan(5)
}, 120_000)
