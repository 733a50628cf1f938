/** The revocation lists that a configuration names, read once as the running front end would read them. */
import { countText } from '../../kernel/count-text.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import { PROCESS_LOOKUPS } from '../../forward/connect/name-lookups.ts'
import { explainCrlFailure } from '../../revoke/crl-failure.ts'
import type { RefreshResult } from '../../revoke/crl-refresher.ts'
import { CrlRegistry } from '../../revoke/registry.ts'
import { LoadedCrls, revocationPolicy } from '../../state/revocation-policy.ts'
import { configuredCrls } from '../../state/revocation-policy.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { placeText } from '../../trust/list-source.ts'
import type { Crl } from '../../x509/crl.ts'
import { printName } from '../../x509/print-name.ts'
import { ageText, relativeDayText } from '../format-time.ts'
import type { ExplainQuery } from './arguments.ts'
import { no, type Section, type Step, yes } from './report.ts'

/** The world with the lists in force that could be read, and what became of each. */
export async function loadCrls(
  compiled: CompiledConfig,
  query: ExplainQuery,
): Promise<{ readonly compiled: CompiledConfig; readonly sections: readonly Section[] }> {
  const watched = configuredCrls(compiled)
  if (watched.length === 0) return { compiled, sections: [] }
  const read = new LoadedCrls()
  const steps: Step[] = []
  const registry = new CrlRegistry(
    {
      changed: ({ setting, place, crls }) => read.set(setting, place, crls),
      taken: () => {},
      attempted: ({ setting, source }, attempt) => {
        steps.push(stepFor(`${setting}: ${placeText(source)}`, attempt, query))
      },
    },
    RUNTIME,
  )
  await registry.add(watched, FETCH_TIMEOUT_MS)
  registry.close()
  const policy = { ...compiled.policy, revocation: revocationPolicy(compiled, read) }
  return { compiled: { ...compiled, policy }, sections: [{ title: 'Revocation lists', steps }] }
}

function stepFor(where: string, attempt: RefreshResult, query: ExplainQuery): Step {
  switch (attempt.kind) {
    case 'applied':
      return yes(where, ...attempt.crls.flatMap((crl) => listText(crl, query)))
    case 'unchanged':
      return yes(where)
    case 'failed': {
      const { sentence, nextStep } = explainCrlFailure(attempt.why)
      return no(`${where}: ${attempt.why.kind}`, sentence, `next step: ${nextStep}`)
    }
  }
}

/** A list in two lines. */
function listText(
  { issuer, number, thisUpdate, nextUpdate, entries }: Crl,
  { at, timeText }: ExplainQuery,
): readonly string[] {
  const numbered = number === undefined ? 'not numbered' : `number ${number}`
  return [
    `by ${printName(issuer)}, ${numbered}, names ${countText(entries.count, 'certificate')}`,
    `made ${timeText(thisUpdate)} (${ageText(thisUpdate, at)}), the next is due ${timeText(nextUpdate)} (${relativeDayText(nextUpdate, at)})`,
  ]
}

const RUNTIME = {
  clock: { now: () => Date.now() as Instant },
  chance: () => Math.random(),
  after(wait: Millis, run: () => void) {
    const timer = setTimeout(run, wait)
    timer.unref()
    return () => clearTimeout(timer)
  },
  lookup: PROCESS_LOOKUPS.lookup,
}

/** A person waits for the answer. */
const FETCH_TIMEOUT_MS = 15_000 as Millis
