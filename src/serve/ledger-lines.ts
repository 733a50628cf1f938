/** What the log says of sightings on their way into the store. */
import { explainStore } from '../store/explain.ts'
import type { StoreFailure } from '../store/failure.ts'
import type { SightingWriterEvents } from './store-sync/sighting-writer.ts'
import type { ProcessLogger } from './log.ts'

/** Writes it down. */
export const sightingWriterLog = ({ log }: ProcessLogger): SightingWriterEvents => ({
  storeFailed: (why) => log.error(factsOf(why), 'sightings cannot be written: they wait'),
  storeAnswered: () => log.info({}, 'sightings are written again'),
  dropped: (sightings, error) =>
    log.error({ sightings, err: error }, 'a batch of sightings met a bug and is dropped'),
  unwritten: (sightings, why) => {
    const facts = why === undefined ? {} : factsOf(why)
    log.error({ sightings, ...facts }, 'the last sightings did not reach the store in time')
  },
})

function factsOf(why: StoreFailure): object {
  const { code, sentence, nextStep } = explainStore(why)
  return { code, reason: sentence, next_step: nextStep }
}
