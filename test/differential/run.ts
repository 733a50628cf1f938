/**
 * `npm run test:differential`: the corpora and 100,000 mutations through our path and Node's.
 *   npm run test:differential -- --inputs 20000 --seed 7
 *   npm run test:differential -- --seed 7 --first 4711 --inputs 1
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { campaign, summary, type Tally } from './campaign.ts'
import { corpusInputs } from './corpus-inputs.ts'
import { inputOf } from './mutate.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
  },
})
const [seed, first, count] = [values.seed, values.first, values.inputs].map(Number)
if (![seed, first, count].every((one) => Number.isSafeInteger(one))) {
  console.error('wanted whole numbers for --inputs, --seed and --first')
  process.exit(2)
}

console.log(`seed ${seed}, mutations ${first} to ${(first ?? 0) + (count ?? 0) - 1}`)
const started = performance.now()
const rows = corpusInputs(seed ?? 1)
if (rows === undefined) console.log('no corpus: TFE_VECTORS names no folder that has it')
const corpus = await campaign({
  count: rows?.length ?? 0,
  input: (number) => rows?.[number] ?? inputOf(seed ?? 1, number),
})
tell('corpus', corpus)
const mutations = await campaign({
  count: count ?? 0,
  input: (number) => inputOf(seed ?? 1, (first ?? 0) + number),
  progress: (tally) => tell('so far', tally),
})
tell('mutations', mutations)
// Clients of undici whose connections are in memory keep nothing that has to be waited for.
process.exit(corpus.differing + mutations.differing === 0 ? 0 : 1)

function tell(what: string, tally: Tally): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`${what} after ${seconds} s: ${summary(tally)}`)
  if (what !== 'so far') for (const fault of tally.faults) console.log(`  ${fault}`)
}
