/**
 * Our path and Node's, which it took the place of, make the same of the same octets. Both are in memory, so that nothing here
 * depends on time. The whole run is `npm run test:differential`.
 */
import { expect, test } from 'vitest'
import { campaign, summary, type Campaign } from './campaign.ts'
import { corpusInputs } from './corpus-inputs.ts'
import { inputOf } from './mutate.ts'
import { PLANTED } from './planted.ts'
import { SHAPES } from './shapes.ts'

const SEED = 20_261_201
/** A fifth of the whole run: some ten seconds where nothing else runs. */
const MUTATIONS = 20_000
/** Each planted fault shows in some hundred inputs at most. */
const CONTROL = 4000
/** Ends what hangs, on however busy a machine. */
const PATIENCE = { timeout: 900_000 }

const mutations: Campaign = {
  count: MUTATIONS,
  input: (number) => inputOf(SEED, number),
  progress: (tally) => console.log(`so far ${summary(tally)}`),
}

test('every shape of a request is the same by both paths', async () => {
  const octets = Object.values(SHAPES)
  const tally = await campaign({
    count: octets.length,
    input: (number) => ({
      octets: octets[number] ?? '',
      sending: { reads: (octets[number] ?? '').split(''), waits: true },
    }),
  })
  expect(tally.faults).toEqual([])
  expect([...tally.classes]).toEqual([])
})

test(
  'mutated requests have the same verdict and the same octets upstream, but for what is argued',
  PATIENCE,
  async () => {
    const tally = await campaign(mutations)
    console.log(`seed ${SEED}: ${summary(tally)}`)
    expect(tally.faults).toEqual([])
    expect(tally.inputs).toBe(MUTATIONS)
  },
)

const rows = corpusInputs(SEED)
test.skipIf(rows === undefined)(
  'requests of the corpus have the same verdict and the same octets upstream (TFE_VECTORS has to name its folder)',
  PATIENCE,
  async () => {
    const all = rows ?? []
    const tally = await campaign({
      count: all.length,
      input: (number) => all[number] ?? inputOf(SEED, 0),
    })
    console.log(`corpus: ${summary(tally)}`)
    expect(tally.faults).toEqual([])
  },
)

for (const [fault, path] of Object.entries(PLANTED)) {
  test(`a path that ${fault} is found by the same run`, PATIENCE, async () => {
    const { faults } = await campaign({ ...mutations, count: CONTROL, path: path() })
    expect(faults).not.toEqual([])
  })
}
