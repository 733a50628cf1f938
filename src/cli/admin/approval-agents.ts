/** `tfe approval` and `tfe agents`: how devices come to be approved, and the oldest agents that can authenticate. */
import { CLIENT_CLASSES } from '../../fleet/client.ts'
import type { CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { unknownNameText } from '../text-layout.ts'
import { formatFacts, formatTable, type View } from '../table.ts'
import type { CommandContext } from './command-context.ts'
import { confirmPreview, type Preview } from './preview/preview.ts'

const MODEL = '/api/settings/approval-model'
const MINIMUMS = '/api/settings/agent-minimums'

interface ApprovalModelItem {
  readonly model: string
  readonly locked: boolean
  /** 0 as long as it was never chosen here. */
  readonly version: number
}

/** Shows the approval model, and who has set it. */
export const approvalStatus = (context: CommandContext): Promise<CommandResult> =>
  context.show<ApprovalModelItem>(MODEL, ({ model, ...it }, view) =>
    formatFacts(
      [
        ['approval model', model],
        ['set by', setByText(it)],
      ],
      view,
    ),
  )

function setByText({ locked, version }: Pick<ApprovalModelItem, 'locked' | 'version'>): string {
  if (locked) return 'the configuration file: it is changed there'
  return version === 0
    ? 'no administrator yet: this is the default'
    : 'an administrator: `tfe audit --action document.put` says who'
}

/**
 * Chooses the approval model, after saying which devices it would keep out. It is chosen in the version that this was told
 * of: another choice while a person thinks it over makes it stale.
 */
export async function useModel(context: CommandContext): Promise<CommandResult> {
  const body = { model: context.argument(0) }
  const found = await context.get<ApprovalModelItem>(MODEL)
  if (!found.ok) return found.failure
  const path = `${MODEL}/preview`
  const preview = await context.request<Preview>({ method: 'POST', path, body })
  if (!preview.ok) return preview.failure
  const may = await confirmPreview(context, preview.value.body)
  if (may !== true) return may
  return await context.run<ApprovalModelItem>(
    { method: 'PUT', path: MODEL, body, match: found.value.etag },
    ({ model }) => [`the approval model is ${model}; who is approved already stays so`],
  )
}

interface ApprovalChart {
  readonly devices: number
  readonly approval: {
    readonly approved: number
    readonly awaiting: number
    readonly unapproved: number
    readonly blocked: number
  }
}

/** Counts the devices by their approval. */
export const approvalChart = (context: CommandContext): Promise<CommandResult> =>
  context.show<ApprovalChart>('/api/charts', ({ devices, approval }, view) =>
    formatTable(
      ['APPROVAL', 'DEVICES'],
      [
        ['approved', approval.approved],
        ['approved, awaiting next connection', approval.awaiting],
        ['unapproved', approval.unapproved],
        ['blocked', approval.blocked],
        ['all', devices],
      ],
      view,
    ),
  )

interface AgentMinimum {
  readonly class: string
  readonly version: string
}

interface AgentMinimums {
  readonly minimums: readonly AgentMinimum[]
  readonly locked: boolean
  readonly version: number
}

/** Lists the oldest agent of each class. */
export const listAgents = (context: CommandContext): Promise<CommandResult> =>
  context.show<AgentMinimums>(MINIMUMS, ({ minimums, ...it }, view) => [
    ...minimumLines(minimums, view),
    '',
    `set by ${setByText(it)}`,
  ])

const minimumLines = (minimums: readonly AgentMinimum[], view: View): readonly string[] =>
  minimums.length === 0
    ? ['no class has an oldest agent']
    : formatTable(
        ['CLASS', 'OLDEST AGENT'],
        minimums.map((it) => [it.class, it.version]),
        view,
      )

/** Sets the oldest agent of the classes that are named; the rest stays as it is. */
export async function setAgents(context: CommandContext): Promise<CommandResult> {
  const named = new Map<string, string>()
  for (const word of context.takes) {
    const at = word.indexOf('=')
    const [name, version] = [word.slice(0, at), word.slice(at + 1)]
    if (at < 1 || version === '') {
      return `found '${word.slice(0, 60)}', wanted CLASS=VERSION, such as android-maw=10.1`
    }
    const fault = classFault(name)
    if (fault !== undefined) return fault
    if (named.has(name)) return `found ${name} twice, wanted it once`
    named.set(name, version)
  }
  return await changeMinimums(context, (old) => [
    ...old.filter((it) => !named.has(it.class)),
    ...[...named].map(([name, version]) => ({ class: name, version })),
  ])
}

/** Takes the oldest agent of the classes that are named away. */
export function unsetAgents(context: CommandContext): Promise<CommandResult> {
  return changeMinimums(context, (old) => {
    const missing = context.takes.find((name) => !old.some((it) => it.class === name))
    return missing === undefined
      ? old.filter((it) => !context.takes.includes(it.class))
      : `${missing} has no oldest agent: nothing was changed`
  })
}

function classFault(name: string): string | undefined {
  const classes: readonly string[] = CLIENT_CLASSES
  return classes.includes(name)
    ? undefined
    : unknownNameText(`there is no class '${name.slice(0, 60)}'`, name, classes)
}

/** The API takes all of them at once. */
async function changeMinimums(
  context: CommandContext,
  change: (old: readonly AgentMinimum[]) => readonly AgentMinimum[] | string,
): Promise<CommandResult> {
  const found = await context.get<AgentMinimums>(MINIMUMS)
  if (!found.ok) return found.failure
  const minimums = change(found.value.body.minimums)
  if (typeof minimums === 'string') {
    context.printRefusal([minimums, 'next: see `tfe agents list`'])
    return EXIT.no
  }
  const { etag: match } = found.value
  return await context.run(
    { method: 'PUT', path: MINIMUMS, body: { minimums }, match },
    (_, view) => minimumLines(minimums, view),
  )
}
