/** What a verdict was given by, in words: what was in force, since when, and whose word it is. */
import { enforcementText } from '../../fleet/enforcement-in-force.ts'
import { timestampText } from '../../kernel/time-text.ts'
import { no, note, type Section, type Step } from './account.ts'
import type { DenialFacts, ListFacts, ProcessFacts } from './in-force.ts'
import type { Since, StoreSince } from './since.ts'

/** One section; `since` is undefined where the store does not say, or there is none. */
export function inForceSection(facts: ProcessFacts, since: StoreSince | undefined): Section {
  const { enforcement, settings, denials, lists, approval, snapshot, trustVersion } = facts
  const isStored = enforcement.saidBy === 'latch' || enforcement.saidBy === 'store'
  const number = snapshot === undefined ? [] : [`snapshot ${snapshot} of the process`]
  const revision = since === undefined ? [] : [`revision ${since.revision} of the store`]
  return {
    title: 'What was in force',
    steps: [
      note(enforcementText(enforcement), ...sinceText(isStored ? since?.enforcement : undefined)),
      ...settings.map(({ name, standing }) =>
        note(
          `the enrollment setting ${name} is ${standing}`,
          ...sinceText(since?.settings.get(name)),
        ),
      ),
      ...denials.map((one) => denialStep(one, since)),
      ...lists.map(listStep),
      ...(approval === undefined || since?.approval === undefined
        ? []
        : [note(`the device is ${approval}`, ...sinceText(since.approval))]),
      note([...number, ...revision, `trust version ${trustVersion.slice(0, 16)}`].join(', ')),
    ],
  }
}

function sinceText(since: Since | undefined): readonly string[] {
  if (since?.at === undefined) return []
  return [`since ${timestampText(since.at)}${since.by === undefined ? '' : `, by ${since.by}`}`]
}

function denialStep({ of, value, owner }: DenialFacts, since: StoreSince | undefined): Step {
  const stored = since?.denials.get(`${of}:${value}`)
  const more =
    stored === undefined ? [] : [...sinceText(stored), ...(stored.note === '' ? [] : [stored.note])]
  return no(`the deny list names the ${of} ${value}: ${OWNERS[owner]}`, ...more)
}

const OWNERS: Readonly<Record<DenialFacts['owner'], string>> = {
  distrust: 'it is the key of a distrusted CA',
  file: 'it stands in the configuration file',
  store: 'it stands in the store',
}

const listStep = ({ setting, number, thisUpdate, nextUpdate }: ListFacts): Step =>
  note(
    `the revocation list ${number === undefined ? 'without a number' : number} of ${setting}`,
    `made ${timestampText(thisUpdate)}, the next is due ${timestampText(nextUpdate)}`,
  )
