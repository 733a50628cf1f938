/** Waiting for what another process or the store comes to, without a test runner. */
import { setTimeout } from 'node:timers/promises'

/** Asks until the answer fits, and gives it; throws with the last answer when it never does. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  fits: (answer: Answer) => boolean,
): Promise<Answer> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`)
    await setTimeout(POLL_MS)
  }
}

/** Workers start and sightings are written in a fraction of it; a machine may be busy. */
const WITHIN_MS = 30_000
/** The admin API takes so many calls in a minute, and no more. */
const POLL_MS = 100
