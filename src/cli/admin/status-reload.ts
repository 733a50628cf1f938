/** `tfe status`, `tfe reload` and `tfe config diff`: how a running front end is, and its configuration. */
import { countText } from '../../kernel/count-text.ts'
import type { DifferenceItem } from '../../state/difference-item.ts'
import { differenceLines } from '../difference-text.ts'
import type { CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { enforcementText, type EnforcementInForce } from '../../fleet/enforcement-in-force.ts'
import { faultLine } from '../load-configuration.ts'
import { formatFacts, sentenceText, timeCell, type View } from '../table.ts'
import type { CommandContext } from './command-context.ts'

interface Status {
  readonly version: string
  readonly now: string
  readonly store: {
    readonly where: string
    readonly revision: number | null
    readonly trouble: { readonly code: string; text: string; readonly next_step: string } | null
  }
  readonly snapshot: { readonly built: string; readonly behind: number | null }
  readonly enforcement: EnforcementStatus
  readonly differences: number
  readonly held: number
  readonly locked: readonly string[]
  readonly ending: boolean
  readonly refused_content: readonly string[]
}

interface EnforcementStatus {
  readonly state: EnforcementInForce['state']
  readonly said_by: EnforcementInForce['saidBy']
}

interface Session {
  readonly name: string
  readonly role: string
  readonly by: string
}

/** Prints how the front end and its store are, and who calls; a store in trouble is exit code 1. */
export async function status(context: CommandContext): Promise<CommandResult> {
  const found = await context.get<Status>('/api/status')
  if (!found.ok) return found.failure
  const session = await context.get<Session>('/api/session')
  if (!session.ok) return session.failure
  const { body } = found.value
  const { trouble } = body.store
  const lines = statusLines(body, session.value.body, context.view)
  context.print({ ...body, session: session.value.body }, lines)
  if (trouble === null) return EXIT.ok
  context.printRefusal([
    sentenceText(`the store is in trouble: ${trouble.text} (${trouble.code})`, context.view),
    sentenceText(`next: ${trouble.next_step}`, context.view),
  ])
  return EXIT.no
}

function statusLines(it: Status, { name, role, by }: Session, view: View): readonly string[] {
  const { state, said_by: saidBy } = it.enforcement
  return formatFacts(
    [
      ['version', it.version],
      ['clock', timeCell(it.now)],
      ['store', it.store.where],
      ['store revision', it.store.revision ?? 'unknown: the store does not answer'],
      ['in force since', timeCell(it.snapshot.built)],
      ['not in force yet', behindText(it.snapshot.behind)],
      ['enforcement', enforcementText({ state, saidBy })],
      ['file and store', differencesText(it)],
      [
        'set by the file',
        it.locked.length === 0 ? 'nothing that is administered' : it.locked.join(', '),
      ],
      ...(it.ending ? [['ending', ENDING] as const] : []),
      ...it.refused_content.map((why): readonly [string, string] => ['content refused', why]),
      ['you are', `${name}, ${role}, by ${by}`],
    ],
    view,
  )
}

const ENDING = 'announced: it is not ready any more, and serves until its ports are closed'

function differencesText({ differences, held }: Status): string {
  if (differences === 0) return 'say the same'
  const all = countText(differences, 'difference')
  return held === 0 ? all : `${all}, ${held} of them stricter in the file and in force unstored`
}

const behindText = (behind: number | null): string => {
  if (behind === null) return 'unknown'
  return behind === 0 ? 'nothing' : countText(behind, 'change')
}

interface Fault {
  readonly at: string
  readonly message: string
}

interface Reloaded {
  readonly outcome: 'applied' | 'refused' | 'unchanged'
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

/** Has the front end read its configuration again; a refusal is exit code 1. */
export async function reload(context: CommandContext): Promise<CommandResult> {
  const response = await context.request<Reloaded>({ method: 'POST', path: '/api/reload' })
  if (!response.ok) return response.failure
  const { body } = response.value
  context.print(body, [
    OUTCOMES[body.outcome],
    ...body.warnings.map((it) => sentenceText(`warning: ${faultLine(it)}`, context.view)),
  ])
  if (body.outcome !== 'refused') return EXIT.ok
  for (const fault of body.faults) {
    context.terminal.err(`${sentenceText(faultLine(fault), context.view)}\n`)
  }
  return EXIT.no
}

const OUTCOMES: Readonly<Record<Reloaded['outcome'], string>> = {
  applied: 'applied: the configuration is in force',
  unchanged: 'unchanged: the configuration says what is in force already',
  refused: 'refused: the previous configuration stays in force',
}

/** Prints each difference between file and store with its command; any is exit code 1. */
export async function configDiff(context: CommandContext): Promise<CommandResult> {
  const found = await context.get<{ readonly items: readonly DifferenceItem[] }>(
    '/api/configuration/differences',
  )
  if (!found.ok) return found.failure
  const { items } = found.value.body
  context.print(found.value.body, differenceLines(items))
  return items.length === 0 ? EXIT.ok : EXIT.no
}
