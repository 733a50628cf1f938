/** The requests of the corpus as inputs of a run. */
import { SeededRandom } from '../support/seeded-random.ts'
import { corpusRows, playsOf } from '../corpora/http1-rows.ts'
import { HOST } from './judge.ts'
import { sendingOf, type Input } from './mutate.ts'

/** Each row in each manner, whole and in pieces; undefined where there is no corpus. */
export function corpusInputs(seed: number): readonly Input[] | undefined {
  return corpusRows()?.flatMap((row, index) =>
    playsOf(row, HOST).flatMap(({ octets }) => [
      { octets, sending: { reads: octets === '' ? [] : [octets], waits: true } },
      { octets, sending: sendingOf(octets, new SeededRandom(seed, index)) },
    ]),
  )
}
