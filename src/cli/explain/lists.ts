/** The revocation lists that a configuration names, read once as the running front end would read them. */
import type { Instant, Millis } from '../../kernel/types.ts'
import { explainList } from '../../revoke/failure.ts'
import type { Attempt } from '../../revoke/keeper.ts'
import { placeOf, Registry } from '../../revoke/registry.ts'
import { ReadLists, revocationPolicy } from '../../state/revocation.ts'
import { watchedIn } from '../../state/watched.ts'
import type { World } from '../../state/world.ts'
import type { Crl } from '../../x509/crl.ts'
import { printName } from '../../x509/print-name.ts'
import { ageText, counted, distanceText, secondText } from '../format-time.ts'
import { no, type Section, type Step, yes } from './report.ts'

/** The world with the lists in force that could be read, and what became of each. */
export async function withLists(
  world: World,
  now: Instant,
): Promise<{ readonly world: World; readonly sections: readonly Section[] }> {
  const watched = watchedIn(world)
  if (watched.length === 0) return { world, sections: [] }
  const read = new ReadLists()
  const steps: Step[] = []
  const registry = new Registry(
    {
      changed: ({ setting, place, crl }) => read.set(setting, place, crl),
      tried: ({ setting, source }, attempt) => {
        steps.push(stepFor(`${setting}: ${placeOf(source)}`, attempt, now))
      },
    },
    SURROUNDINGS,
  )
  await registry.adopt(watched, PATIENCE_MS)
  registry.close()
  const policy = { ...world.policy, revocation: revocationPolicy(world, read) }
  return { world: { ...world, policy }, sections: [{ title: 'Revocation lists', steps }] }
}

function stepFor(where: string, attempt: Attempt, now: Instant): Step {
  switch (attempt.kind) {
    case 'applied':
      return yes(where, ...listText(attempt.crl, now))
    case 'unchanged':
      return yes(where)
    case 'failed': {
      const { sentence, nextStep } = explainList(attempt.why)
      return no(`${where}: ${attempt.why.kind}`, sentence, `next step: ${nextStep}`)
    }
  }
}

/** A list in two lines. */
function listText(
  { issuer, number, thisUpdate, nextUpdate, entries }: Crl,
  now: Instant,
): readonly string[] {
  const numbered = number === undefined ? 'not numbered' : `number ${number}`
  return [
    `by ${printName(issuer)}, ${numbered}, names ${counted(entries.count, 'certificate')}`,
    `made ${secondText(thisUpdate)} (${ageText(thisUpdate, now)}), the next is due ${secondText(nextUpdate)} (${distanceText(nextUpdate, now)})`,
  ]
}

const SURROUNDINGS = {
  clock: { now: () => Date.now() as Instant },
  chance: () => Math.random(),
  after(wait: Millis, run: () => void) {
    const timer = setTimeout(run, wait)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Somebody sits and waits. */
const PATIENCE_MS = 15_000 as Millis
