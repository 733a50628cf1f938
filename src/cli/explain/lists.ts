/**
 * The revocation lists that a configuration names, read once as a start would read them: those that the store keeps, and
 * what is found where they are published.
 */
import { countText } from '../../kernel/count-text.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import { PROCESS_LOOKUPS } from '../../forward/connect/name-lookups.ts'
import { explainCrlFailure } from '../../revoke/crl-failure.ts'
import type { RefreshResult } from '../../revoke/crl-refresher.ts'
import { CrlRegistry, type KeptCrls } from '../../revoke/registry.ts'
import { LoadedCrls, revocationPolicy } from '../../state/revocation-policy.ts'
import { configuredCrls } from '../../state/revocation-policy.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { placeOf, placeText } from '../../trust/list-source.ts'
import type { Crl } from '../../x509/crl.ts'
import { printName } from '../../x509/print-name.ts'
import { no, note, type Section, type Step, yes } from '../../state/explain/account.ts'
import { ageText, relativeDayText, timestampText } from '../../kernel/time-text.ts'

/** The configuration with the lists in force that could be read, and what became of each. */
export async function loadCrls(
  compiled: CompiledConfig,
  kept: readonly KeptCrls[],
  at: Instant,
): Promise<{ readonly compiled: CompiledConfig; readonly sections: readonly Section[] }> {
  const watched = configuredCrls(compiled)
  if (watched.length === 0) return { compiled, sections: [] }
  const read = new LoadedCrls()
  const steps: Step[] = [
    note('read here and now: a front end that serves may hold others until it asks again'),
  ]
  const keptIn = (setting: string, place: string): readonly Crl[] =>
    kept.find((one) => one.setting === setting && one.place === place)?.crls ?? []
  for (const { setting, place, crls } of kept) read.set(setting, place, crls)
  const registry = new CrlRegistry(
    {
      // Of two that follow each other the newer one counts, wherever it is from.
      changed: ({ setting, place, crls }) =>
        read.set(setting, place, [...crls, ...keptIn(setting, place)]),
      taken: () => {},
      attempted: ({ setting, source }, attempt) => {
        steps.push(stepFor(`${setting}: ${placeText(source)}`, attempt, at))
        const crls = keptIn(setting, placeOf(source))
        if (attempt.kind === 'failed' && crls.length > 0) {
          steps.push(
            note(
              `${setting}: the store keeps what was in force there last`,
              ...crls.flatMap((crl) => listText(crl, at)),
            ),
          )
        }
      },
    },
    RUNTIME,
  )
  await registry.add(watched, FETCH_TIMEOUT_MS)
  registry.close()
  const policy = { ...compiled.policy, revocation: revocationPolicy(compiled, read) }
  return { compiled: { ...compiled, policy }, sections: [{ title: 'Revocation lists', steps }] }
}

function stepFor(where: string, attempt: RefreshResult, at: Instant): Step {
  switch (attempt.kind) {
    case 'applied':
      return yes(where, ...attempt.crls.flatMap((crl) => listText(crl, at)))
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
  at: Instant,
): readonly string[] {
  const numbered = number === undefined ? 'not numbered' : `number ${number}`
  return [
    `by ${printName(issuer)}, ${numbered}, names ${countText(entries.count, 'certificate')}`,
    `made ${timestampText(thisUpdate)} (${ageText(thisUpdate, at)}), the next is due ${timestampText(nextUpdate)} (${relativeDayText(nextUpdate, at)})`,
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
